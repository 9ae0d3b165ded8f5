#include "engine/wave_exchange.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>
#include <vector>

#include "engine/logging.hpp"
#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

// What travels: a worker that owns nothing gets no counts, and what it owns itself stays where it is.
std::vector<std::uint64_t> others_alone(std::vector<std::uint64_t> counts, const comm::Communicator& comm) {
  counts.resize(static_cast<std::size_t>(comm.size()), 0);
  counts[static_cast<std::size_t>(comm.rank())] = 0;
  return counts;
}

[[noreturn]] void end_within_slice() {
  throw Error(ExitCode::Internal, "the shuffle ended in the middle of a slice");
}

}  // namespace

// A stream in the memory of the rank that sends it.
class WaveExchange::OfferSource final : public ByteSource {
 public:
  // Borrows the memory. `bytes`: of the stream. Throws what reading throws.
  OfferSource(const comm::PeerMemory& peers, int rank, const Offer& offer, std::uint64_t bytes)
      : peers_(&peers), rank_(rank), left_(bytes) {
    if (offer.pieces > bytes) throw Error(ExitCode::Internal, "a stream has more pieces than bytes");
    pieces_.resize(offer.pieces);
    const std::uint64_t size = offer.pieces * sizeof(comm::RemotePiece);
    std::vector<comm::RemotePiece> list{{offer.address, size}};
    std::size_t at = 0;
    peers.read(rank, list, at, reinterpret_cast<char*>(pieces_.data()), size);
    std::uint64_t there = 0;
    bool all_have_bytes = true;
    for (const comm::RemotePiece& piece : pieces_) {
      there += piece.size;
      all_have_bytes = all_have_bytes && piece.size > 0;
    }
    if (there != bytes || !all_have_bytes)
      throw Error(ExitCode::Internal,
                  fmt::format("rank {} offers {} bytes, the shuffle plan {}", rank, there, bytes));
  }
  std::uint64_t left() const noexcept override { return left_; }
  std::size_t whole_rows() const noexcept override { return static_cast<std::size_t>(pieces_[at_].size); }
  void read(char* to, std::size_t size) override {
    peers_->read(rank_, pieces_, at_, to, size);
    left_ -= size;
  }

 private:
  const comm::PeerMemory* peers_;
  int rank_;
  std::uint64_t left_;
  std::vector<comm::RemotePiece> pieces_;
  std::size_t at_ = 0;  // what is before is read
};

WaveExchange::WaveExchange(comm::Communicator& comm, const comm::PeerMemory& peers, const ShuffleWave& plan,
                           const RunsHeld& runs, ChunkPool& pool, const RowFormat& format,
                           std::uint32_t partitions, bool loose, FaultDrill& drill, const Overflow& overflow,
                           std::deque<OfferedStream>& offered, ReceivedSlices& into)
    : peers_(&peers),
      drill_(&drill),
      offered_(&offered),
      into_(&into),
      senders_(static_cast<std::size_t>(comm.size())),
      expected_bytes_(others_alone(plan.receive_bytes, comm)),
      rounds_(comm, *this, {plan.rounds, plan.round_bytes, plan.reads}, others_alone(plan.send_bytes, comm),
              expected_bytes_) {
  receivers_.reserve(senders_.size());
  for (std::size_t rank = 0; rank < senders_.size(); ++rank)
    receivers_.emplace_back(pool, format, partitions, loose, overflow);
  const auto self = static_cast<WorkerId>(comm.rank());
  for (const auto& [partition, owner] : plan.owners) {
    for (const auto& [id, run] : runs) {
      if (owner == self) {
        kept_bytes_ += run.summary.slices[partition].wire_bytes();
      } else {
        senders_.at(owner).add(run, partition);
      }
    }
  }
  for (std::size_t rank = 0; rank < senders_.size(); ++rank) {
    const std::uint64_t held = rank == self ? kept_bytes_ : senders_[rank].bytes_left();
    if (held != plan.send_bytes[rank]) {
      throw Error(ExitCode::Internal,
                  fmt::format("the shuffle plan wants {} bytes for rank {}, the runs hold {}",
                              plan.send_bytes[rank], rank, held));
    }
  }
  if (plan.rounds == 0) {  // a worker alone: nothing travels
    drill.reach("shuffle");
    drill.reach("receive");
  }
}

