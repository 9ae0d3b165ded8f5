#include "core/emit_buckets.hpp"

#include "core/row_sort.hpp"

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

std::vector<Slice> EmitBuckets::seal() {
  std::vector<Slice> slices(buckets_.size());
  std::vector<RowRef> rows;
  for (std::size_t p = 0; p < buckets_.size(); ++p) {
    rows.clear();
    SliceCursor cursor(buckets_[p], format_);
    for (Row row; cursor.next(row);) rows.push_back({key_prefix(row.key), cursor.begin()});
    sort_rows(rows, format_);
    for (const RowRef& ref : rows) {
      const Row row = format_.read(ref.row);
      slices[p].append(*pool_, format_, row.key, row.value);
    }
    buckets_[p] = Slice();
  }
  bytes_ = 0;
  return slices;
}

}  // namespace thresh
