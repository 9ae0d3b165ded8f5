# What was in an open table that was given up counts as mapped.
set(FILE map_coordinator.cpp)
set(BEFORE [=[for (const SplitId split : failed.lost) take_back(split, from);]=])
set(AFTER [=[]=])
