// The worker's part in the shuffle.
#include <fmt/format.h>

#include <algorithm>

#include "engine/stopwatch.hpp"
#include "engine/worker.hpp"

namespace thresh::engine {
namespace {

// A round in which so little gets through is slow, not stuck: 1 MiB a second for each rank.
constexpr std::uint64_t kSlowestBytesPerMs = 1 << 10;

}  // namespace

void Worker::carry_out(const schedule::DropSlices&) {
  exchange_.reset();
  slices_.clear();
}

void Worker::carry_out(const schedule::Exchange& command) {
  const Stopwatch stopwatch(stats_.shuffle_ns);
  tools_.watchdog.doing(fmt::format("exchanging wave {} of the shuffle", command.plan.wave));
  end_wave();
  try {
    table_.reset();  // mapping is over: its memory goes back to the pool
    spilled_to_ = {};
    const bool loose = !job_->combines();
    load_wave(command.plan, filed_, pool_, loose, overflow_at(memory_.loaded_bytes), tools_.pulse, runs_);
    // A rank was lost since it was asked for: the others do not begin it any more.
    if (tools_.comm.repairs() != repairs_at_wave_) return tell_books(schedule::ExchangeAborted{});
    exchange_ = std::make_unique<WaveExchange>(tools_.comm, tools_.peers, command.plan, runs_, pool_, format_,
                                               partitioner_.partitions(), loose, tools_.drill,
                                               overflow_at(memory_.rows_bytes), offered_, slices_);
    if (!exchange_until([this] { return exchange_->step(); })) return tell_books(schedule::ExchangeAborted{});
    stats_.sent_bytes += exchange_->sent_bytes();
    stats_.received_bytes += exchange_->received_bytes();
    // The others of run files are read again by nobody, once all are done with the wave.
    for (const auto& [partition, owner] : command.plan.owners) {
      if (owner != self_) sent_.push_back(partition);
    }
    if (exchange_->all_read()) exchange_.reset();
    tell_books(schedule::WaveExchanged{command.plan.wave});
  } catch (...) {
    tell_books(schedule::TaskFailed{explain("exchanging data")});
  }
}

// False if a rank was lost; or the job ends, when all that travels is there.
template <class Done>
bool Worker::exchange_until(Done done) {
  Backoff backoff(longest_nap(tools_.comm.size()));
  Stillness stillness(exchange_waits_ms_);
  // Before each look at done(): the memory of others must not be read any more once a rank is lost.
  for (std::uint64_t moves = 0;;) {
    if (exchange_->lost()) return false;
    if (done()) return true;
    const bool moved = std::exchange(moves, exchange_->moves()) != exchange_->moves();
    stillness.turn(moved, std::chrono::milliseconds(exchange_->bytes_of_move() / kSlowestBytesPerMs));
    tools_.pulse.step();
    poll();
    if (job_ends()) {
      if (exchange_->arrived()) return false;
      abandoned_ = std::move(exchange_);
      throw Error(ExitCode::StoppedEarly, "the job ended while data was exchanged");
    }
    moved ? backoff.reset() : backoff.idle();
  }
}

// By all other workers, in the memory of this one.
bool Worker::is_readable() const {
  const std::vector<int>& members = tools_.comm.members();
  const auto reads_it = [this](int rank) {  // rank 0 is no worker where there is another one
    return rank == 0 || rank == static_cast<int>(self_) || tools_.peers.reads(rank);
  };
  const auto in_memory = [](const Slice& slice) { return slice.stored().size() == 0; };
  return tools_.peers.known() && !tools_.drill.will_corrupt("shuffle") && filed_.empty() &&
         std::all_of(members.begin(), members.end(), reads_it) &&
         std::all_of(runs_.begin(), runs_.end(), [&](const auto& held) {
           const std::vector<Slice>& slices = held.second.slices;
           return std::all_of(slices.begin(), slices.end(), in_memory);
         });
}

// What others offered of the partition. False if a rank was lost, and the others do not go on with the wave
// either, or if the job ends.
bool Worker::read_offers(PartitionId partition) {
  if (!exchange_) return true;
  const Stopwatch stopwatch(stats_.shuffle_ns);
  tools_.watchdog.doing(fmt::format("reading rows of partition {} from other ranks", partition));
  const std::uint64_t before = exchange_->read_bytes();
  const bool all = exchange_until([&] {
    if (std::chrono::milliseconds(exchange_waits_ms_) >= options_->peer_timeout)
      throw Error(ExitCode::StoppedEarly, "the memory of another rank could not be read any more");
    return exchange_->read_offers(partition);
  });
  stats_.read_bytes += exchange_->read_bytes() - before;
  stats_.received_bytes += exchange_->read_bytes() - before;
  if (exchange_->all_read()) exchange_.reset();
  return all;
}

// No rank reads any more what this one sent in a wave.
void Worker::end_wave() {
  exchange_.reset();
  offered_.clear();
  unload(std::exchange(sent_, {}), filed_, runs_);
}

// An exchange ends by itself when a rank is lost, before a message of the next generation is read.
void Worker::carry_out(const schedule::AbortExchange&) {
  throw Error(ExitCode::Internal, "an exchange is to be abandoned, and none is under way");
}

}  // namespace thresh::engine
