// Turning an open table into a run, and the first page of the ledger: nothing was lost on the way.
#pragma once

#include "core/collector.hpp"
#include "core/overflow.hpp"
#include "core/piece_merge.hpp"
#include "engine/fault_drill.hpp"
#include "engine/pulse.hpp"
#include "schedule/worker_books.hpp"
#include "thresh/job_type.hpp"

namespace thresh::engine {

// Borrowed while a run is sealed.
struct SealTools {
  const JobType& job;
  ChunkPool& pool;
  Pulse& pulse;
  FaultDrill& drill;
  Overflow overflow;           // for a run that is put together of pieces
  std::uint64_t stream_bytes;  // of buffers to read them
  bool may_hand_over;          // rows may wait to be combined, as there is memory for them
  Receivers receivers;
};

// The rows of `table`, which is empty then, and of the pieces that it left behind before; the run's counters
// are left to the caller. Throws Error{Internal} when the rows are not what the splits emitted: such a run
// must reach neither a file nor the shuffle.
Run seal_run(const schedule::SealTable& command, Collector& table, std::vector<MeasuredSlices> pieces,
             const SealTools& tools);

}  // namespace thresh::engine
