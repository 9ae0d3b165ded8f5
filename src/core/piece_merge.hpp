// A table that outgrew memory in the middle of a split left sorted pieces behind. Here they become one run.
#pragma once

#include <cstdint>
#include <vector>

#include "core/overflow.hpp"
#include "core/slice.hpp"
#include "thresh/job_type.hpp"
#include "thresh/progress.hpp"

namespace thresh {

// Slices of all partitions, and what is in them: measured before they left memory.
struct MeasuredSlices {
  std::vector<Slice> slices;
  std::vector<SliceSize> sizes;
  std::uint64_t weight = 0;  // of all rows, if the job conserves it
};
// Steps `progress` (may be null) for each.
MeasuredSlices measured(std::vector<Slice> slices, const JobType& job, Progress* progress);

// Merges the pieces partition by partition; with a combiner each key is there once afterwards. Rows that
// memory has no room for go to the store of `overflow`. Buffers of slices in a store take `stream_bytes`
// together. Steps `progress` (may be null). Throws Error{Internal} when a piece is not what it was any more.
MeasuredSlices merge_pieces(std::vector<MeasuredSlices> pieces, const JobType& job, ChunkPool& pool,
                            const Overflow& overflow, std::uint64_t stream_bytes, Progress* progress);

// What one of so many sources gets of `total_bytes` of buffers.
std::size_t stream_share(std::size_t sources, std::uint64_t total_bytes) noexcept;

}  // namespace thresh
