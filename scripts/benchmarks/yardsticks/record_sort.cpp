// Sorts records of 100 bytes by their first 10, equal ones by all, by hand: two threads, ranges of keys from
// a sample, a radix sort of prefixes and indices in each range.
#include <array>
#include <bit>
#include <string>
#include <vector>

#include "files.hpp"

namespace {

constexpr std::size_t kRecord = 100;

// The first bytes of a record as a number that compares as they do.
std::uint64_t prefix_of(const char* record) {
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, record, sizeof prefix);
  return __builtin_bswap64(prefix);
}

// Where a range ends and the next begins, from records all over the file. A prefix finds its range by a table
// over its first bytes, from which it is at most a few steps.
class Ranges {
 public:
  static constexpr std::size_t kCount = 256;

  explicit Ranges(const InputFile& file) {
    constexpr std::size_t kSample = 16 * kCount;
    const std::size_t records = file.size() / kRecord;
    std::vector<std::uint64_t> sample;
    for (std::size_t i = 0; i < kSample && records > 0; ++i) {
      std::array<char, 8> key;
      file.read(key.data(), i * records / kSample * kRecord, key.size());
      sample.push_back(prefix_of(key.data()));
    }
    std::sort(sample.begin(), sample.end());
    for (std::size_t i = 0; i + 1 < kCount; ++i) {
      begins_[i] = sample.empty() ? 0 : sample[(i + 1) * sample.size() / kCount];
    }
    begins_.back() = UINT64_MAX;  // ends every search
    std::size_t range = 0;
    for (std::size_t i = 0; i < first_.size(); ++i) {
      while (range + 1 < kCount && begins_[range] <= std::uint64_t{i} << 48) ++range;
      first_[i] = static_cast<std::uint16_t>(range);
    }
  }

  std::size_t of(std::uint64_t prefix) const {
    std::size_t range = first_[prefix >> 48];
    while (range + 1 < kCount && begins_[range] <= prefix) ++range;
    return range;
  }

 private:
  std::array<std::uint64_t, kCount> begins_;    // of the range after this one
  std::array<std::uint16_t, 1 << 16> first_{};  // range of the smallest prefix with these two bytes
};

// One thread's records of one range.
struct Part {
  static constexpr std::size_t kChunk = 512;  // records
  std::vector<char*> chunks;
  std::size_t count = 0;
};

// One thread's records of all ranges.
class Store {
 public:
  Store() : parts_(Ranges::kCount) {}

  void add(std::size_t range, const char* record) {
    Part& part = parts_[range];
    if (part.count % Part::kChunk == 0) part.chunks.push_back(new_chunk());
    std::memcpy(part.chunks.back() + part.count % Part::kChunk * kRecord, record, kRecord);
    ++part.count;
  }
  const Part& part(std::size_t range) const { return parts_[range]; }

 private:
  static constexpr std::size_t kChunkBytes = Part::kChunk * kRecord;
  static constexpr std::size_t kArena = std::size_t{64} << 20;

  char* new_chunk() {
    if (arenas_.empty() || used_ + kChunkBytes > kArena) {
      arenas_.emplace_back(kArena);
      used_ = 0;
    }
    used_ += kChunkBytes;
    return arenas_.back().data() + used_ - kChunkBytes;
  }

  std::vector<Part> parts_;
  std::vector<HugeBuffer> arenas_;
  std::size_t used_ = 0;
};

struct Entry {
  std::uint64_t prefix;
  const char* record;
  bool operator<(const Entry& other) const {
    if (prefix != other.prefix) return prefix < other.prefix;
    return std::memcmp(record + sizeof prefix, other.record + sizeof prefix, kRecord - sizeof prefix) < 0;
  }
};

void insertion_sort(Entry* first, Entry* last) {
  for (Entry* at = first; at < last; ++at) {
    const Entry entry = *at;
    Entry* hole = at;
    for (; hole != first && entry < hole[-1]; --hole) *hole = hole[-1];
    *hole = entry;
  }
}

