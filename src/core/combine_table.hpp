// The collector of jobs with a combiner: one open-addressing hash table.
//
// A slot is 8 bytes: 32 bits of the key's hash and where the row is. A batch is looked up in three passes
// (hash and prefetch the slot, read the slot and prefetch the row, compare and combine), so that the cache
// misses of some hundred lookups overlap: a dependent one costs 135-150 ns past 16 MiB, overlapped 7-11 ns.
#pragma once

#include <string>
#include <vector>

#include "core/collector.hpp"
#include "core/huge_pages.hpp"

namespace thresh {

class CombineTable final : public Collector {
 public:
  CombineTable(const JobType& job, ChunkPool& pool, Partitioner partitioner);

  void take(const EmitBatch& batch) override;
  LookUp look_up() const override;
  std::uint64_t bytes() const noexcept override;
  std::vector<Slice> seal(const Overflow& overflow) override;

 private:
  struct Slot {
    std::uint32_t tag = 0;  // low half of the key's hash
    std::uint32_t row = kNoRow;
  };
  static constexpr std::uint32_t kNoRow = 0xffffffff;

  static const char* row_in(const std::vector<Chunk>& chunks, std::uint32_t row) noexcept;
  char* row_at(std::uint32_t row) noexcept;
  std::uint32_t add_row(std::string_view key, std::string_view value);
  void insert_or_combine(std::uint64_t hash, std::string_view key, std::string_view value);
  void combine(Slot& slot, const Row& row, std::string_view value);
  void drop_unreachable();
  void grow();
  void reset();

  ChunkPool* pool_;
  RowFormat format_;
  CombineFixed combine_fixed_;
  CombineBytes combine_bytes_;
  Partitioner partitioner_;
  HugeVector<Slot> slots_;  // a power of two
  std::size_t rows_ = 0;
  std::vector<Chunk> chunks_;
  std::uint64_t row_bytes_ = 0;
  std::uint64_t unreachable_bytes_ = 0;  // of these: rows that no slot names any more
  std::string scratch_;
};

}  // namespace thresh
