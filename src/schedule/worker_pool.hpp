// Which workers there are, what state they are in, and when each was last heard.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/task.hpp"
#include "schedule/machine.hpp"

namespace thresh::schedule {

enum class WorkerState {
  Idle,
  Busy,
  Suspect,   // silent for longer than half of the peer timeout
  Draining,  // is leaving: saves what it has, gets no more work
  Dead,      // lost for good; whatever it says is ignored
  Drained,   // the same, of one that was draining
  Spare,     // alive, waits to take the place of another: gets no work
};
std::string_view state_name(WorkerState state) noexcept;

struct StateChange {
  Time at{};
  WorkerId worker = 0;
  WorkerState from = WorkerState::Idle;
  WorkerState to = WorkerState::Idle;
};

struct Liveness {
  Time peer_timeout = std::chrono::minutes(11);  // a worker that is silent for longer is lost
  Time ping_interval = std::chrono::seconds(1);  // between pings, and between looks at who is silent
};

class WorkerPool {
 public:
  WorkerPool() = default;
  // All workers were heard at `now`. They are idle, except for the spares: the last `spares` of them, and
  // those for whom their host has no CPU left. `seats`: by worker; without, there is no end of CPUs. The
  // first spare of the same host takes the place of a worker that is lost, or the first on a host with a CPU
  // to spare.
  WorkerPool(const std::vector<WorkerId>& workers, Liveness liveness, Time now, std::size_t spares = 0,
             const std::vector<Seat>& seats = {});

  // In ascending order; changes when a worker is lost.
  const std::vector<WorkerId>& live() const noexcept { return live_; }
  // Those of them that get work: not the spare and the draining, unless there are no others.
  std::vector<WorkerId> working() const;
  std::size_t size() const noexcept { return workers_.size(); }
  // Those that were not called.
  std::size_t spares() const;
  bool knows(WorkerId worker) const { return workers_.contains(worker); }
  bool is_live(WorkerId worker) const;
  // REQUIRES: knows(worker).
  WorkerState state(WorkerId worker) const;

  // The dead are not heard. All of these ignore workers that are dead or unknown.
  void heard(WorkerId worker, Time now);
  void set_busy(WorkerId worker, Time now) { set_work(worker, WorkerState::Busy, now); }
  void set_idle(WorkerId worker, Time now) { set_work(worker, WorkerState::Idle, now); }
  // It wants to leave: no more work for it.
  void drain(WorkerId worker, Time now) { set_work(worker, WorkerState::Draining, now); }
  // False if it was dead already, or never was.
  bool lose(WorkerId worker, Time now);
  // True once for each dead worker: it still talks and must be told to leave.
  bool owes_dismissal(WorkerId worker);

  // Since it was last heard; 0 if it is not known.
  Time silence(WorkerId worker, Time now) const;

  // When to look at who is silent and to send pings.
  Time next_check() const noexcept { return next_check_; }
  // The coordinator is at work. If it was away itself (stopped, or busy with files), the workers' silence
  // of that time is not held against them.
  void awake(Time now);
  // Who was silent for longer than the peer timeout; who is near it becomes suspect. Sets next_check().
  std::vector<WorkerId> check(Time now);
  Liveness liveness() const noexcept { return liveness_; }

  // State changes since the last call.
  std::vector<StateChange> take_changes();

 private:
  struct Worker {
    WorkerState work = WorkerState::Idle;  // anything but Suspect
    bool suspect = false;
    bool dismissed = false;
    Time heard_at{};
    Seat seat;
  };
  static WorkerState shown(const Worker& worker) noexcept;
  static bool is_gone(const Worker& worker) noexcept {
    return worker.work == WorkerState::Dead || worker.work == WorkerState::Drained;
  }
  // Without spares.
  std::map<std::uint32_t, std::size_t> workers_by_host() const;
  void call_spare(std::uint32_t host, Time now);
  void set_work(WorkerId worker, WorkerState state, Time now);
  Worker* find_live(WorkerId worker);
  void note(WorkerId id, WorkerState from, const Worker& worker, Time now);

  Liveness liveness_;
  std::unordered_map<WorkerId, Worker> workers_;
  std::vector<WorkerId> live_;
  std::vector<StateChange> changes_;
  Time next_check_{};
  Time awake_at_{};
};

}  // namespace thresh::schedule
