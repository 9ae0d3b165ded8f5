#include "engine/open_table.hpp"

#include <utility>

#include "engine/blame.hpp"

namespace thresh::engine {

OpenTable::OpenTable(const JobType& job_type, ChunkPool& pool, const Partitioner& partitioner,
                     std::uint64_t limit_bytes, SliceStore& store, Pulse& pulse)
    : job(&job_type),
      rows_pool(&pool),
      collector(make_collector(job_type, pool, partitioner, limit_bytes)),
      sink(*collector, limit_bytes,
           [this, limit_bytes, &store, &pulse] {
             const BlameNoRecord engine_at_work;
             shed(limit_bytes, store, pulse);
           }),
      emits(sink),
      mapper(job_type.make_mapper()),
      context(pulse, counters, nullptr) {}

void OpenTable::shed(std::uint64_t limit_bytes, SliceStore& store, Progress& progress) {
  if (collector->bytes() <= limit_bytes || collector->spill(store, progress)) return;
  const Overflow overflow(*rows_pool, store, row_format(*job), limit_bytes);
  MeasuredSlices piece = measured(collector->seal(overflow), *job, &progress);
  for (Slice& slice : piece.slices) {
    slice.spill(store, *rows_pool, row_format(*job), &progress);
  }
  pieces.push_back(std::move(piece));
}

}  // namespace thresh::engine
