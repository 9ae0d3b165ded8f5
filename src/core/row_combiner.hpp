// Combines the staged rows of one bucket and sorts what is left into a slice.
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

// Its memory is used again for the next bucket. Rows are looked up in batches through slots of 8 bytes,
// which for one bucket fit into the cache.
class RowCombiner {
 public:
  // Borrows the pool. REQUIRES: job.combine_fixed.
  RowCombiner(const JobType& job, ChunkPool& pool);

  // Combines the rows of a bucket; what was combined before is forgotten.
  void combine(const StagedRows& staged, std::size_t bucket);
  // Appends what was combined, ordered by key.
  void append_sorted(Slice& into);

 private:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kRowAlignment = 8;

  struct Slot {
    std::uint32_t tag = 0;  // of the hash
    std::uint32_t row = 0;  // where it is, in units of kRowAlignment, and 1; 0: empty
  };
  struct Pending {
    ShortKey head;
    std::string_view key;
    const char* value;
    std::uint64_t hash;
  };

  void reserve(std::uint64_t rows, std::uint64_t key_bytes);
  void flush();
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
