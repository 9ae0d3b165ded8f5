#include "engine/watchdog.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "engine/blame.hpp"
#include "storage/process.hpp"
#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kPollInterval{10};
constexpr std::chrono::milliseconds kLookInterval{100};
// Those who are waited for may just hang, and are ended for that after the timeout.
constexpr std::chrono::seconds kMoreForOthers{10};

// The state of a process is that of its main thread.
bool waits_for_a_disk() {
  const auto state = storage::process_state(static_cast<std::uint64_t>(getpid()));
  return state && state->state == 'D';
}

}  // namespace

Watchdog::Watchdog(Pulse& pulse, std::chrono::milliseconds task_timeout, std::string who,
                   std::optional<SiblingWatch> siblings)
    : pulse_(&pulse),
      timeout_(task_timeout),
      who_(std::move(who)),
      siblings_(std::move(siblings)),
      thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Watchdog::doing(std::string what, bool for_disk) {
  tell_of_crash(who_ + ", " + what);
  const std::lock_guard lock(mutex_);
  what_ = std::move(what);
  for_disk_ = for_disk;
  offset_.store(0, std::memory_order_relaxed);
}

void Watchdog::watch() {
  using Clock = std::chrono::steady_clock;
  auto seen = pulse_->mark();
  std::chrono::milliseconds still{0};
  std::chrono::milliseconds since_look{0};
  bool patient_before = false;
  Clock::time_point before = Clock::now();
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kPollInterval, [this] { return stop_; })) {
    pulse_->ask();
    const Clock::time_point now = Clock::now();
    const auto turn = std::chrono::duration_cast<std::chrono::milliseconds>(now - before);
    before = now;
    // A process that was stopped and goes on must not be taken for hung: no turn counts for much. On a busy
    // machine, where each takes long, it is to be ended before the others take it for lost.
    still += std::min(turn, std::max(10 * kPollInterval, timeout_ / 20));
    since_look += std::min(turn, 10 * kPollInterval);
    if (siblings_ && since_look >= kLookInterval) siblings_->look(std::exchange(since_look, 0ms));
    // Who waited long for others must not be ended for it once that is over.
    const bool patient = patient_.load(std::memory_order_relaxed);
    if (pulse_->mark() != seen || patient != patient_before) {
      seen = pulse_->mark();
      patient_before = patient;
      still = std::chrono::milliseconds{0};
    } else if (still >= most_still()) {
      end_process();
    }
  }
}

std::chrono::milliseconds Watchdog::most_still() const noexcept {
  return timeout_ + (patient_.load(std::memory_order_relaxed) ? kMoreForOthers : 0s);
}

void Watchdog::end_process() {
  leave_hang();
  const std::uint64_t offset = offset_.load(std::memory_order_relaxed);
  const bool patient = patient_.load(std::memory_order_relaxed);
  const std::string text = fmt::format(
      "thresh: {} made no progress for {:.1f} s while {}{}; ending it. {}\n", who_,
      static_cast<double>(most_still().count()) / 1000.0, patient ? "waiting for the other ranks" : what_,
      offset == 0 ? "" : fmt::format(", at byte {}", offset),
      (for_disk_ && !patient) || waits_for_a_disk()
          ? "It waits for a disk or a file server: if that may take so long, raise --task-timeout"
          : "If a record may take that long, raise --task-timeout or call alive() in the job");
  // Neither MPI nor the main thread's locks can be relied on here.
  const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  if (siblings_) std::raise(SIGKILL);
  _exit(written < 0 ? static_cast<int>(ExitCode::Io) : static_cast<int>(ExitCode::StoppedEarly));
}

}  // namespace thresh::engine
