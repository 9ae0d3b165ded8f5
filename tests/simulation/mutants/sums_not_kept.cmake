# What the parts of a wave must take in is not kept.
set(FILE shuffle.cpp)
set(BEFORE [=[    keep_sums();
]=])
set(AFTER [=[]=])
