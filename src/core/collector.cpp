#include "core/collector.hpp"

#include "core/adaptive_table.hpp"
#include "core/combine_table.hpp"
#include "core/emit_buckets.hpp"

namespace thresh {

std::unique_ptr<Collector> make_collector(const JobType& job, ChunkPool& pool, std::uint32_t partitions) {
  if (job.combine_fixed != nullptr && job.value_size <= AdaptiveTable<32>::kMostValueBytes) {
    return std::make_unique<AdaptiveTable<32>>(job, pool, partitions);
  }
  if (job.combine_fixed != nullptr && job.value_size <= AdaptiveTable<64>::kMostValueBytes) {
    return std::make_unique<AdaptiveTable<64>>(job, pool, partitions);
  }
  if (job.combines()) return std::make_unique<CombineTable>(job, pool, partitions);
  return std::make_unique<EmitBuckets>(job, pool, partitions);
}

}  // namespace thresh
