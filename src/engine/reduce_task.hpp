// Reduces one partition into a part.
#pragma once

#include <cstdint>

#include "core/merge.hpp"
#include "core/messages.hpp"
#include "core/slice_stream.hpp"
#include "engine/fault_drill.hpp"
#include "engine/wave_exchange.hpp"
#include "storage/part_writer.hpp"
#include "thresh/context.hpp"
#include "thresh/job_type.hpp"

namespace thresh::engine {

// Borrowed while slices are merged.
struct MergeTools {
  const RowFormat& format;     // of the job
  std::uint64_t stream_bytes;  // of all buffers for slices that are in a store
  MergeMemory& memory;
};

// Merges the slices of the partition, those in the worker's own runs and those that came, reduces group by
// group and writes the part; does not commit it. `summary` gets the sums of what reduce took in. The
// coordinator compares them with what was sealed. They are told also where this throws Error{BadData}.
void reduce_partition(PartitionId partition, const RunsHeld& runs, const ReceivedSlices& slices,
                      const MergeTools& merging, Reducer& reducer, Context& context, FaultDrill& drill,
                      storage::PartWriter& out, PartSummary& summary);

}  // namespace thresh::engine
