# A worker goes on holding runs that are not in the cover.
set(FILE worker_books.cpp)
set(BEFORE [=[for (const RunId& id : dropped.runs) held_.erase(id);]=])
set(AFTER [=[]=])
