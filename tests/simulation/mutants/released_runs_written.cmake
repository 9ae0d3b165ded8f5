# A run whose slices were given up in part is written to a file.
set(FILE worker_books.cpp)
set(BEFORE [=[unsaved_.clear();  // a run that was released in part is not worth a file]=])
set(AFTER [=[]=])
