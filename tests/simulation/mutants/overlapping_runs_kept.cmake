# Two runs that share a split are both in the cover.
set(FILE cover.cpp)
set(BEFORE [=[if (overlaps) continue;]=])
set(AFTER [=[]=])
