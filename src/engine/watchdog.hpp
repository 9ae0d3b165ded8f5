// Ends a rank that makes no progress. A hang becomes a death, and a death is something that the others
// notice.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "engine/pulse.hpp"
#include "engine/sibling_watch.hpp"

namespace thresh::engine {

// A thread that asks the rank's main thread for a poll every few milliseconds, and ends the process when the
// pulse stood still for the task timeout: with exit code 75, or by SIGKILL where the others can go on without
// it, as an MPI with ULFM takes no notice of a process that exits.
class Watchdog {
 public:
  // Borrows the pulse. `who`: for the message, e.g. "worker 2 on node7". `siblings`: to be watched, if the
  // others can go on without a process of the job.
  Watchdog(Pulse& pulse, std::chrono::milliseconds task_timeout, std::string who,
           std::optional<SiblingWatch> siblings = std::nullopt);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  // What the rank is doing, for the message: "mapping data/a.txt, bytes 0 to 65536".
  void doing(std::string what) { doing(std::move(what), false); }
  // The same: a disk or a file server has to do it.
  void waiting_for_disk(std::string what) { doing(std::move(what), true); }
  // While this rank waits for others it is given more time: their own watchdogs come first.
  void be_patient(bool patient) noexcept { patient_.store(patient, std::memory_order_relaxed); }
  // How far it got in that, e.g. the offset of the block at hand.
  void reached(std::uint64_t offset) noexcept { offset_.store(offset, std::memory_order_relaxed); }

 private:
  void doing(std::string what, bool for_disk);
  void watch();
  std::chrono::milliseconds most_still() const noexcept;  // for the pulse, before this process is ended
  [[noreturn]] void end_process();

  Pulse* pulse_;
  std::chrono::milliseconds timeout_;
  std::string who_;
  std::optional<SiblingWatch> siblings_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string what_ = "starting";
  bool for_disk_ = false;
  bool stop_ = false;
  std::atomic<std::uint64_t> offset_{0};
  std::atomic<bool> patient_{false};
  std::thread thread_;
};

}  // namespace thresh::engine
