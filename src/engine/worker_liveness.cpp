// That the worker lives, as rank 0 hears it, and that rank 0 does, as the worker hears it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "engine/process_usage.hpp"
#include "engine/signals.hpp"
#include "engine/worker.hpp"
#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

using Clock = std::chrono::steady_clock;

// For the end of the split that is being mapped when the job ends: most are done by then.
constexpr std::chrono::milliseconds kMostForSplit{5000};

// The rank that waited longest would otherwise not be alone in saying so: mpirun needs about a second to
// end the others, so each of the first ranks waits that much longer than the one before it.
std::chrono::milliseconds stagger(WorkerId self) {
  return std::chrono::seconds(2) * std::min<WorkerId>(self - 1, 30);
}

}  // namespace

std::chrono::milliseconds Worker::beat_interval() const {
  return std::min<std::chrono::milliseconds>(std::chrono::seconds(1), options_->peer_timeout / 5);
}

// A heartbeat at most each fifth of the peer timeout and each second.
void Worker::beat() {
  if (Clock::now() - last_beat_ < beat_interval()) return;
  last_beat_ = Clock::now();
  stats_.peak_memory_bytes = peak_memory_bytes();
  stats_.cpu_ns = cpu_ns();
  say(Heartbeat{books_.generation(), stats_, exchange_waits_ms_});
}

// Whether there is still time to save what is not in a file, instead of waiting for peers.
bool Worker::job_ends() const {
  // Where the job goes on without this worker, an exchange that is under way is its business as well.
  if (!tools_.comm.survives_losses() && !directs() && !leave_told_ && stop_signal()) return true;
  return std::any_of(inbox_.begin(), inbox_.end(), [](const Message& message) {
    return std::holds_alternative<SaveRuns>(message) || std::holds_alternative<Dismiss>(message);
  });
}

// A split that takes long is not mapped to its end when the job ends: the table, which holds a part of it, is
// given up, and what was sealed before is saved. By a throw, as this is called from within the job's map.
void Worker::leave_split_in_time() {
  if (!maps_ || !(job_ends() || (directs() && tools_.job_stops))) return;
  const Clock::time_point now = Clock::now();
  if (!end_seen_) end_seen_ = now;
  const auto most =
      options_->max_time ? std::min(kMostForSplit, time_for_saving(*options_->max_time) / 2) : kMostForSplit;
  if (now - *end_seen_ < most) return;
  throw Error(ExitCode::StoppedEarly, "the job ended while a split was mapped");
}

// A rank that hears no coordinator ends itself, so that a cut link leaves no orphans. Time in which it did
// not listen counts for little: all ranks may have been stopped, and rank 0 goes on when they do.
void Worker::check_coordinator() {
  const Clock::time_point now = Clock::now();
  unheard_ += std::min<Clock::duration>(now - std::exchange(listened_, now), beat_interval());
  if (directs() || unheard_ < options_->peer_timeout + stagger(self_)) return;
  // The launcher is ending all ranks, and whoever made it do so has said why.
  if (stop_signal()) _exit(static_cast<int>(ExitCode::StoppedEarly));
  const std::string text =
      fmt::format("thresh: {} heard nothing from the coordinator for {:.1f} s; ending it\n", who_,
                  std::chrono::duration<double>(options_->peer_timeout).count());
  const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  if (tools_.comm.survives_losses()) std::raise(SIGKILL);  // MPI takes no notice of a process that exits
  _exit(static_cast<int>(written < 0 ? ExitCode::Io : ExitCode::StoppedEarly));
}

}  // namespace thresh::engine
