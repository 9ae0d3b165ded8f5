# A start does not use what it finds in files.
set(FILE worker_books.cpp)
set(BEFORE [=[for (const RunSummary& run : read->runs) held_.try_emplace(run.id, run);]=])
set(AFTER [=[]=])
