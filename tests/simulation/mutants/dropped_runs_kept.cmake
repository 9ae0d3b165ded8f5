# A worker goes on holding runs that are not in the cover.
set(FILE worker_books.cpp)
set(BEFORE [=[    held_.erase(id);
    unsaved_.erase(id);]=])
set(AFTER [=[]=])
