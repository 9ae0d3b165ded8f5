// Rows on their way to be combined: appended to the bucket that their key belongs to. Their format is
// RowFormat::staged().
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/row.hpp"
#include "core/stored_chunks.hpp"
#include "thresh/bytes.hpp"
#include "thresh/emit_batch.hpp"
#include "thresh/job_type.hpp"
#include "thresh/progress.hpp"

namespace thresh {

class StagedRows {
 public:
  // Bytes behind a row that may be read.
  static constexpr std::size_t kSlack = 16;

  // Borrows the pool.
  StagedRows(const JobType& job, ChunkPool& pool, std::size_t buckets);

  // `hash`: of the key. REQUIRES: 16 bytes from key.data() on can be read.
  void add(std::size_t bucket, std::uint64_t hash, std::string_view key, const char* value) {
    if (has_usual_number_ && add_usual(heads_[bucket], usual_number_, hash, key, value)) return;
    add_any(bucket, hash, key, value);
  }
  // The same for emits, the first to buckets[0] and so on. Returns the sum of their weights; 0 if the job has
  // none.
  std::uint64_t add(std::span<const std::uint32_t> buckets, const EmitBatch::Emit* emits);

  std::uint64_t rows(std::size_t bucket) const noexcept { return sums_[bucket].rows + heads_[bucket].rows; }
  // Sum of RowFormat::hash over its rows.
  std::uint64_t hash_sum(std::size_t bucket) const noexcept;
  // Sum of their weights; 0 if the job has none.
  std::uint64_t weight(std::size_t bucket) const;
  // Memory taken from the pool.
  std::uint64_t bytes() const noexcept { return bytes_; }
  std::uint64_t stored_bytes() const noexcept { return stored_bytes_; }
  // What the rows of a bucket have, wherever they are.
  std::uint64_t row_bytes(std::size_t bucket) const noexcept;

  // Writes all that is in memory to the store, with a step for each bucket, and gives its memory back.
  // REQUIRES: always the same store, which outlives the rows.
  void spill(SliceStore& store, Progress& progress);
  // Reads back what was spilled of the bucket. Throws Error if it is not what was written.
  void load(std::size_t bucket);

  // Calls use(key, value) for each row of the bucket. What it sees lives until the bucket is dropped; kSlack
  // bytes behind it can be read. REQUIRES: of this bucket nothing is in the store.
  template <typename Use>
  void for_each(std::size_t bucket, Use&& use) const {
    const std::vector<Chunk>& chunks = chunks_[bucket];
    for (const Chunk& chunk : chunks) {
      const bool last = &chunk == &chunks.back();
      for_each_row(chunk.data(), last ? heads_[bucket].at : chunk.data() + chunk.used(), use);
    }
  }
  // The same, but what it sees is gone after the call, and in the end the bucket is empty.
  template <typename Use>
  void take_each(std::size_t bucket, Use&& use) {
    for (Chunk& chunk : take_chunks(bucket)) {
      const Chunk rows = std::move(chunk);
      for_each_row(rows.data(), rows.data() + rows.used(), use);
    }
  }
  // The chunks of the bucket, which is empty then. REQUIRES: of this bucket nothing is in the store.
  std::vector<Chunk> take_chunks(std::size_t bucket);
  // Gives the memory of the bucket back; it is empty then.
  void drop(std::size_t bucket) noexcept;

 private:
  // Small, as those of a thousand buckets are used in turn.
  struct Head {
    char* at = nullptr;  // in the last chunk
    std::uint32_t room = 0;
    std::uint32_t rows = 0;          // in it
    std::uint64_t usual_hashes = 0;  // sum of (hash | 1) of the keys that add_usual() added
  };
  struct Sums {
    std::uint64_t rows = 0;  // in the chunks before the last
    // Of the rows that add_any() added.
    std::uint64_t hash_sum = 0;
    std::uint64_t weight = 0;
  };

  // What was written of a bucket.
  struct Stored {
    StoredChunks chunks;
    std::vector<std::uint64_t> hashes;  // of the bytes of each
    std::uint64_t bytes = 0;            // of all
  };

  template <typename Use>
  void for_each_row(const char* at, const char* end, Use& use) const {
    while (at != end) {
      const Row row = format_.read_staged(at);
      use(row.key, row.value.data());
      at = row.key.data() + row.key.size();
    }
  }
  // Adds a row if it has the usual number and a short key and there is room. It has no members to itself:
  // anything written through a char* might be one, as far as compilers know, while variables of a loop around
  // it stay in registers. Mapping many distinct words, ns a word: 18.7 with members, 17.2 so.
  THRESH_INLINE static bool add_usual(Head& into, std::uint64_t usual, std::uint64_t hash,
                                      std::string_view key, const char* value) {
    const std::size_t size = 1 + key.size();
    if (load_little<std::uint64_t>(value) != usual || key.size() >= RowFormat::kLongKey ||
        into.room < size + kSlack) [[unlikely]]
      return false;
    into.usual_hashes += hash | 1U;
    char* const at = into.at;
    *at = static_cast<char>(key.size() | RowFormat::kUsual);
    copy_readable(at + 1, key.data(), key.size());
    into.at = at + size;
    __builtin_prefetch(at + size + 64, 1);  // 2.6 to 2.1 s to map 19 million distinct words
    into.room -= static_cast<std::uint32_t>(size);
    ++into.rows;
    return true;
  }
  // The same for any row. Returns its weight.
  std::uint64_t add_any(std::size_t bucket, std::uint64_t hash, std::string_view key, const char* value);
  void end_last_chunk(std::size_t bucket) noexcept;
  void forget_chunks(std::size_t bucket) noexcept;
  void make_room(std::size_t bucket, std::size_t size);

  ChunkPool* pool_;
  RowFormat format_;
  WeightOf weight_of_;
  bool has_usual_number_ = false;  // a usual value of 8 bytes
  std::uint64_t usual_number_ = 0;
  std::vector<Head> heads_;
  std::vector<Sums> sums_;
  std::vector<std::vector<Chunk>> chunks_;
  std::vector<Stored> stored_;
  std::uint64_t bytes_ = 0;
  std::uint64_t stored_bytes_ = 0;
};

}  // namespace thresh
