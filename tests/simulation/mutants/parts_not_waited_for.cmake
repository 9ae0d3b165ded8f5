# A worker answers for the next generation while parts of the last one are not durable.
set(FILE worker_books.cpp)
set(BEFORE [=[if (!committing_.empty()) return;]=])
set(AFTER [=[]=])
