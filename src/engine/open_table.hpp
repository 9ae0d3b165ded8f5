// The open table of a worker's current run, and what maps into it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/collector.hpp"
#include "core/partitioner.hpp"
#include "core/piece_merge.hpp"
#include "core/slice_store.hpp"
#include "engine/pulse.hpp"
#include "thresh/context.hpp"
#include "thresh/emit_batch.hpp"
#include "thresh/job_type.hpp"

namespace thresh::engine {

// Between the emits and the collector: a block of records may emit many times its size, and what is too much
// is shed within it.
class BoundedSink final : public EmitSink {
 public:
  // `shed` makes the collector smaller, if it can. Borrows the collector.
  BoundedSink(Collector& collector, std::uint64_t limit_bytes, std::function<void()> shed)
      : collector_(&collector), limit_(limit_bytes + kSlack), shed_(std::move(shed)) {}
  void take(const EmitBatch& batch) override {
    collector_->take(batch);
    if (collector_->bytes() > limit_) [[unlikely]] {
      shed_();
      limit_ = std::max(limit_, collector_->bytes() + kSlack);  // some of it always stays
    }
  }
  LookUp look_up() const override { return collector_->look_up(); }

 private:
  // The table is looked at behind each block anyway, and a piece has a cost of its own.
  static constexpr std::uint64_t kSlack = std::uint64_t{4} << 20;

  Collector* collector_;
  std::uint64_t limit_;
  std::function<void()> shed_;
};

struct OpenTable {
  // Borrows everything.
  OpenTable(const JobType& job_type, ChunkPool& pool, const Partitioner& partitioner,
            std::uint64_t limit_bytes, SliceStore& store, Pulse& pulse);
  OpenTable(const OpenTable&) = delete;
  OpenTable& operator=(const OpenTable&) = delete;

  // Whether it is to be sealed at the end of the split at hand: it holds more than the limit, or so much is
  // in the store that a bucket of it might not fit into memory, or that a worker which is told to end might
  // not have the time to combine it.
  bool full(std::uint64_t limit_bytes) const noexcept {
    const std::uint64_t most_spilled = std::min(16 * limit_bytes, std::uint64_t{2} << 30);
    return !pieces.empty() || collector->bytes() > limit_bytes || collector->spilled_bytes() > most_spilled;
  }
  // If the table holds more than the limit, it goes to the store: as it is, if the collector can, or as a
  // sorted piece. REQUIRES: no emit is uncommitted.
  void shed(std::uint64_t limit_bytes, SliceStore& store, Progress& progress);

  const JobType* job;
  ChunkPool* rows_pool;
  std::unique_ptr<Collector> collector;
  BoundedSink sink;
  EmitBatch emits;
  std::unique_ptr<Mapper> mapper;
  Counters counters;
  Context context;
  std::vector<MeasuredSlices> pieces;  // of the table, each once larger than the limit; in the store
  bool broken = false;                 // a split failed half-way: the table holds a part of it
};

}  // namespace thresh::engine
