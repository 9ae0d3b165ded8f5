# A worker answers Muster without sealing its open table.
set(FILE worker_books.cpp)
set(BEFORE [=[if (!open_.empty()) return begin_seal(out);
      if (!files_read_) {]=])
set(AFTER [=[if (!files_read_) {]=])
