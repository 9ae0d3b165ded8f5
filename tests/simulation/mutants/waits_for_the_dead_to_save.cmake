# The end of a failed job waits without a bound for workers to save their runs.
set(FILE farewell.cpp)
set(BEFORE [=[if (waiting_.empty() || now >= deadline_) leave(out);]=])
set(AFTER [=[if (waiting_.empty()) leave(out);]=])
