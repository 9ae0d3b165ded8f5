// Counts the words of a text that has many distinct ones, by hand: a cache that combines, in front of
// partitions by hash whose rows are appended and then counted in a table that fits into the cache of the
// processor.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "counts.hpp"
#include "files.hpp"
#include "words.hpp"

namespace {

constexpr std::size_t kPartitions = 256;

// A row is a byte with the length of the word, the word, and before it its count if the byte has kCounted
// set.
constexpr unsigned kCounted = 0x80;
// More than a row and what is copied with it for the sake of a fixed size.
constexpr std::size_t kRowRoom = 64;

// Rows of one partition, in chunks.
struct Rows {
  struct Chunk {
    const char* begin;
    const char* end;
  };
  std::vector<Chunk> full;
  char* begin = nullptr;
  char* at = nullptr;
  char* limit = nullptr;
};

// One thread's rows of all partitions.
class Store {
 public:
  Store() : rows_(kPartitions) {}

  void add(const HashedKey& key, std::uint64_t count) {
    Rows& rows = rows_[key.hash % kPartitions];
    if (rows.at >= rows.limit) [[unlikely]]
      open_chunk(rows);
    char* at = rows.at;
    const auto size = static_cast<unsigned>(key.back >> 32);
    *at++ = static_cast<char>(count == 1 ? size : size | kCounted);
    if (count != 1) {
      std::memcpy(at, &count, sizeof count);
      at += sizeof count;
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), key.front);
    std::memcpy(at + 16, &key.back, 4);
    rows.at = at + size;
  }

  // Calls use(key, count) for each row of a partition.
  template <class Use>
  void for_each(std::size_t partition, Use&& use) {
    Rows& rows = rows_[partition];
    if (rows.begin != nullptr) rows.full.push_back({rows.begin, rows.at});
    rows.begin = nullptr;
    for (const Rows::Chunk& chunk : rows.full) {
      for (const char* at = chunk.begin; at != chunk.end;) {
        const auto head = static_cast<unsigned char>(*at++);
        std::uint64_t count = 1;
        if ((head & kCounted) != 0) {
          std::memcpy(&count, at, sizeof count);
          at += sizeof count;
        }
        const unsigned size = head & ~kCounted;
        use(hashed(at, size), count);
        at += size;
      }
    }
  }

 private:
  static constexpr std::size_t kChunk = std::size_t{32} << 10;
  static constexpr std::size_t kArena = std::size_t{64} << 20;

  void open_chunk(Rows& rows) {
    if (rows.begin != nullptr) rows.full.push_back({rows.begin, rows.at});
    if (arenas_.empty() || used_ == kArena) {
      arenas_.emplace_back(kArena);
      used_ = 0;
    }
    rows.begin = rows.at = arenas_.back().data() + used_;
    rows.limit = rows.begin + kChunk - kRowRoom;
    used_ += kChunk;
  }

  std::vector<Rows> rows_;
  std::vector<HugeBuffer> arenas_;
  std::size_t used_ = 0;  // of the last arena
};

// Counts the words that come again soon, and passes on those that make room. It gives up where words hardly
// repeat.
class Cache {
 public:
  explicit Cache(Store& store) : store_(store), slots_(kSlots * sizeof(CountSlot)) {}

  void add(const HashedKey& key) {
    if (!on_) {
      store_.add(key, 1);
      return;
    }
    CountSlot& slot = slots_.as<CountSlot>()[key.hash >> (64 - kBits)];
    if (same(key, slot.key)) {
      ++slot.count;
      ++hits_;
    } else {
      evict(slot);
      store(key, slot.key);
      slot.count = 1;
    }
    if (++words_ == kWindow) judge();
  }
  void flush() {
    for (std::size_t i = 0; i < kSlots; ++i) evict(slots_.as<CountSlot>()[i]);
  }

 private:
  static constexpr unsigned kBits = 14;
  static constexpr std::size_t kSlots = std::size_t{1} << kBits;  // 512 KiB
  static constexpr std::size_t kWindow = std::size_t{1} << 20;
  static constexpr std::size_t kFewestHits = kWindow / 20;

  void evict(CountSlot& slot) {
    if (slot.count != 0) store_.add(hashed(slot.key), slot.count);
    slot.count = 0;
  }
  void judge() {
    if (hits_ < kFewestHits) {
      flush();
      on_ = false;
    }
    words_ = hits_ = 0;
  }

