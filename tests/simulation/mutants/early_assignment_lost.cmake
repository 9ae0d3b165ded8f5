# An assignment that overtakes its KeepRuns is dropped instead of kept for later.
set(FILE worker_books.cpp)
set(BEFORE [=[if (task.generation < generation_) return;]=])
set(AFTER [=[if (task.generation != generation_ || mustering_ || awaiting_keep_) return;]=])
