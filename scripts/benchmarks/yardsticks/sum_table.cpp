// Adds up the numbers of lines `category TAB number` by hand, exactly: a table for each of two threads.
// Writes what the job `sum` writes: `category TAB sum TAB count`, the sum with as many digits as the longest
// of its numbers has. Lines end with a newline alone.
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>

#include "decimals.hpp"
#include "files.hpp"
#include "words.hpp"

namespace {

struct alignas(64) Slot {
  WordKey key;  // tag is 1 and the length: a category may be empty; 0: the slot is free
  std::uint32_t digits;
  std::uint64_t count;
  Int128 units;
};
static_assert(sizeof(Slot) == 64);

HashedKey key_of(const char* text, std::size_t size) {
  HashedKey key = hashed(text, size);
  key.back += std::uint64_t{1} << 32;
  return key;
}
HashedKey key_of(const Slot& slot) {
  return key_of(slot.key.bytes, slot.key.tag - 1);
}

class Table {
 public:
  static constexpr std::size_t kBatch = 64;

  Table() { resize(18); }

  void add(const HashedKey& key, const Number& number) {
    __builtin_prefetch(slots_ + (key.hash >> shift_), 1);
    batch_[waiting_++] = {key, {number.units, 1, number.digits}};
    if (waiting_ == kBatch) flush();
  }
  void add(const HashedKey& key, const Total& total) {
    batch_[waiting_++] = {key, total};
    if (waiting_ == kBatch) flush();
  }
  void flush() {
    if (4 * (used_ + kBatch) > 3 * size()) resize(64 - shift_ + 1);
    for (std::size_t i = 0; i < waiting_; ++i) {
      Slot& slot = find(batch_[i].key);
      if (slot.key.tag == 0) {
        store(batch_[i].key, slot.key);
        ++used_;
      }
      const Total& total = batch_[i].total;
      if (__builtin_add_overflow(slot.units, total.units, &slot.units)) fail("a sum is beyond 1.7e20");
      slot.count += total.count;
      slot.digits = std::max(slot.digits, total.digits);
    }
    waiting_ = 0;
  }
  std::size_t size() const { return std::size_t{1} << (64 - shift_); }
  const Slot& operator[](std::size_t i) const { return slots_[i]; }

 private:
  struct Waiting {
    HashedKey key;
    Total total;
  };

  Slot& find(const HashedKey& key) const {
    std::size_t at = key.hash >> shift_;
    while (!same(key, slots_[at].key) && slots_[at].key.tag != 0) at = (at + 1) & (size() - 1);
    return slots_[at];
  }
  void resize(unsigned bits) {
    const HugeBuffer before = std::move(memory_);
    const Slot* const old = slots_;
    const std::size_t count = old == nullptr ? 0 : size();
    shift_ = 64 - bits;
    memory_ = HugeBuffer(size() * sizeof(Slot));
    slots_ = memory_.as<Slot>();
    for (std::size_t i = 0; i < count; ++i) {
      if (old[i].key.tag != 0) find(key_of(old[i])) = old[i];
    }
  }

  HugeBuffer memory_;
  Slot* slots_ = nullptr;
  unsigned shift_ = 0;
  std::size_t used_ = 0, waiting_ = 0;
  std::array<Waiting, kBatch> batch_;
};

using LongTotals = std::unordered_map<std::string, Total>;

struct Worker {
  Table table;
  LongTotals longer;

  void add(const char* line, const char* tab, const char* end) {
    const auto size = static_cast<std::size_t>(tab - line);
    const Number number = parse(tab + 1, end);
    if (size <= WordKey::kMost) [[likely]] {
      table.add(key_of(line, size), number);
    } else {
      longer[std::string(line, size)].add({number.units, 1, number.digits});
    }
  }
};

bool is_newline(char c) {
  return c == '\n';
}

// TABs and newlines of 16 bytes.
std::uint64_t marks_16(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i marks =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(marks));
}

// Adds the lines of a piece. REQUIRES: 64 bytes before and behind it can be read.
void add_lines(std::string_view piece, Worker& worker) {
  constexpr std::size_t kTile = 4096;
  Positions<kTile + 1> marks;
  const char* line = piece.data();
  const char* tab = nullptr;  // of the line at hand, if it was seen
  const auto take = [&](const char* mark, bool is_tab) {
    if (is_tab) {
      if (tab != nullptr) fail("a number with a TAB in it");
      tab = mark;
      return;
    }
    if (tab != nullptr) {
      worker.add(line, tab, mark);
    } else if (mark != line) {
      fail("a line without a TAB");
    }
    tab = nullptr;
    line = mark + 1;
  };
  for (std::size_t tile = 0; tile < piece.size(); tile += kTile) {
    marks.clear();
    const std::size_t size = std::min(kTile, piece.size() - tile);
    const char* const base = piece.data() + tile;
    for (std::size_t at = 0; at < size; at += 64) {
      const char* const bytes = base + at;
      std::uint64_t mask = marks_16(bytes) | marks_16(bytes + 16) << 16 | marks_16(bytes + 32) << 32 |
                           marks_16(bytes + 48) << 48;
      if (size - at < 64) mask &= ~(~std::uint64_t{0} << (size - at));
      marks.add(mask, static_cast<std::uint32_t>(at));
    }
    for (std::size_t i = 0; i < marks.size(); ++i) {
      const char* const mark = base + marks[i];
      const char* const next = i + 1 < marks.size() ? base + marks[i + 1] : nullptr;
      // A TAB and a newline in turn, as nearly always.
      if (next != nullptr && tab == nullptr && *mark == '\t' && *next == '\n') [[likely]] {
        worker.add(line, mark, next);
        line = next + 1;
        ++i;
      } else {
        take(mark, *mark == '\t');
      }
    }
  }
  const char* const end = piece.data() + piece.size();
  if (line != end || tab != nullptr) take(end, false);  // the last line of the file may lack its newline
}

void merge(std::array<Worker, kThreads>& workers) {
  Worker& all = workers[0];
  for (unsigned i = 1; i < kThreads; ++i) {
    const Table& table = workers[i].table;
    for (std::size_t at = 0; at < table.size(); ++at) {
      const Slot& slot = table[at];
      if (slot.key.tag != 0) all.table.add(key_of(slot), Total{slot.units, slot.count, slot.digits});
    }
    for (const auto& [category, total] : workers[i].longer) all.longer[category].add(total);
  }
  all.table.flush();
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine given = command_line(argc, argv);
  InputFile input(given.input);
  OutputFile output(given.output);
  std::array<Worker, kThreads> workers;
  on_all_threads([&](unsigned i) {
    Pieces<is_newline> pieces(input);
    std::string_view piece;
    while (pieces.next(piece)) add_lines(piece, workers[i]);
    workers[i].table.flush();
  });
  merge(workers);
  {
    Lines lines(output);
    const Worker& all = workers[0];
    for (std::size_t i = 0; i < all.table.size(); ++i) {
      const Slot& slot = all.table[i];
      if (slot.key.tag == 0) continue;
      write_total(lines, {slot.key.bytes, slot.key.tag - 1}, {slot.units, slot.count, slot.digits});
    }
    for (const auto& [category, total] : all.longer) write_total(lines, category, total);
  }
  output.finish(given.fsync);
}
