#include "core/collector.hpp"

#include "core/combine_table.hpp"
#include "core/emit_buckets.hpp"

namespace thresh {

std::unique_ptr<Collector> make_collector(const JobType& job, ChunkPool& pool, Partitioner partitioner) {
  if (job.combines()) return std::make_unique<CombineTable>(job, pool, std::move(partitioner));
  return std::make_unique<EmitBuckets>(job, pool, std::move(partitioner));
}

}  // namespace thresh
