#include "engine/wave_exchange.hpp"

#include <fmt/format.h>

#include <vector>

#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

// A worker that owns nothing gets no counts.
std::vector<std::uint64_t> one_a_rank(std::vector<std::uint64_t> counts, const comm::Communicator& comm) {
  if (counts.empty()) counts.resize(static_cast<std::size_t>(comm.size()), 0);
  return counts;
}

}  // namespace

WaveExchange::WaveExchange(const comm::Communicator& comm, const ShuffleWave& plan, const RunsHeld& runs,
                           ChunkPool& pool, const RowFormat& format, std::uint32_t partitions,
                           FaultDrill& drill, const Overflow& overflow, ReceivedSlices& into)
    : drill_(&drill),
      into_(&into),
      senders_(static_cast<std::size_t>(comm.size())),
      rounds_(comm, *this, plan.rounds, plan.round_bytes, plan.send_bytes,
              one_a_rank(plan.receive_bytes, comm)) {
  receivers_.reserve(senders_.size());
  for (std::size_t rank = 0; rank < senders_.size(); ++rank)
    receivers_.emplace_back(pool, format, partitions, overflow);
  for (const auto& [partition, owner] : plan.owners) {
    for (const auto& [id, run] : runs) senders_.at(owner).add(run, partition);
  }
  for (std::size_t rank = 0; rank < senders_.size(); ++rank) {
    if (senders_[rank].bytes_left() != plan.send_bytes[rank]) {
      throw Error(ExitCode::Internal,
                  fmt::format("the shuffle plan wants {} bytes for rank {}, the runs hold {}",
                              plan.send_bytes[rank], rank, senders_[rank].bytes_left()));
    }
  }
}

bool WaveExchange::step() {
  const bool done = rounds_.step();
  if (done) {
    for (const SliceReceiver& receiver : receivers_) {
      if (!receiver.at_boundary())
        throw Error(ExitCode::Internal, "the shuffle ended in the middle of a slice");
    }
  }
  return done;
}

void WaveExchange::fill(int rank, char* to, std::size_t size) {
  if (senders_[static_cast<std::size_t>(rank)].fill(to, size) != size) {
    throw Error(ExitCode::Internal, "the shuffle plan asks for more than the runs hold");
  }
  sent_bytes_ += size;
  drill_->reach("shuffle", to, size);
}

void WaveExchange::take(int rank, const char* from, std::size_t size) {
  received_bytes_ += size;
  drill_->reach("receive");
  receivers_[static_cast<std::size_t>(rank)].take({from, size}, *into_);
}

}  // namespace thresh::engine
