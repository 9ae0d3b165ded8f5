# A loss during a claim starts a second claim.
set(FILE recovery.cpp)
set(BEFORE [=[lost_meanwhile_ = true;
    if (roll_.started()) finish]=])
set(AFTER [=[finish]=])
