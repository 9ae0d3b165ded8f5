# A checkpoint begins while the last one is being written.
set(FILE worker_books.cpp)
set(BEFORE [=[return checkpoint_every_ && !writing_ && unsaved_since_]=])
set(AFTER [=[return checkpoint_every_ && unsaved_since_]=])
