# A worker answers Muster without sealing its open table.
set(FILE worker_books.cpp)
set(BEFORE [=[if (!open_.empty()) return begin_seal(out);
      answer_muster(out);]=])
set(AFTER [=[answer_muster(out);]=])
