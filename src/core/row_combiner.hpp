// Combines rows, as many as fit into the cache at best, and sorts what is left.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/huge_pages.hpp"
#include "core/row_sort.hpp"
#include "core/slice.hpp"
#include "core/staged_rows.hpp"
#include "thresh/job_type.hpp"
#include "thresh/short_key.hpp"

namespace thresh {

// Its memory is used again for the next rows. Rows are looked up in batches through slots of 8 bytes.
class RowCombiner {
 public:
  // Borrows the pool. REQUIRES: job.combine_fixed.
  RowCombiner(const JobType& job, ChunkPool& pool);

  // Forgets what was combined. REQUIRES: no more rows are added than this, with no more bytes of keys.
  void begin(std::uint64_t rows, std::uint64_t key_bytes);
  // `head` and `hash` are of the key. The row lives until finish(). REQUIRES: 16 bytes from key.data() on can
  // be read.
  void add(std::uint64_t hash, const ShortKey& head, std::string_view key, const char* value) {
    __builtin_prefetch(&slots_[hash & mask_]);
    pending_.push_back({head, key, value, hash});
    if (pending_.size() == kBatch) flush();
  }
  // Sorts what was combined.
  void finish();
  // What was combined, by key, in the format of the job. Lives until begin().
  const std::vector<RowRef>& rows() const noexcept { return refs_; }

  // All that for the rows of a bucket.
  void combine(const StagedRows& staged, std::size_t bucket);
  // Appends what was combined.
  void append_to(Slice& slice);

 private:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kRowAlignment = 8;

  struct Slot {
    std::uint32_t tag = 0;  // the low bits of the hash, which say where it may be
    std::uint32_t row = 0;  // where it is, in units of kRowAlignment, and 1; 0: empty
  };
  struct Pending {
    ShortKey head;
    std::string_view key;
    const char* value;
    std::uint64_t hash;
  };

  void flush();
  void make_room_in_slots();
  void find_or_add(const Pending& row);
  bool same_key(const char* row, const ShortKey& head, std::string_view key) const noexcept;

  ChunkPool* pool_;
  RowFormat format_;
  CombineFixed combine_;
  std::size_t value_size_;
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  Chunk rows_;  // each with room for 16 bytes from its key on
  std::vector<RowRef> refs_;
  std::vector<Pending> pending_;
  std::vector<char*> into_;
  std::vector<const char*> from_;
};

}  // namespace thresh
