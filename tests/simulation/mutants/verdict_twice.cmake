# A verdict that follows from notes of earlier runs hands its split out a second time.
set(FILE map_coordinator.cpp)
set(BEFORE [=[if (written == nullptr || verdicts_.erase(written->split) == 0) return ignore();]=])
set(AFTER [=[if (written == nullptr) return ignore();]=])
