#include "engine/open_table.hpp"

#include <utility>

namespace thresh::engine {

OpenTable::OpenTable(const JobType& job, ChunkPool& pool, const Partitioner& partitioner,
                     std::uint64_t limit_bytes, Pulse& pulse)
    : rows_pool(&pool),
      format(job.value_size),
      collector(make_collector(job, pool, partitioner, limit_bytes)),
      emits(*collector),
      mapper(job.make_mapper()),
      context(pulse, counters, nullptr) {}

void OpenTable::shed(std::uint64_t limit_bytes, SliceStore& store, Progress& progress) {
  if (collector->bytes() <= limit_bytes || collector->spill(store)) return;
  MeasuredSlices piece = measured(collector->seal(), format);
  for (Slice& slice : piece.slices) {
    slice.spill(store, *rows_pool, format);
    progress.step();
  }
  pieces.push_back(std::move(piece));
}

}  // namespace thresh::engine
