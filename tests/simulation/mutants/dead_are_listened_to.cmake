# A worker that was declared lost is still listened to.
set(FILE phase.cpp)
set(BEFORE [=[if (!job_.pool.is_live(received.from)) {]=])
set(AFTER [=[if (false) {]=])
