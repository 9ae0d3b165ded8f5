# A wave whose plan comes twice is exchanged twice.
set(FILE worker_books.cpp)
set(BEFORE [=[|| wave.wave != next_wave_) return;]=])
set(AFTER [=[) return;]=])