  Store& store_;
  HugeBuffer slots_;
  bool on_ = true;
  std::size_t words_ = 0, hits_ = 0;
};

// Counts one partition after the other. As hashes spread keys evenly, each wants about the room that the last
// one took.
class Table {
 public:
  static constexpr std::size_t kBatch = 64;

  Table() { resize(12); }

  void add(const HashedKey& key, std::uint64_t count) {
    _mm_prefetch(reinterpret_cast<const char*>(slots_ + place(key.hash)), _MM_HINT_T0);
    batch_[waiting_++] = {key, count};
    if (waiting_ == kBatch) flush();
  }
  // Writes all words and forgets them.
  void write(Lines& lines) {
    flush();
    // Where the words are is known first: whether a slot is taken is a toss-up, which costs a branch dearly.
    taken_.resize(mask_ + 2);
    std::size_t count = 0;
    for (std::size_t i = 0; i <= mask_; ++i) {
      taken_[count] = static_cast<std::uint32_t>(i);
      count += slots_[i].key.tag != 0 ? 1 : 0;
    }
    for (std::size_t i = 0; i < count; ++i) {
      CountSlot& slot = slots_[taken_[i]];
      write_count(lines, slot, slot.count);
      slot = {};
    }
    used_ = 0;
  }

 private:
  struct Waiting {
    HashedKey key;
    std::uint64_t count;
  };

  // The lowest bits are the same for all keys of a partition.
  std::size_t place(std::uint64_t hash) const { return (hash >> 20) & mask_; }
  CountSlot& find(const HashedKey& key) const {
    std::size_t at = place(key.hash);
    while (slots_[at].key.tag != 0 && !same(key, slots_[at].key)) at = (at + 1) & mask_;
    return slots_[at];
  }
  void flush() {
    if (8 * (used_ + kBatch) > 5 * (mask_ + 1)) resize(bits_ + 1);
    for (std::size_t i = 0; i < waiting_; ++i) {
      CountSlot& slot = find(batch_[i].key);
      if (slot.key.tag == 0) {
        store(batch_[i].key, slot.key);
        ++used_;
      }
      slot.count += batch_[i].count;
    }
    waiting_ = 0;
  }
  void resize(unsigned bits) {
    const HugeBuffer before = std::move(memory_);
    const CountSlot* const old = slots_;
    const std::size_t count = old == nullptr ? 0 : mask_ + 1;
    bits_ = bits;
    mask_ = (std::size_t{1} << bits) - 1;
    memory_ = HugeBuffer((mask_ + 1) * sizeof(CountSlot));
    slots_ = memory_.as<CountSlot>();
    for (std::size_t i = 0; i < count; ++i) {
      if (old[i].key.tag != 0) find(hashed(old[i].key)) = old[i];
    }
  }

  HugeBuffer memory_;
  CountSlot* slots_ = nullptr;
  unsigned bits_ = 0;
  std::size_t mask_ = 0, used_ = 0, waiting_ = 0;
  std::array<Waiting, kBatch> batch_;
  std::vector<std::uint32_t> taken_;
};

void split(InputFile& input, Store& store, LongWords& longer) {
  Cache cache(store);
  Pieces<is_space> pieces(input);
  std::string_view piece;
  while (pieces.next(piece)) {
    for_each_word(piece, [&](const char* word, std::size_t size) {
      if (size <= WordKey::kMost) [[likely]] {
        cache.add(hashed(word, size));
      } else {
        ++longer[std::string(word, size)];
      }
    });
  }
  cache.flush();
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine given = command_line(argc, argv);
  InputFile input(given.input);
  OutputFile output(given.output);
  std::array<Store, kThreads> stores;
  std::array<LongWords, kThreads> longer;
  on_all_threads([&](unsigned i) { split(input, stores[i], longer[i]); });
  for (unsigned i = 1; i < kThreads; ++i) add_counts(longer[0], longer[i]);
  std::atomic<std::size_t> next{0};
  on_all_threads([&](unsigned i) {
    Lines lines(output);
    Table table;
    for (std::size_t partition; (partition = next++) < kPartitions;) {
      for (Store& store : stores) {
        store.for_each(partition,
                       [&table](const HashedKey& key, std::uint64_t count) { table.add(key, count); });
      }
      table.write(lines);
    }
    if (i == 0) write_counts(lines, longer[0]);
  });
  output.finish(given.fsync);
}
