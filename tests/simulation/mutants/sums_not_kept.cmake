# What the parts of a wave must take in is not kept.
set(FILE shuffle.cpp)
set(BEFORE [=[job_.sums[partition] = job_.holdings.sums(partition);]=])
set(AFTER [=[]=])
