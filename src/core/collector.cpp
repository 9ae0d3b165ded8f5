#include "core/collector.hpp"

#include "core/adaptive_table.hpp"
#include "core/combine_table.hpp"
#include "core/emit_buckets.hpp"

namespace thresh {

std::unique_ptr<Collector> make_collector(const JobType& job, ChunkPool& pool, Partitioner partitioner,
                                          std::uint64_t limit_bytes) {
  if (job.combine_batch != nullptr && slot_bytes(job.value_size) == 32) {
    return std::make_unique<AdaptiveTable<32>>(job, pool, std::move(partitioner), limit_bytes);
  }
  if (job.combine_batch != nullptr && slot_bytes(job.value_size) == 64) {
    return std::make_unique<AdaptiveTable<64>>(job, pool, std::move(partitioner), limit_bytes);
  }
  if (job.combines()) return std::make_unique<CombineTable>(job, pool, std::move(partitioner));
  return std::make_unique<EmitBuckets>(job, pool, std::move(partitioner));
}

}  // namespace thresh
