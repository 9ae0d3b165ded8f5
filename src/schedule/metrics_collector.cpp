#include "schedule/metrics_collector.hpp"

#include <algorithm>

namespace thresh::schedule {
namespace {

void raise(std::uint64_t& to, std::uint64_t value) {
  to = std::max(to, value);
}

}  // namespace

void MetricsCollector::heard(WorkerId worker, const WorkerStats& stats) {
  WorkerStats& kept = workers_[worker];
  if (!stats.host.empty()) kept.host = stats.host;
  raise(kept.pid, stats.pid);
  raise(kept.progress, stats.progress);
  raise(kept.splits, stats.splits);
  raise(kept.records, stats.records);
  raise(kept.emits, stats.emits);
  raise(kept.input_bytes, stats.input_bytes);
  raise(kept.map_ns, stats.map_ns);
  raise(kept.seal_ns, stats.seal_ns);
  raise(kept.shuffle_ns, stats.shuffle_ns);
  raise(kept.reduce_ns, stats.reduce_ns);
  raise(kept.check_ns, stats.check_ns);
  raise(kept.sent_bytes, stats.sent_bytes);
  raise(kept.received_bytes, stats.received_bytes);
  raise(kept.output_bytes, stats.output_bytes);
  raise(kept.peak_memory_bytes, stats.peak_memory_bytes);
  raise(kept.cpu_ns, stats.cpu_ns);
}

void MetricsCollector::states_changed(const std::vector<StateChange>& changes) {
  for (const StateChange& change : changes) {
    if (change.to == WorkerState::Dead) ++tasks_.workers_lost;
    if (state_changes_.size() < max_state_changes) {
      state_changes_.push_back(change);
    } else {
      ++dropped_;
    }
  }
}

void MetricsCollector::phase_begins(std::string_view name, Generation generation, Time now) {
  open_phase_ = PhaseTiming{std::string(name), generation, now, now, 0, 0, {}};
}

void MetricsCollector::phase_handled(std::size_t commands) {
  ++open_phase_.events;
  open_phase_.commands += commands;
}

void MetricsCollector::phase_ends(std::string_view outcome, Generation generation, Time now) {
  open_phase_.end = now;
  open_phase_.generation = generation;
  open_phase_.outcome = outcome;
  if (phases_.size() < max_phases) {
    phases_.push_back(open_phase_);
  } else {
    ++dropped_;
  }
}

void MetricsCollector::wave_planned(
    std::uint64_t rounds, const std::vector<std::pair<PartitionId, std::uint64_t>>& partition_bytes) {
  ++shuffle_.waves;
  shuffle_.rounds += rounds;
  for (const auto& [partition, bytes] : partition_bytes) partition_bytes_[partition] = bytes;
}

void MetricsCollector::moves(WorkerId source, WorkerId owner, std::uint64_t bytes) {
  shuffle_.sent_bytes[source] += bytes;
  shuffle_.received_bytes[owner] += bytes;
  if (source < max_matrix_workers && owner < max_matrix_workers)
    shuffle_.matrix_bytes[{source, owner}] += bytes;
}

std::string MetricsCollector::host_of(WorkerId worker) const {
  const auto at = workers_.find(worker);
  return at == workers_.end() ? std::string() : at->second.host;
}

std::uint64_t MetricsCollector::max_partition_bytes() const noexcept {
  std::uint64_t most = 0;
  for (const auto& [partition, bytes] : partition_bytes_) most = std::max(most, bytes);
  return most;
}

double MetricsCollector::mean_partition_bytes() const noexcept {
  if (partition_bytes_.empty()) return 0;
  double sum = 0;
  for (const auto& [partition, bytes] : partition_bytes_) sum += static_cast<double>(bytes);
  return sum / static_cast<double>(partition_bytes_.size());
}

}  // namespace thresh::schedule
