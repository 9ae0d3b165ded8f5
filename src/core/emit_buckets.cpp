#include "core/emit_buckets.hpp"

#include <utility>

namespace thresh {

EmitBuckets::EmitBuckets(const JobType& job, ChunkPool& pool, Partitioner partitioner)
    : Collector(job),
      pool_(&pool),
      format_(job.value_size),
      partitioner_(std::move(partitioner)),
      buckets_(partitioner_.partitions()) {}

void EmitBuckets::take(const EmitBatch& batch) {
  count(batch);
  for (std::size_t i = 0; i < batch.committed(); ++i) {
    const EmitBatch::Emit& emit = batch.emits()[i];
    const std::string_view key = batch.key(emit);
    const std::string_view value = batch.value(emit);
    buckets_[partitioner_.of(emit.hash, key)].append(*pool_, format_, key, value);
    bytes_ += format_.row_size(key.size(), value.size());
  }
}

std::vector<Slice> EmitBuckets::seal(const Overflow&) {
  for (Slice& bucket : buckets_) bucket.set_loose();
  bytes_ = 0;
  return std::exchange(buckets_, std::vector<Slice>(partitioner_.partitions()));
}

}  // namespace thresh
