#include "core/collector.hpp"

#include "core/combine_table.hpp"
#include "core/emit_buckets.hpp"

namespace thresh {

std::unique_ptr<Collector> make_collector(const JobType& job, ChunkPool& pool, std::uint32_t partitions) {
  if (job.combines()) return std::make_unique<CombineTable>(job, pool, partitions);
  return std::make_unique<EmitBuckets>(job, pool, partitions);
}

}  // namespace thresh