// Sorts by the highest bits in which prefixes differ, then each bucket likewise. `spare` has room for as
// many.
void radix_sort(Entry* first, std::size_t count, Entry* spare) {
  constexpr std::size_t kFew = 24;
  if (count <= kFew) {
    insertion_sort(first, first + count);
    return;
  }
  std::uint64_t low = first->prefix, high = first->prefix;
  for (std::size_t i = 1; i < count; ++i) {
    low = std::min(low, first[i].prefix);
    high = std::max(high, first[i].prefix);
  }
  if (low == high) {
    std::sort(first, first + count);
    return;
  }
  // About eight to a bucket, as few buckets are wanted as there are entries.
  const auto wanted = std::clamp(static_cast<int>(std::bit_width(count)) - 3, 2, 11);
  const int shift = std::max(0, static_cast<int>(std::bit_width(high - low)) - wanted);
  std::array<std::uint32_t, (1 << 11) + 1> ends{};
  for (std::size_t i = 0; i < count; ++i) ++ends[((first[i].prefix - low) >> shift) + 1];
  const std::size_t buckets = static_cast<std::size_t>((high - low) >> shift) + 1;
  for (std::size_t i = 1; i <= buckets; ++i) ends[i] += ends[i - 1];
  for (std::size_t i = 0; i < count; ++i) spare[ends[(first[i].prefix - low) >> shift]++] = first[i];
  std::memcpy(first, spare, count * sizeof(Entry));
  std::size_t begin = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    if (ends[i] - begin > 1) radix_sort(first + begin, ends[i] - begin, spare + begin);
    begin = ends[i];
  }
}

void split(InputFile& input, const Ranges& ranges, Store& store) {
  constexpr std::size_t kPiece = 2048 * kRecord;  // stays in the second-level cache
  std::vector<char> buffer(kPiece);
  for (std::size_t at; (at = input.next(kPiece)) < input.size();) {
    const std::size_t size = std::min(kPiece, input.size() - at);
    input.read(buffer.data(), at, size);
    for (const char* record = buffer.data(); record != buffer.data() + size; record += kRecord) {
      store.add(ranges.of(prefix_of(record)), record);
    }
  }
}

// Sorts one range at a time and writes it where it belongs.
class Sorter {
 public:
  void sort(const std::array<Store, kThreads>& stores, std::size_t range) {
    entries_.clear();
    for (const Store& store : stores) {
      const Part& part = store.part(range);
      for (std::size_t i = 0; i < part.count; ++i) {
        const char* record = part.chunks[i / Part::kChunk] + i % Part::kChunk * kRecord;
        entries_.push_back({prefix_of(record), record});
      }
    }
    if (spare_.size() < entries_.size()) spare_.resize(entries_.size());
    radix_sort(entries_.data(), entries_.size(), spare_.data());
  }
  void write(OutputFile& output, std::size_t offset) {
    constexpr std::size_t kBlock = (std::size_t{1} << 20) / kRecord * kRecord;
    constexpr std::size_t kAhead = 8;
    block_.resize(kBlock);
    std::size_t used = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (i + kAhead < entries_.size()) {
        __builtin_prefetch(entries_[i + kAhead].record);
        __builtin_prefetch(entries_[i + kAhead].record + 64);
      }
      std::memcpy(block_.data() + used, entries_[i].record, kRecord);
      used += kRecord;
      if (used == kBlock || i + 1 == entries_.size()) {
        output.write({block_.data(), used}, offset);
        offset += used;
        used = 0;
      }
    }
  }

 private:
  std::vector<Entry> entries_, spare_;
  std::vector<char> block_;
};

}  // namespace

int main(int argc, char** argv) {
  const CommandLine given = command_line(argc, argv);
  InputFile input(given.input);
  if (input.size() % kRecord != 0) fail(given.input + ": is not made of records of 100 bytes");
  OutputFile output(given.output);
  const Ranges ranges(input);
  std::array<Store, kThreads> stores;
  on_all_threads([&](unsigned i) { split(input, ranges, stores[i]); });

  std::array<std::size_t, Ranges::kCount> offsets{};
  std::size_t end = 0;
  for (std::size_t range = 0; range < Ranges::kCount; ++range) {
    offsets[range] = end;
    for (const Store& store : stores) end += store.part(range).count * kRecord;
  }
  std::atomic<std::size_t> next{0};
  on_all_threads([&](unsigned) {
    Sorter sorter;
    for (std::size_t range; (range = next++) < Ranges::kCount;) {
      sorter.sort(stores, range);
      sorter.write(output, offsets[range]);
    }
  });
  output.finish(given.fsync);
}
