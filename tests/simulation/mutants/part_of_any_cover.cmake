# A part that was found counts, whatever it was made from.
set(FILE roll_call.cpp)
set(BEFORE [=[if (found.partition >= job.plan.partitions || found.cover_digest != job.cover_digest) continue;]=])
set(AFTER [=[]=])
