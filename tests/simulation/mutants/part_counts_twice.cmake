# A committed part that is announced twice counts twice.
set(FILE reduce_coordinator.cpp)
set(BEFORE [=[committed == nullptr || !is_awaited(from, *committed)]=])
set(AFTER [=[committed == nullptr]=])
