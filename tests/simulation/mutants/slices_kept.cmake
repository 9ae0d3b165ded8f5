# What was received before a recovery is reduced after it too.
set(FILE worker_books.cpp)
set(BEFORE [=[out.emplace_back(DropSlices{});]=])
set(AFTER [=[]=])
