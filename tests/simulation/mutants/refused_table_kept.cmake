# The books keep what was in a table that was given up.
set(FILE worker_books.cpp)
set(BEFORE [=[    open_.clear();
    table_full_ = false;
    careful_ = true;]=])
set(AFTER [=[    table_full_ = false;
    careful_ = true;]=])
