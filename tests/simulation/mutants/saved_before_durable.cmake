# A worker says that it saved all, while parts are not durable.
set(FILE worker_books.cpp)
set(BEFORE [=[if (writing_ || !committing_.empty()) return;]=])
set(AFTER [=[if (writing_) return;]=])
