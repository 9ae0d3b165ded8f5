# The end of a failed job waits without a bound for workers to save their runs.
set(FILE farewell.cpp)
set(BEFORE [=[return now - worker.second > job_.options.save_silence; });
    if (waiting_.empty() || now >= deadline_) leave(out);]=])
set(AFTER [=[return false; });
    if (waiting_.empty()) leave(out);]=])
