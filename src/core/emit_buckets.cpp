#include "core/emit_buckets.hpp"

#include <utility>

namespace thresh {

EmitBuckets::EmitBuckets(const JobType& job, ChunkPool& pool, Partitioner partitioner)
    : Collector(job),
      pool_(&pool),
      format_(job.value_size),
      partitioner_(std::move(partitioner)),
      buckets_(partitioner_.partitions()),
      sizes_(partitioner_.partitions()) {}

void EmitBuckets::take(const EmitBatch& batch) {
  std::uint64_t hash_sum = 0;
  for (std::size_t i = 0; i < batch.committed(); ++i) {
    const EmitBatch::Emit& emit = batch.emits()[i];
    const std::string_view key = batch.key(emit);
    const std::string_view value = batch.value(emit);
    const std::uint32_t partition = partitioner_.of(emit.hash, key);
    buckets_[partition].append(*pool_, format_, key, value);
    const std::uint64_t hash = format_.hash(emit.hash, value);
    SliceSize& size = sizes_[partition];
    size.rows += 1;
    size.bytes += format_.row_size(key.size(), value.size());
    size.hash_sum += hash;
    hash_sum += hash;
    bytes_ += format_.row_size(key.size(), value.size());
  }
  count_hashed(batch, hash_sum);
}

std::vector<Slice> EmitBuckets::seal(const Overflow&) {
  for (Slice& bucket : buckets_) bucket.set_loose();
  bytes_ = 0;
  sizes_.assign(sizes_.size(), SliceSize{});
  return std::exchange(buckets_, std::vector<Slice>(partitioner_.partitions()));
}

std::optional<MeasuredSlices> EmitBuckets::hand_over(const Receivers&) {
  if (weighs()) return std::nullopt;  // their weights were not summed up
  MeasuredSlices all;
  all.sizes = sizes_;
  all.slices = seal({});
  return all;
}

}  // namespace thresh
