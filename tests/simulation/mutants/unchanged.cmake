# The control.
set(FILE map_coordinator.cpp)
set(BEFORE [=[++done_;]=])
set(AFTER [=[++done_;]=])
set(SURVIVES ON)
