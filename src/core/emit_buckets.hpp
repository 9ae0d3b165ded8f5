// The collector of jobs without a combiner: rows appended to a bucket a partition, sorted by who reduces
// them. They are measured as they come.
#pragma once

#include "core/collector.hpp"

namespace thresh {

class EmitBuckets final : public Collector {
 public:
  EmitBuckets(const JobType& job, ChunkPool& pool, Partitioner partitioner);

  void take(const EmitBatch& batch) override;
  std::uint64_t bytes() const noexcept override { return bytes_; }
  std::vector<Slice> seal(const Overflow& overflow) override;
  std::optional<MeasuredSlices> hand_over(const Receivers& receivers) override;

 private:
  ChunkPool* pool_;
  RowFormat format_;
  Partitioner partitioner_;
  std::vector<Slice> buckets_;
  std::vector<SliceSize> sizes_;
  std::uint64_t bytes_ = 0;
};

}  // namespace thresh
