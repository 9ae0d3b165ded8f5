# A wave that is to be reduced twice is.
set(FILE worker_books.cpp)
set(BEFORE [=[wave.wave < next_reduce_ || ]=])
set(AFTER [=[]=])
