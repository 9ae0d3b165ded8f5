// The state of a job on rank 0: what the nodes of the graph share.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/messages.hpp"
#include "core/task.hpp"
#include "schedule/fault_handler.hpp"
#include "schedule/holdings.hpp"
#include "schedule/machine.hpp"
#include "schedule/metrics_collector.hpp"
#include "schedule/worker_pool.hpp"

namespace thresh::schedule {

// A run that counts, and who holds it. Its slices are not kept: after mapping they are in job.holdings. Nor
// are its splits from then on, as every split is in one run.
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
  std::uint64_t max_bad_records = 0;  // most records in quarantine
  std::uint32_t max_attempts = 4;     // to map a split; then the job fails
  std::uint32_t top = 0;              // largest lines wanted of each part
  bool checkpoints = false;           // workers write runs to files
  // Most that the end of a failed job waits for such files, and for a worker that says nothing.
  Time save_timeout = std::chrono::minutes(5);
  Time save_silence = std::chrono::seconds(15);
  std::uint32_t ranks = 1;  // length of the shuffle's count vectors
};

// What the roll call of a generation brought to light.
struct Found {
  std::uint64_t runs = 0;           // in the cover
  std::uint64_t splits = 0;         // in those
  std::uint64_t parts = 0;          // whole, of whatever cover
  std::vector<std::string> damage;  // a line for each file that is not used
};

// What is known of a split that failed.
struct SplitTrouble {
  std::uint32_t failures = 0;
  std::set<WorkerId> failed_on;                   // in this generation
  std::map<std::uint64_t, std::uint32_t> blamed;  // offset of a record: how often
  std::vector<BlamedRecord> quarantine;           // by offset
};

struct Job {
  JobOptions options;
  JobPlan plan;
  std::string job_id;
  std::string run_directory;
  Generation generation = 0;
  std::vector<CoveredRun> cover;                          // the splits that are covered, and by what
  Holdings holdings;                                      // of the cover, once all is mapped
  std::uint64_t cover_digest = 0;                         // likewise
  std::vector<std::optional<PartSummary>> parts;          // by partition: those committed
  std::vector<std::optional<SplitSignature>> signatures;  // by split: as first seen, over all generations
  std::vector<std::uint32_t> attempts;                    // by split: times it was handed out
  // By partition: of the last wave that it was in. Kept here, as the runs of that wave may be lost, and
  // mapped anew in other runs, after the part was committed.
  std::vector<PartitionSums> sums;
  std::map<SplitId, SplitTrouble>
      troubles;  // of splits that failed, over all runs of the job as far as written
  // By split and offset of a record: notes of crashes on it that were taken into account. Each generation
  // lists all that there are.
  std::map<std::pair<SplitId, std::uint64_t>, std::uint32_t> crashes_learned;
  std::vector<PartSummary> found_parts;  // in the directory; they count once the cover is known to be theirs
  Found found;                           // of the latest generation
  std::uint32_t wave = 0;                // the wave at hand, counted from 0 in each generation
  std::vector<std::pair<PartitionId, WorkerId>> wave_owners;  // of the wave at hand, by partition
  bool all_readable = false;      // what workers hold, to the others: see Inventory
  std::set<WorkerId> located;     // that were told in this generation where records are, if the job asks
  std::uint64_t splits_left = 0;  // to map before the next phase
  std::uint64_t progress = 0;     // splits mapped and parts committed, over all generations
  std::string phase;              // name of the node at hand
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
    splits_left = plan.splits.size();
    troubles.clear();
    crashes_learned.clear();
  }
  bool all_committed() const noexcept {
    for (const auto& part : parts) {
      if (!part) return false;
    }
    return true;
  }
};

}  // namespace thresh::schedule
