# What a worker said in an older generation is taken for an answer of this one.
set(FILE phase.cpp)
set(BEFORE [=[if (generation_of(received.message) != job_.generation) {]=])
set(AFTER [=[if (false) {]=])
