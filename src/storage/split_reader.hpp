// Reads the records that start in one split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.hpp"
#include "storage/posix.hpp"

namespace thresh::storage {

// Whole records: lines, each with its newline (the last line of a file may lack it), or records of fixed
// size.
struct Block {
  std::string_view bytes;
  std::uint64_t file_offset = 0;  // of the first byte
};

// A record is a line, or `record_bytes` bytes, and then it starts at a multiple of them. It belongs to the
// split in which its first byte is, and is read to its end even beyond the split. So the splits of a file,
// wherever they are cut, give each record exactly once. Bytes pass unchanged: CR, NUL and whatever else are
// part of their line.
//
// The file must stay as it was listed: one that vanished, or whose size or time of modification is another,
// is an Error{BadData} or Error{Io} that names path, offset and what to do.
class SplitReader {
 public:
  // Borrows `buffer` (its content is lost) until destroyed; reuse it for the next split, it keeps its size
  // unless it grew for a large record.
  // `record_bytes`: of each record; 0: records are lines.
  // REQUIRES: range.begin <= range.end <= file.size, and that is a multiple of record_bytes.
  SplitReader(const InputFile& file, const Split& range, std::vector<char>& buffer,
              std::size_t record_bytes = 0);
  SplitReader(const SplitReader&) = delete;
  SplitReader& operator=(const SplitReader&) = delete;
  ~SplitReader();

  // Goes on with another split of the same file. REQUIRES: as for the first one.
  void go_to(const Split& range);
  // The next records; none at the end of the split. The bytes live until the next call.
  std::optional<Block> next();
  // Bytes taken from the file so far, those of neighbours' records included.
  std::uint64_t bytes_read() const noexcept { return bytes_read_; }

 private:
  void check_unchanged(std::string_view when);
  void skip_to_first_record();
  void drop_returned_bytes();
  void fill(std::size_t size);
  void make_room(std::size_t size);
  Block take(std::size_t end);
  std::optional<Block> finish();
  void round_up_range();
  std::optional<Block> next_fixed();

  InputFile file_;
  Split range_;
  std::vector<char>* buffer_;
  std::size_t record_bytes_;
  Fd fd_;
  std::uint64_t read_to_ = 0;  // file offset of the next read
  std::size_t begin_ = 0;      // of what was read and not returned, in the buffer
  std::size_t filled_ = 0;     // end of it
  std::size_t scanned_ = 0;    // no newline that matters lies between begin_ and here
  std::uint64_t bytes_read_ = 0;
  bool done_ = false;
};

}  // namespace thresh::storage
