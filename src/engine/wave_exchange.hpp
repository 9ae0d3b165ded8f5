// A worker's side of one wave of the shuffle: which slices go where, and what came.
//
// What goes to a rank of the same host may stay where it is: that one is told where, and reads it there when
// it needs it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "comm/peer_memory.hpp"
#include "comm/rounds.hpp"
#include "core/messages.hpp"
#include "core/slice_stream.hpp"
#include "engine/fault_drill.hpp"

namespace thresh::engine {

using RunsHeld = std::map<RunId, Run>;

// Where another rank finds the stream that it is sent.
struct OfferedStream {
  std::vector<std::unique_ptr<char[]>> heads;  // that pieces are of
  std::vector<comm::RemotePiece> pieces;
};

class WaveExchange final : private comm::RoundClient {
 public:
  // Borrows everything. `offered`: what others may read until all ranks are done with the wave; as long as
  // that the runs must not change either. `loose`: what all slices are. `into` gets the slices that others
  // hold of the partitions that this worker owns in the wave (its own stay in the runs); those that memory
  // has no room for go to the store of `overflow`. Throws Error{Internal} when the plan and the runs held do
  // not agree.
  WaveExchange(comm::Communicator& comm, const comm::PeerMemory& peers, const ShuffleWave& plan,
               const RunsHeld& runs, ChunkPool& pool, const RowFormat& format, std::uint32_t partitions,
               bool loose, FaultDrill& drill, const Overflow& overflow, std::deque<OfferedStream>& offered,
               ReceivedSlices& into);

  WaveExchange(const WaveExchange&) = delete;
  WaveExchange& operator=(const WaveExchange&) = delete;
  ~WaveExchange() override;

  // Goes on without blocking with what travels; true when all of it is there. Throws what the streams throw.
  bool step();
  // Goes on with what others offered of this partition and those before it; true when all of it is there.
  // Asked for a later one each time. REQUIRES: arrived(). Throws what the streams do.
  bool read_offers(PartitionId partition);
  // Whether step() came to its end.
  bool arrived() const noexcept { return done_; }
  // Whether nothing is left to be read.
  bool all_read() const noexcept { return offers_.empty(); }
  // A rank was lost meanwhile: it will not end.
  bool lost() const noexcept { return !(done_ && all_read()) && rounds_.interrupted(); }
  // Grows as something moves.
  std::uint64_t moves() const noexcept { return rounds_.round() + reads_; }
  // Bytes of a move, at most.
  std::uint64_t bytes_of_move() const noexcept { return std::max(rounds_.bytes_of_round(), kReadBytes); }
  // Of slices, those that stay included.
  std::uint64_t sent_bytes() const noexcept { return kept_bytes_ + sent_bytes_; }
  std::uint64_t received_bytes() const noexcept { return kept_bytes_ + received_bytes_ + read_bytes_; }
  std::uint64_t read_bytes() const noexcept { return read_bytes_; }

 private:
  // How another rank finds the pieces of an OfferedStream.
  struct Offer {
    std::uint64_t address;
    std::uint64_t pieces;
  };
  static_assert(sizeof(Offer) == comm::Rounds::kOfferBytes);
  class OfferSource;
  struct Offered {
    int rank;
    Offer offer;
    std::unique_ptr<OfferSource> source;  // once it was looked at
  };
  static constexpr std::uint64_t kReadBytes = std::uint64_t{1} << 20;

  void fill(int rank, char* to, std::size_t size) override;
  void take(int rank, const char* from, std::size_t size) override;
  bool may_offer(int rank) const override { return peers_->reads(rank); }
  bool can_offer() const override;
  void offer(int rank, char* to);

  const comm::PeerMemory* peers_;
  FaultDrill* drill_;
  std::deque<OfferedStream>* offered_;
  ReceivedSlices* into_;
  std::vector<SliceSender> senders_;      // by rank
  std::vector<SliceReceiver> receivers_;  // by rank
  std::uint64_t kept_bytes_ = 0;          // of slices that this worker holds and owns
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t received_bytes_ = 0;           // in rounds
  std::uint64_t read_bytes_ = 0;               // in the memory of others
  std::vector<std::uint64_t> expected_bytes_;  // from each rank
  std::vector<Offered> offers_;                // that are not read to their end
  std::uint64_t reads_ = 0;
  bool gone_ = false;  // one that made an offer
  bool done_ = false;
  comm::Rounds rounds_;
};

}  // namespace thresh::engine
