// A worker's side of one wave of the shuffle: which slices go where, and what came.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "comm/rounds.hpp"
#include "core/messages.hpp"
#include "core/slice_stream.hpp"
#include "engine/fault_drill.hpp"

namespace thresh::engine {

using RunsHeld = std::map<RunId, Run>;

class WaveExchange final : private comm::RoundClient {
 public:
  // Borrows everything. `loose`: what all slices are. `into` gets the slices that others hold of the
  // partitions that this worker owns in the wave (its own stay in the runs); those that memory has no room
  // for go to the store of `overflow`. Throws Error{Internal} when the plan and the runs held do not agree.
  WaveExchange(comm::Communicator& comm, const ShuffleWave& plan, const RunsHeld& runs, ChunkPool& pool,
               const RowFormat& format, std::uint32_t partitions, bool loose, FaultDrill& drill,
               const Overflow& overflow, ReceivedSlices& into);

  // Goes on without blocking; true at the end. Throws what the streams throw.
  bool step();
  // A rank was lost meanwhile: it will not end.
  bool lost() const noexcept { return rounds_.lost(); }
  std::uint64_t round() const noexcept { return rounds_.round(); }
  std::uint64_t bytes_of_round() const noexcept { return rounds_.bytes_of_round(); }
  // Of slices, those that stay included.
  std::uint64_t sent_bytes() const noexcept { return kept_bytes_ + sent_bytes_; }
  std::uint64_t received_bytes() const noexcept { return kept_bytes_ + received_bytes_; }

 private:
  void fill(int rank, char* to, std::size_t size) override;
  void take(int rank, const char* from, std::size_t size) override;

  FaultDrill* drill_;
  ReceivedSlices* into_;
  std::vector<SliceSender> senders_;      // by rank
  std::vector<SliceReceiver> receivers_;  // by rank
  std::uint64_t kept_bytes_ = 0;          // of slices that this worker holds and owns
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t received_bytes_ = 0;
  comm::Rounds rounds_;
};

}  // namespace thresh::engine
