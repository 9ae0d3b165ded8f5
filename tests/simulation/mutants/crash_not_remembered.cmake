# A record that kills its worker is mapped again for ever.
set(FILE split_troubles.cpp)
set(BEFORE [=[if (++trouble.blamed[note.record.offset] < 2 && trouble.failures < job.options.max_attempts) continue;]=])
set(AFTER [=[continue;]=])
