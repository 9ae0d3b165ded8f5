// Combines rows, as many as fit into the cache at best, and sorts what is left.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
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

  // Bytes of memory that combining a row takes, about: a slot or two, the row, two references.
  static constexpr std::uint64_t bytes_of_row(std::size_t value_size) noexcept { return 64 + value_size; }
  // Bytes to combine in that are of use: more rows than fit there may have no numbers.
  static constexpr std::uint64_t kMostBytes = std::uint64_t{8} << 30;
  // Gives memory back if it is more than this. What was combined is gone then.
  void keep_at_most(std::uint64_t bytes);

  // Forgets what was combined. REQUIRES: no more rows are added than this, with no more bytes of keys.
  void begin(std::uint64_t rows, std::uint64_t key_bytes);
  // `head` and `hash` are of the key. The row lives until finish(). REQUIRES: 16 bytes from key.data() on can
  // be read.
  void add(std::uint64_t hash, const ShortKey& head, std::string_view key, const char* value) {
    __builtin_prefetch(&slots_[hash & mask_]);
    // Field by field: a vector's push_back waits for its own parts.
    Pending& row = pending_[pending_rows_];
    row.head = head;
    row.key = key.data();
    row.key_size = key.size();
    row.value = value;
    row.hash = hash;
    if (++pending_rows_ == kBatch) flush();
  }
  // Sorts what was combined. This and add() throw std::bad_alloc if that is more than kMostRowBytes.
  void finish();
  // What was combined, by key, in the format of the job. Lives until begin().
  std::span<const RowRef> rows() const noexcept { return {refs_.data(), combined_}; }

  // All that for the rows of a bucket.
  void combine(const StagedRows& staged, std::size_t bucket);
  // Appends what was combined.
  void append_to(Slice& slice);

 private:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kRowAlignment = 8;
  static constexpr std::uint64_t kMostRowBytes = kRowAlignment << 31;  // half of what Slot::row can name

  struct Slot {
    std::uint32_t tag = 0;  // the low bits of the hash, which say where it may be
    std::uint32_t row = 0;  // where it is, in units of kRowAlignment, and 1; 0: empty
  };
  struct Pending {
    ShortKey head;
    const char* key;
    std::size_t key_size;
    const char* value;
    std::uint64_t hash;
  };

  // Looks up what is pending.
  void flush();
  // kValueSize: the job's, or 0 if it is not known here.
  template <std::size_t kValueSize>
  void look_up();
  void make_room();

  ChunkPool* pool_;
  RowFormat format_;
  CombineFixed combine_;
  std::size_t value_size_;
  // On huge pages, as one place or the other is looked at all the time.
  HugeVector<Slot> slots_;
  std::size_t mask_ = 0;
  struct FreeHuge {
    void operator()(char* memory) const noexcept { free_huge(memory); }
  };
  std::unique_ptr<char, FreeHuge> rows_;  // each with room for 16 bytes from its key on
  std::size_t rows_room_ = 0;
  std::size_t rows_end_ = 0;
  std::vector<RowRef> refs_;  // the first combined_ of them count
  SortMemory sort_memory_;
  std::size_t combined_ = 0;
  std::array<Pending, kBatch> pending_;
  std::size_t pending_rows_ = 0;
};

}  // namespace thresh
