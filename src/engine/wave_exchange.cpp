#include "engine/wave_exchange.hpp"

#include <fmt/format.h>

#include <vector>

#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

// What travels: a worker that owns nothing gets no counts, and what it owns itself stays where it is.
std::vector<std::uint64_t> others_alone(std::vector<std::uint64_t> counts, const comm::Communicator& comm) {
  counts.resize(static_cast<std::size_t>(comm.size()), 0);
  counts[static_cast<std::size_t>(comm.rank())] = 0;
  return counts;
}

}  // namespace

WaveExchange::WaveExchange(comm::Communicator& comm, const ShuffleWave& plan, const RunsHeld& runs,
                           ChunkPool& pool, const RowFormat& format, std::uint32_t partitions, bool loose,
                           FaultDrill& drill, const Overflow& overflow, ReceivedSlices& into)
    : drill_(&drill),
      into_(&into),
      senders_(static_cast<std::size_t>(comm.size())),
      rounds_(comm, *this, plan.rounds, plan.round_bytes, others_alone(plan.send_bytes, comm),
              others_alone(plan.receive_bytes, comm)) {
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
