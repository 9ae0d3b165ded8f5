#include "schedule/worker_pool.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace thresh::schedule {

std::string_view state_name(WorkerState state) noexcept {
  switch (state) {
    case WorkerState::Idle:
      return "idle";
    case WorkerState::Busy:
      return "busy";
    case WorkerState::Suspect:
      return "suspect";
    case WorkerState::Draining:
      return "draining";
    case WorkerState::Dead:
      return "dead";
    case WorkerState::Drained:
      return "drained";
    case WorkerState::Spare:
      return "spare";
  }
  return "unknown";
}

WorkerPool::WorkerPool(const std::vector<WorkerId>& workers, Liveness liveness, Time now, std::size_t spares,
                       const std::vector<Seat>& seats)
    : liveness_(liveness), next_check_(now + liveness.ping_interval), awake_at_(now) {
  for (const WorkerId id : workers) {
    Worker worker;
    worker.heard_at = now;
    if (id < seats.size()) worker.seat = seats[id];
    workers_.emplace(id, worker);
  }
  for (const auto& [id, worker] : workers_) live_.push_back(id);
  std::sort(live_.begin(), live_.end());
  // One works at least.
  const std::size_t most = live_.empty() ? 0 : live_.size() - 1;
  for (std::size_t i = 0; i < std::min(spares, most); ++i) {
    workers_.at(live_[live_.size() - 1 - i]).work = WorkerState::Spare;
  }
  std::map<std::uint32_t, std::size_t> by_host;
  for (const WorkerId id : live_) {
    Worker& worker = workers_.at(id);
    if (worker.work == WorkerState::Spare) continue;
    if (by_host[worker.seat.host]++ >= worker.seat.cpus) worker.work = WorkerState::Spare;
  }
}

std::vector<WorkerId> WorkerPool::working() const {
  std::vector<WorkerId> working;
  for (const WorkerId id : live_) {
    const WorkerState work = workers_.at(id).work;
    if (work != WorkerState::Spare && work != WorkerState::Draining) working.push_back(id);
  }
  return working.empty() ? live_ : working;
}

std::size_t WorkerPool::spares() const {
  return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(), [](const auto& worker) {
    return worker.second.work == WorkerState::Spare;
  }));
}

std::map<std::uint32_t, std::size_t> WorkerPool::workers_by_host() const {
  std::map<std::uint32_t, std::size_t> by_host;
  for (const WorkerId id : live_) {
    const Worker& worker = workers_.at(id);
    if (worker.work != WorkerState::Spare) ++by_host[worker.seat.host];
  }
  return by_host;
}

void WorkerPool::call_spare(std::uint32_t host, Time now) {
  std::map<std::uint32_t, std::size_t> by_host = workers_by_host();
  std::optional<WorkerId> called;
  for (const WorkerId id : live_) {
    const Worker& worker = workers_.at(id);
    if (worker.work != WorkerState::Spare || by_host[worker.seat.host] >= worker.seat.cpus) continue;
    if (!called || worker.seat.host == host) called = id;
    if (worker.seat.host == host) break;
  }
  if (!called) return;
  Worker& worker = workers_.at(*called);
  const WorkerState before = shown(worker);
  worker.work = WorkerState::Idle;
  note(*called, before, worker, now);
}

bool WorkerPool::is_live(WorkerId worker) const {
  const auto at = workers_.find(worker);
  return at != workers_.end() && !is_gone(at->second);
}

WorkerState WorkerPool::state(WorkerId worker) const {
  return shown(workers_.at(worker));
}

WorkerState WorkerPool::shown(const Worker& worker) noexcept {
  return worker.suspect && !is_gone(worker) ? WorkerState::Suspect : worker.work;
}

WorkerPool::Worker* WorkerPool::find_live(WorkerId worker) {
  const auto at = workers_.find(worker);
  return at != workers_.end() && !is_gone(at->second) ? &at->second : nullptr;
}

void WorkerPool::note(WorkerId id, WorkerState from, const Worker& worker, Time now) {
  const WorkerState to = shown(worker);
  if (from != to) changes_.push_back({now, id, from, to});
}

void WorkerPool::heard(WorkerId id, Time now) {
  Worker* worker = find_live(id);
  if (worker == nullptr) return;
  const WorkerState before = shown(*worker);
  worker->heard_at = std::max(worker->heard_at, now);
  worker->suspect = false;
  note(id, before, *worker, now);
}

void WorkerPool::set_work(WorkerId id, WorkerState state, Time now) {
  Worker* worker = find_live(id);
  if (worker == nullptr) return;
  // Who is leaving, or waits to be called, is asked to answer like all others, and stays what it is.
  const bool keeps = worker->work == WorkerState::Draining || worker->work == WorkerState::Spare;
  if (keeps && state != WorkerState::Draining) return;
  const WorkerState before = shown(*worker);
  worker->work = state;
  note(id, before, *worker, now);
}

bool WorkerPool::lose(WorkerId id, Time now) {
  Worker* worker = find_live(id);
  if (worker == nullptr) return false;
  const WorkerState before = shown(*worker);
  const bool was_spare = worker->work == WorkerState::Spare;
  worker->work = worker->work == WorkerState::Draining ? WorkerState::Drained : WorkerState::Dead;
  live_.erase(std::remove(live_.begin(), live_.end(), id), live_.end());
  note(id, before, *worker, now);
  if (!was_spare) call_spare(worker->seat.host, now);
  return true;
}

Time WorkerPool::silence(WorkerId id, Time now) const {
  const auto at = workers_.find(id);
  return at == workers_.end() ? Time{} : now - at->second.heard_at;
}

bool WorkerPool::owes_dismissal(WorkerId id) {
  const auto at = workers_.find(id);
  if (at == workers_.end() || !is_gone(at->second)) return false;
  return !std::exchange(at->second.dismissed, true);
}

void WorkerPool::awake(Time now) {
  const Time away = now - std::exchange(awake_at_, now);
  if (away <= 2 * liveness_.ping_interval) return;
  // They were pinged last before we went away, and may have answered nothing since for want of a ping.
  for (auto& [id, worker] : workers_) worker.heard_at += away;
}

std::vector<WorkerId> WorkerPool::check(Time now) {
  next_check_ = now + liveness_.ping_interval;
  std::vector<WorkerId> silent;
  for (const WorkerId id : live_) {
    Worker& worker = workers_.at(id);
    const Time silence = now - worker.heard_at;
    if (silence > liveness_.peer_timeout) silent.push_back(id);
    const WorkerState before = shown(worker);
    worker.suspect = silence > liveness_.peer_timeout / 2;
    note(id, before, worker, now);
  }
  return silent;
}

std::vector<StateChange> WorkerPool::take_changes() {
  return std::exchange(changes_, {});
}

}  // namespace thresh::schedule
