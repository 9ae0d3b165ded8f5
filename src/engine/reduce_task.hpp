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

// Of a partition: those in the worker's own runs and those that came. Without those that are empty.
std::vector<Slice*> slices_of(PartitionId partition, RunsHeld& runs, ReceivedSlices& slices);

// About how many rows of slices that are not combined have no order: a merge has a reference to each.
std::uint64_t loose_rows(const std::vector<Slice*>& slices, const RowFormat& format);

// Merges the slices of a partition, reduces group by group and writes the part; does not commit it. `summary`
// gets the sums of what reduce took in. The coordinator compares them with what was sealed. They are told
// also where this throws Error{BadData}.
void reduce_partition(const std::vector<Slice*>& slices, const MergeTools& merging, Reducer& reducer,
                      Context& context, FaultDrill& drill, storage::PartWriter& out, PartSummary& summary);

}  // namespace thresh::engine
