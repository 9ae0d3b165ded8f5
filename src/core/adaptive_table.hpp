// The collector of jobs that combine small values of a fixed size. It adapts to what combining achieves:
//
//   Table    one table of keys and values. Ends when it would outgrow kTableBytes and has combined little,
//            when it is full and may not grow, or when it is to be spilled and has combined little.
//   Cached   a table that fits into the second-level cache, in front of buckets that are combined when they
//            are sealed. Ends when the cache hits seldom.
//   Buckets  the buckets alone.
//
// The way it went is kept for the next run. What waits in buckets may wait in a store: to combine it once is
// much less work than to combine, sort and merge what memory holds at a time. Of 17.5 million distinct words
// a single table made 18 GB and 25 s, buckets 1.7-2.5 s; of a million the table is the fastest.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/collector.hpp"
#include "core/combining_cache.hpp"
#include "core/inline_table.hpp"
#include "core/key_ranges.hpp"
#include "core/partitioner.hpp"
#include "core/row_combiner.hpp"
#include "core/staged_rows.hpp"

namespace thresh {

template <std::size_t kSlotBytes>
class AdaptiveTable final : public Collector {
 public:
  // Borrows the pool. `limit_bytes`: what the table may hold before it is sealed. REQUIRES: job.combine_fixed
  // and slot_bytes(job.value_size) == kSlotBytes.
  AdaptiveTable(const JobType& job, ChunkPool& pool, Partitioner partitioner, std::uint64_t limit_bytes);

  void take(const EmitBatch& batch) override;
  LookUp look_up() const override { return mode_ == Mode::Table ? table_.look_up() : LookUp{}; }
  std::uint64_t bytes() const noexcept override;
  std::vector<Slice> seal(const Overflow& overflow) override;
  std::optional<MeasuredSlices> hand_over(const Receivers& receivers) override;
  bool spill(SliceStore& store, Progress& progress) override;
  std::uint64_t spilled_bytes() const noexcept override { return staged_.stored_bytes(); }

 private:
  enum class Mode { Table, Cached, Buckets };
  static constexpr std::size_t kMostPending = 64;

  void put_in_table(const EmitBatch& batch);
  void put_in_cache(const EmitBatch& batch);
  void combine_later(char* into, const char* from);
  void put_in_buckets(const EmitBatch& batch);
  std::size_t bucket_of(std::uint64_t hash, std::uint64_t prefix, std::string_view key) const;
  void stage(std::uint64_t hash, std::uint64_t prefix, std::string_view key, const char* value);
  void combine_pending();
  void adapt(std::size_t more);
  void leave_table();
  void use_ranges(unsigned shift);
  void cut_ranges();
  void stage_table();
  void leave_cache();
  void empty_cache();
  std::vector<Slice> seal_table();
  std::vector<Slice> seal_buckets(const Overflow& overflow);
  void seal_bucket(StagedRows& staged, std::size_t bucket, bool divides, RowCombiner& combiner,
                   const Overflow& overflow, Slice& slice) const;
  StagedRows divide(StagedRows& staged, std::size_t bucket) const;
  std::size_t buckets() const noexcept { return KeyRanges::kRanges >> range_shift_; }  // of a partition
  std::size_t most_rows_of_bucket() const noexcept;
  bool combining_is_worthwhile(std::uint32_t partition);
  Slice staged_slice(std::uint32_t partition, SliceSize& size, std::uint64_t& weight);

  const JobType* job_;
  ChunkPool* pool_;
  RowFormat format_;
  std::uint64_t limit_bytes_;
  Partitioner partitioner_;
  Mode mode_ = Mode::Table;
  InlineTable table_;
  CombiningCache<kSlotBytes> cache_;
  KeyRanges ranges_;
  unsigned range_shift_;  // so many ranges in a bucket, as a power of two
  StagedRows staged_;
  std::uint64_t emits_ = 0;          // in the table
  std::vector<std::uint32_t> left_;  // emits of a batch whose keys are too long for a slot

  // Values to be combined, together.
  std::vector<char*> into_;
  std::vector<const char*> from_;
  std::size_t pending_ = 0;
};

}  // namespace thresh
