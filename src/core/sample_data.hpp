// Data to try jobs on: the same bytes for the same seed, on every machine and in every version of a job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thresh {

enum class SampleKind { Text, Words, Records, Table };
// "text", "words", "records", "table"; none for other names.
std::optional<SampleKind> sample_kind(std::string_view name);

struct SampleSpec {
  SampleKind kind = SampleKind::Text;
  std::uint64_t seed = 1;
  std::uint64_t distinct = 0;  // words, keys or categories to draw from; 0: default_distinct(kind)
};
// A stretch of it, for a file. Both limits hold. Bytes are of whole lines: a line that would exceed them is
// not written.
struct SampleShare {
  std::uint64_t part = 0;        // shares of one seed and different parts are different data
  std::uint64_t first_line = 0;  // number of its first record
  std::uint64_t most_bytes = UINT64_MAX;
  std::uint64_t most_lines = UINT64_MAX;
};

// 1,000,000 words of text; 20,000,000 words; records: 0, every key is drawn anew; 100,000 categories.
std::uint64_t default_distinct(SampleKind kind);
// The greatest `distinct` there can be: text keeps a table of 8 bytes a word.
std::uint64_t most_distinct(SampleKind kind);

// Picks k with a chance proportional to 1/(k + 1). Exact in integers, so it is the same everywhere.
class ZipfTable {
 public:
  // REQUIRES: 0 < distinct <= most_distinct(SampleKind::Text).
  explicit ZipfTable(std::uint64_t distinct);
  // `random` is uniform over 64 bits.
  std::uint64_t pick(std::uint64_t random) const noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide scaled = static_cast<Wide>(random) * slots_.size();
    const auto slot = static_cast<std::uint64_t>(scaled >> 64);
    const auto rest = static_cast<std::uint32_t>(static_cast<std::uint64_t>(scaled) >> 32);
    // Without a branch, which would be guessed wrong half of the time.
    const std::uint64_t other = std::uint64_t{0} - (rest >= slots_[slot].threshold ? 1U : 0U);
    return (slot & ~other) | (slots_[slot].other & other);
  }

 private:
  struct Slot {
    std::uint32_t threshold = 0;  // of 2^32: below it the slot's own number, else the other one
    std::uint32_t other = 0;
  };
  std::vector<Slot> slots_;
};

// Appends the word of that number: lower-case letters, 2 to 15 of them below a thousand million; different
// numbers are different words.
void append_word(std::string& out, std::uint64_t number);

// A stream of lines, each ended by LF.
//
//   text     5 to 15 words, frequent ones far more often than rare ones (Zipf)
//   words    5 to 15 words, all equally often
//   records  100 bytes: a key of 10 characters without blanks, the line's number in 16 hexadecimal digits,
//            71 letters
//   table    category TAB number with two decimals, between -100,000 and 100,000
class SampleStream {
 public:
  explicit SampleStream(const SampleSpec& spec);

  // From here on next() gives this share.
  void begin(const SampleShare& share);
  // Appends whole lines to `out`, about `piece_bytes`. False when there are no more.
  bool next(std::string& out, std::size_t piece_bytes = 1 << 20);
  std::uint64_t lines() const noexcept { return lines_; }

 private:
  std::uint64_t random() noexcept;
  std::uint64_t below(std::uint64_t bound) noexcept;
  std::uint64_t next_pick();
  void append_line(std::string& out);
  void append_words(std::string& out);
  void append_record(std::string& out);
  void append_row(std::string& out);

  SampleSpec spec_;
  std::optional<ZipfTable> zipf_;
  std::vector<std::uint64_t> picks_;  // from zipf_, drawn ahead
  std::size_t picked_ = 0;            // of picks_
  SampleShare share_;
  std::uint64_t state_ = 0;
  std::uint64_t lines_ = 0;  // of this share
  std::uint64_t bytes_ = 0;
};

}  // namespace thresh
