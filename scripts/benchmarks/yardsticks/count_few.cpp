// Counts the words of a text that has few distinct ones, by hand: a table of its own for each of two threads.
#include <array>
#include <string>
#include <string_view>

#include "counts.hpp"
#include "files.hpp"
#include "words.hpp"

namespace {

using Slot = CountSlot;

// Open addressing by the upper bits of the hash. Both tables are walked in order of their hashes when they
// are merged, and each half by a thread, so a probe wraps round within its half.
class Table {
 public:
  static constexpr std::size_t kBatch = 64;

  Table() { resize(20); }

  // Takes a word when the memory for it is on its way; flush() takes those that wait.
  void add(const HashedKey& key) {
    _mm_prefetch(reinterpret_cast<const char*>(slots_ + (key.hash >> shift_)), _MM_HINT_T0);
    batch_[waiting_++] = key;
    if (waiting_ == kBatch) flush();
  }
  void flush() {
    if (2 * (used_ + kBatch) > size()) resize(bits_ + 1);
    for (std::size_t i = 0; i < waiting_; ++i) {
      Slot& slot = find(batch_[i]);
      if (slot.key.tag == 0) {
        store(batch_[i], slot.key);
        ++used_;
      }
      ++slot.count;
    }
    waiting_ = 0;
  }

  // The slot of a word, or the free one where it belongs.
  Slot& find(const HashedKey& key) const {
    std::size_t at = key.hash >> shift_;
    while (true) {
      Slot& slot = slots_[at];
      if (same(key, slot.key) || slot.key.tag == 0) return slot;
      at = (at & half_) | ((at + 1) & (half_ - 1));
    }
  }
  std::size_t size() const { return std::size_t{1} << bits_; }
  Slot& operator[](std::size_t i) const { return slots_[i]; }

 private:
  void resize(unsigned bits) {
    const HugeBuffer before = std::move(memory_);
    const Slot* const old = slots_;
    const std::size_t count = old == nullptr ? 0 : size();
    bits_ = bits;
    shift_ = 64 - bits;
    half_ = size() / 2;
    memory_ = HugeBuffer(size() * sizeof(Slot));
    slots_ = memory_.as<Slot>();
    for (std::size_t i = 0; i < count; ++i) {
      if (old[i].key.tag != 0) find(hashed(old[i].key)) = old[i];
    }
  }

  HugeBuffer memory_;
  Slot* slots_ = nullptr;
  unsigned bits_ = 0, shift_ = 0;
  std::size_t half_ = 0, used_ = 0, waiting_ = 0;
  std::array<HashedKey, kBatch> batch_;
};

struct Worker {
  Table table;
  LongWords longer;
};

void count(InputFile& input, Worker& worker) {
  Pieces<is_space> pieces(input);
  std::string_view piece;
  while (pieces.next(piece)) {
    for_each_word(piece, [&worker](const char* word, std::size_t size) {
      if (size <= WordKey::kMost) [[likely]] {
        worker.table.add(hashed(word, size));
      } else {
        ++worker.longer[std::string(word, size)];
      }
    });
  }
  worker.table.flush();
}

// Writes half of what both tables hold. The second one gives up what is in the first as well.
void merge(const Table& first, const Table& second, unsigned half, Lines& lines) {
  const std::size_t end = (half + 1) * first.size() / 2;
  for (std::size_t i = half * first.size() / 2; i < end; ++i) {
    const Slot& slot = first[i];
    if (slot.key.tag == 0) continue;
    Slot& other = second.find(hashed(slot.key));
    write_count(lines, slot, slot.count + other.count);
    other.count = 0;
  }
  for (std::size_t i = half * second.size() / 2; i < (half + 1) * second.size() / 2; ++i) {
    if (second[i].count != 0) write_count(lines, second[i], second[i].count);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine given = command_line(argc, argv);
  InputFile input(given.input);
  OutputFile output(given.output);
  std::array<Worker, kThreads> workers;
  static_assert(kThreads == 2);
  on_all_threads([&](unsigned i) { count(input, workers[i]); });
  on_all_threads([&](unsigned i) {
    Lines lines(output);
    merge(workers[0].table, workers[1].table, i, lines);
    if (i != 0) return;
    add_counts(workers[0].longer, workers[1].longer);
    write_counts(lines, workers[0].longer);
  });
  output.finish(given.fsync);
}
