# A completion that comes twice, or late, counts again.
set(FILE map_coordinator.cpp)
set(BEFORE [=[if (!is_awaited(from, done.signature.split, done.attempt)) return ignore();]=])
set(AFTER [=[]=])
