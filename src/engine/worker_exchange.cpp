// The worker's part in the shuffle.
#include <fmt/format.h>

#include "engine/stopwatch.hpp"
#include "engine/worker.hpp"

namespace thresh::engine {
namespace {

// A round in which so little gets through is slow, not stuck: 1 MiB a second for each rank.
constexpr std::uint64_t kSlowestBytesPerMs = 1 << 10;

}  // namespace

void Worker::carry_out(const schedule::DropSlices&) {
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
    auto exchange = std::make_unique<WaveExchange>(tools_.comm, tools_.peers, command.plan, runs_, pool_,
                                                   format_, partitioner_.partitions(), loose, tools_.drill,
                                                   overflow_at(memory_.rows_bytes), offered_, slices_);
    Backoff backoff(longest_nap(tools_.comm.size()));
    Stillness stillness(exchange_waits_ms_);
    for (std::uint64_t moves = 0; !exchange->step();) {
      const bool moved = std::exchange(moves, exchange->moves()) != exchange->moves();
      stillness.turn(moved, std::chrono::milliseconds(exchange->bytes_of_move() / kSlowestBytesPerMs));
      tools_.pulse.step();
      poll();
      if (exchange->lost()) return tell_books(schedule::ExchangeAborted{});
      if (job_ends()) {
        abandoned_ = std::move(exchange);
        throw Error(ExitCode::StoppedEarly, "the job ended while data was exchanged");
      }
      moved ? backoff.reset() : backoff.idle();
    }
    stats_.sent_bytes += exchange->sent_bytes();
    stats_.received_bytes += exchange->received_bytes();
    stats_.read_bytes += exchange->read_bytes();
    // The others of run files are read again by nobody, once all are done with the wave.
    for (const auto& [partition, owner] : command.plan.owners) {
      if (owner != self_) sent_.push_back(partition);
    }
    tell_books(schedule::WaveExchanged{command.plan.wave});
  } catch (...) {
    tell_books(schedule::TaskFailed{explain("exchanging data")});
  }
}

// What the coordinator asks for next says that no rank reads any more what another one sent in a wave.
void Worker::end_wave() {
  offered_.clear();
  unload(std::exchange(sent_, {}), filed_, runs_);
}

// An exchange ends by itself when a rank is lost, before a message of the next generation is read.
void Worker::carry_out(const schedule::AbortExchange&) {
  throw Error(ExitCode::Internal, "an exchange is to be abandoned, and none is under way");
}

}  // namespace thresh::engine
