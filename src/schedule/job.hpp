// The state of a job on rank 0: what the nodes of the graph share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/messages.hpp"
#include "core/task.hpp"
#include "schedule/fault_handler.hpp"
#include "schedule/metrics_collector.hpp"
#include "schedule/worker_pool.hpp"

namespace thresh::schedule {

// A run that counts, and who holds it.
struct CoveredRun {
  WorkerId holder = 0;
  RunSummary run;
};

struct JobOptions {
  std::uint64_t split_bytes = 0;          // 0: from the input size
  std::uint32_t partitions = 0;           // 0: from the input size
  std::uint64_t round_bytes = 1 << 20;    // most a pair of ranks moves in one round of the shuffle
  std::uint64_t wave_bytes = UINT64_MAX;  // most slice bytes one worker receives in a wave
  bool combines = false;                  // with a weight: reduce input is not the emits themselves
  bool conserves_weight = false;
  bool uses_locations = false;
  std::uint32_t ranks = 1;  // length of the shuffle's count vectors
};

// What a part must have taken in: the sums over the runs that its wave was planned from. Kept here, as those
// runs may be lost, and mapped anew in other runs, after the part was committed.
struct PartitionSums {
  std::uint64_t rows = 0;
  std::uint64_t hash_sum = 0;
  bool operator==(const PartitionSums&) const = default;
};

struct Job {
  JobOptions options;
  JobPlan plan;
  std::string job_id;
  Generation generation = 0;
  std::vector<CoveredRun> cover;                          // the splits that are covered, and by what
  std::vector<std::optional<PartSummary>> parts;          // by partition: those committed
  std::vector<std::optional<SplitSignature>> signatures;  // by split: as first seen, over all generations
  std::vector<std::uint32_t> attempts;                    // by split: times it was handed out
  std::vector<PartitionSums> sums;                        // by partition: of the last wave that it was in
  std::uint32_t wave = 0;  // the wave at hand, counted from 0 in each generation
  std::vector<std::pair<PartitionId, WorkerId>> wave_owners;  // of the wave at hand, by partition
  std::uint64_t progress = 0;  // splits mapped and parts committed, over all generations
  std::string phase;           // name of the node at hand
  WorkerPool pool;
  FaultHandler faults;
  MetricsCollector metrics;
  std::optional<Failure> failure;  // why the job cannot go on

  // The job is now about this plan; nothing is covered or committed.
  void adopt(JobPlan new_plan) {
    plan = std::move(new_plan);
    cover.clear();
    parts.assign(plan.partitions, std::nullopt);
    sums.assign(plan.partitions, PartitionSums{});
    signatures.assign(plan.splits.size(), std::nullopt);
    attempts.assign(plan.splits.size(), 0);
  }
  bool all_committed() const noexcept {
    for (const auto& part : parts) {
      if (!part) return false;
    }
    return true;
  }
};

}  // namespace thresh::schedule
