// How much memory a rank may use, and for what.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thresh::engine {

// Bytes: the share of one of so many ranks of half of the memory that is available on this node
// (MemAvailable, or less if a control group allows less), at least 64 MiB.
std::uint64_t default_memory_budget(std::size_t ranks);

// Has large blocks that were freed go back to the system at once. By itself the C library keeps them after a
// while: a rank with a budget of 64 MiB grew to 180 MiB, most of it freed. Call it before any is allocated.
void give_freed_memory_back();

// The budget of a rank, divided. Memory of rows is recycled and never handed back, so what counts is the
// worst moment of each phase:
//   sealing      runs, the table, its sorted copy and the references that sort it     1/4 + 1/4 + 1/4 + 1/4
//   exchanging   runs, what is read of run files, what came; and the buffers of a round       1/2 + 1/4
//   reducing     runs and the wave; buffers to read the scratch file; references to rows      1/2 + 1/8 + 1/4
struct MemoryPlan {
  explicit MemoryPlan(std::uint64_t memory_bytes);

  std::uint64_t table_bytes;   // the open table: with more it is written to scratch in pieces, or sealed
  std::uint64_t runs_bytes;    // runs that stay in memory while mapping goes on
  std::uint64_t wave_bytes;    // of a wave, at one owner, as planned
  std::uint64_t rows_bytes;    // all rows, while a wave is exchanged or pieces are merged
  std::uint64_t loaded_bytes;  // all rows, once the rows of run files were read for a wave
  std::uint64_t stream_bytes;  // buffers of a merge that reads the scratch file
  std::uint64_t refs_bytes;    // that sort the rows of a partition which came in no order
  std::uint64_t round_bytes;   // buffers of a round, in each direction
};

}  // namespace thresh::engine
