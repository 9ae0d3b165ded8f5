// Reduces one partition into a part.
#pragma once

#include <cstdint>

#include "core/messages.hpp"
#include "core/slice_stream.hpp"
#include "engine/fault_drill.hpp"
#include "engine/wave_exchange.hpp"
#include "storage/part_writer.hpp"
#include "thresh/context.hpp"
#include "thresh/job_type.hpp"

namespace thresh::engine {

// Merges the slices of the partition, those in the worker's own runs and those that came, reduces group by
// group and writes the part; does not commit it. `summary` gets the sums of what reduce took in. The
// coordinator compares them with what was sealed. Buffers for slices that are in a store take `stream_bytes`
// together.
void reduce_partition(PartitionId partition, const RunsHeld& runs, const ReceivedSlices& slices,
                      const RowFormat& format, Reducer& reducer, Context& context, FaultDrill& drill,
                      storage::PartWriter& out, PartSummary& summary, std::uint64_t stream_bytes);

}  // namespace thresh::engine
