// What happened in a job, for metrics.json: counters, timings and state changes from all ranks. Best effort;
// nothing here decides anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/messages.hpp"
#include "core/task.hpp"
#include "schedule/machine.hpp"
#include "schedule/worker_pool.hpp"

namespace thresh::schedule {

// One visit of a node of the graph.
struct PhaseTiming {
  std::string name;
  Generation generation = 0;
  Time begin{};
  Time end{};
  std::uint64_t events = 0;    // that its machine handled
  std::uint64_t commands = 0;  // that it gave
  std::string outcome;         // the action that it ended with
};

struct TaskCounts {
  std::uint64_t assigned = 0;      // splits handed out, over all generations
  std::uint64_t done = 0;          // and mapped
  std::uint64_t parts = 0;         // committed
  std::uint64_t late_ignored = 0;  // messages of the dead, of an older generation, or seen before
  std::uint64_t recoveries = 0;
  std::uint64_t workers_lost = 0;
};

// What it cost to go on without workers that were lost at once.
struct RecoveryCost {
  std::vector<WorkerId> lost;
  Time at{};                       // when it was noticed
  Time silent{};                   // since the last of them was heard: it took at most that long to notice
  Time repair{};                   // of the transport, until those that are left had met
  std::optional<Time> took;        // from noticing until it was known what they hold; none until then
  std::uint64_t splits_again = 0;  // that were mapped before, and in no run that is left
};

struct ShuffleCounts {
  std::uint64_t waves = 0;
  std::uint64_t rounds = 0;
  std::map<WorkerId, std::uint64_t> sent_bytes;
  std::map<WorkerId, std::uint64_t> received_bytes;
  // By (source, owner); only while there are at most max_matrix_workers of them.
  std::map<std::pair<WorkerId, WorkerId>, std::uint64_t> matrix_bytes;
};

class MetricsCollector {
 public:
  // Bounds on what is kept; past them only totals go on, and dropped() counts.
  static constexpr std::size_t max_state_changes = 100'000;
  static constexpr std::size_t max_phases = 10'000;
  static constexpr std::size_t max_matrix_workers = 256;

  // Late and repeated copies do no harm.
  void heard(WorkerId worker, const WorkerStats& stats);
  void states_changed(const std::vector<StateChange>& changes);
  void phase_begins(std::string_view name, Generation generation, Time now);
  void phase_handled(std::size_t commands);
  void loss_noticed(WorkerId worker, Time now, Time silent, Time repair);
  // Does nothing if no loss was noticed since the last time.
  void recovered(Time now, std::uint64_t splits_again);
  // The generation may have been raised meanwhile.
  void phase_ends(std::string_view outcome, Generation generation, Time now);
  // `partition_bytes`: of the partitions of the wave.
  void wave_planned(std::uint64_t rounds,
                    const std::vector<std::pair<PartitionId, std::uint64_t>>& partition_bytes);
  // Of one wave, by rank to or from.
  void sends(WorkerId source, const std::vector<std::uint64_t>& bytes);
  void receives(WorkerId owner, const std::vector<std::uint64_t>& bytes);

  TaskCounts& tasks() noexcept { return tasks_; }
  const TaskCounts& tasks() const noexcept { return tasks_; }
  const ShuffleCounts& shuffle() const noexcept { return shuffle_; }
  const std::map<WorkerId, WorkerStats>& workers() const noexcept { return workers_; }
  // Empty when not known.
  std::string host_of(WorkerId worker) const;
  const std::vector<PhaseTiming>& phases() const noexcept { return phases_; }
  const std::vector<StateChange>& state_changes() const noexcept { return state_changes_; }
  const std::vector<RecoveryCost>& recoveries() const noexcept { return recoveries_; }
  std::uint64_t dropped() const noexcept { return dropped_; }
  // Wire bytes of each partition when it was last shuffled.
  const std::map<PartitionId, std::uint64_t>& partition_bytes() const noexcept { return partition_bytes_; }
  std::uint64_t max_partition_bytes() const noexcept;
  double mean_partition_bytes() const noexcept;

 private:
  TaskCounts tasks_;
  ShuffleCounts shuffle_;
  std::map<WorkerId, WorkerStats> workers_;
  std::vector<PhaseTiming> phases_;
  PhaseTiming open_phase_;
  std::vector<StateChange> state_changes_;
  std::map<PartitionId, std::uint64_t> partition_bytes_;
  std::vector<RecoveryCost> recoveries_;  // at most max_phases
  bool recovering_ = false;               // the last of them has not ended
  std::uint64_t dropped_ = 0;
};

}  // namespace thresh::schedule
