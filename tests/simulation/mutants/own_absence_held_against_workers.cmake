# When the coordinator was away, it takes the workers for silent.
set(FILE worker_pool.cpp)
set(BEFORE [=[worker.heard_at += away;]=])
set(AFTER [=[static_cast<void>(worker);]=])
