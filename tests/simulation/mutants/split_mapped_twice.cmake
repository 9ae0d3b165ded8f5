# An assignment that comes twice is mapped twice.
set(FILE worker_books.cpp)
set(BEFORE [=[if (!asked) early_splits_]=])
set(AFTER [=[early_splits_]=])
