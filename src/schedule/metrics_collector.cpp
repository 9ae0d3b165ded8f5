#include "schedule/metrics_collector.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace thresh::schedule {
namespace {

constexpr std::array kMeasures{
    &WorkerStats::pid,
    &WorkerStats::leaving,
    &WorkerStats::splits,
    &WorkerStats::records,
    &WorkerStats::emits,
    &WorkerStats::input_bytes,
    &WorkerStats::map_ns,
    &WorkerStats::seal_ns,
    &WorkerStats::shuffle_ns,
    &WorkerStats::reduce_ns,
    &WorkerStats::commit_ns,
    &WorkerStats::check_ns,
    &WorkerStats::sent_bytes,
    &WorkerStats::received_bytes,
    &WorkerStats::read_bytes,
    &WorkerStats::output_bytes,
    &WorkerStats::peak_memory_bytes,
    &WorkerStats::cpu_ns,
    &WorkerStats::checkpoints,
    &WorkerStats::checkpoint_bytes,
    &WorkerStats::checkpoint_ns,
    &WorkerStats::checkpoints_failed,
    &WorkerStats::restored_bytes,
    &WorkerStats::restore_ns,
    &WorkerStats::spilled_bytes,
    &WorkerStats::spill_ns,
    &WorkerStats::staged_rows,
};
static_assert(sizeof(WorkerStats) == sizeof(WorkerStats::host) + kMeasures.size() * sizeof(std::uint64_t),
              "a measure is missing here");

}  // namespace

void MetricsCollector::heard(WorkerId worker, const WorkerStats& stats) {
  WorkerStats& kept = workers_[worker];
  if (!stats.host.empty()) kept.host = stats.host;
  for (const auto measure : kMeasures) kept.*measure = std::max(kept.*measure, stats.*measure);
}

void MetricsCollector::states_changed(const std::vector<StateChange>& changes) {
  for (const StateChange& change : changes) {
    if (change.to == WorkerState::Dead || change.to == WorkerState::Drained) ++tasks_.workers_lost;
    if (state_changes_.size() < max_state_changes) {
      state_changes_.push_back(change);
    } else {
      ++dropped_;
    }
  }
}

void MetricsCollector::loss_noticed(WorkerId worker, Time now, Time silent, Time repair) {
  if (!recovering_) {
    if (recoveries_.size() >= max_phases) return;
    recoveries_.push_back({{}, now, silent, {}, std::nullopt, 0});
    recovering_ = true;
  }
  RecoveryCost& cost = recoveries_.back();
  cost.lost.push_back(worker);
  cost.silent = std::min(cost.silent, silent);
  cost.repair += repair;
}

void MetricsCollector::recovered(Time now, std::uint64_t splits_again) {
  if (!std::exchange(recovering_, false)) return;
  recoveries_.back().took = now - recoveries_.back().at;
  recoveries_.back().splits_again = splits_again;
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

void MetricsCollector::sends(WorkerId source, const std::vector<std::uint64_t>& bytes) {
  shuffle_.sent_bytes[source] += std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
  if (source >= max_matrix_workers) return;
  for (std::size_t to = 0; to < bytes.size() && to < max_matrix_workers; ++to) {
    if (bytes[to] != 0) shuffle_.matrix_bytes[{source, static_cast<WorkerId>(to)}] += bytes[to];
  }
}

void MetricsCollector::receives(WorkerId owner, const std::vector<std::uint64_t>& bytes) {
  shuffle_.received_bytes[owner] += std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
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