WaveExchange::~WaveExchange() = default;

bool WaveExchange::step() {
  if (!rounds_.step()) return false;
  for (const SliceReceiver& receiver : receivers_) {
    if (!receiver.at_boundary()) end_within_slice();
  }
  rounds_.release();  // what was offered may be read until the last partition is reduced
  done_ = true;
  return true;
}

bool WaveExchange::can_offer() const {
  if (!peers_->known() || drill_->will_corrupt("shuffle")) return false;  // which are bytes that travel
  for (std::size_t rank = 0; rank < senders_.size(); ++rank) {
    if (may_offer(static_cast<int>(rank)) && !senders_[rank].in_memory()) return false;
  }
  return true;
}

void WaveExchange::offer(int rank, char* to) {
  const SliceSender& sender = senders_[static_cast<std::size_t>(rank)];
  StreamPieces stream = sender.pieces();
  OfferedStream& offered = offered_->emplace_back();
  offered.heads = std::move(stream.heads);
  for (const std::string_view piece : stream.pieces)
    offered.pieces.push_back({reinterpret_cast<std::uintptr_t>(piece.data()), piece.size()});
  const Offer offer{reinterpret_cast<std::uintptr_t>(offered.pieces.data()), offered.pieces.size()};
  std::memcpy(to, &offer, sizeof offer);
  sent_bytes_ += sender.bytes_left();
}

void WaveExchange::fill(int rank, char* to, std::size_t size) {
  if (rounds_.offers(rank)) {
    offer(rank, to);
    drill_->reach("shuffle");
    return;
  }
  if (senders_[static_cast<std::size_t>(rank)].fill(to, size) != size) {
    throw Error(ExitCode::Internal, "the shuffle plan asks for more than the runs hold");
  }
  sent_bytes_ += size;
  drill_->reach("shuffle", to, size);
}

void WaveExchange::take(int rank, const char* from, std::size_t size) {
  if (rounds_.offers(rank)) {
    Offer offer{};
    std::memcpy(&offer, from, sizeof offer);
    offers_.push_back({rank, offer, nullptr});
    return;
  }
  received_bytes_ += size;
  drill_->reach("receive");
  receivers_[static_cast<std::size_t>(rank)].take({from, size}, *into_);
}

// A rank that is gone will be missed by MPI as well: until then nothing moves.
bool WaveExchange::read_offers(PartitionId partition) {
  // A stream has its slices by partition.
  const auto next = std::find_if(offers_.begin(), offers_.end(), [&](const Offered& offered) {
    return receivers_[static_cast<std::size_t>(offered.rank)].partition() <= partition;
  });
  if (gone_ || next == offers_.end()) return !gone_;
  const auto rank = static_cast<std::size_t>(next->rank);
  try {
    if (!next->source) {
      next->source = std::make_unique<OfferSource>(*peers_, next->rank, next->offer, expected_bytes_[rank]);
    }
    const std::uint64_t before = next->source->left();
    receivers_[rank].take(*next->source, kReadBytes, *into_, partition);
    read_bytes_ += before - next->source->left();
  } catch (const comm::PeerGone& gone) {
    if (gone.alive) {
      log_warning(
          fmt::format("cannot read what worker {} offers; if nobody says soon that it is lost, "
                      "--no-host-reads does without",
                      rank));
    }
    gone_ = true;
    return false;
  }
  drill_->reach("receive");
  ++reads_;
  if (next->source->left() == 0) {
    if (!receivers_[rank].at_boundary()) end_within_slice();
    offers_.erase(next);
  }
  return false;
}

}  // namespace thresh::engine
