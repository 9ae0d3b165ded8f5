#include "schedule/roll_call.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "schedule/cover.hpp"
#include "schedule/split_troubles.hpp"
#include "schedule/wave_planner.hpp"
#include "thresh/errors.hpp"

namespace thresh::schedule {

std::optional<Failure> check_runs(Job& job, const std::vector<RunSummary>& runs) {
  for (const RunSummary& run : runs) {
    if (run.slices.size() != job.plan.partitions) {
      return Failure{static_cast<int>(ExitCode::Internal),
                     "a run of worker " + std::to_string(run.id.worker) + " has " +
                         std::to_string(run.slices.size()) + " partitions, the job has " +
                         std::to_string(job.plan.partitions)};
    }
    for (const SplitSignature& signature : run.splits) {
      if (auto failure = note_signature(job, signature)) return failure;
    }
  }
  return std::nullopt;
}

void adopt_parts(Job& job) {
  for (PartSummary& found : job.found_parts) {
    if (found.partition >= job.plan.partitions || found.cover_digest != job.cover_digest) continue;
    std::optional<PartSummary>& part = job.parts[found.partition];
    // What this run of the job asked for is known: whoever made something else of it is not believed.
    const PartitionSums sums{found.input_rows, found.input_hash_sum};
    const PartitionSums& asked = job.sums[found.partition];
    if (asked != PartitionSums{} && asked != sums) continue;
    // One that was made for fewer of the largest lines cannot tell the others.
    const bool tells_top = found.top.size() >= std::min<std::uint64_t>(job.options.top, found.lines);
    if (part || !tells_top) continue;
    job.sums[found.partition] = sums;
    part = std::move(found);
  }
  job.found_parts.clear();
}

void RollCall::start(const JobFiles& files, Time now, Commands& out) {
  started_ = true;
  std::vector<SplitId> verdicts;
  failure_ = learn_attempts(job_, files.attempts, verdicts);
  if (failure_) return;
  for (const SplitId split : verdicts) {
    out.emplace_back(WriteVerdict{split, job_.troubles[split].quarantine});
  }
  std::map<WorkerId, Muster> musters;
  for (const WorkerId worker : job_.pool.live()) {
    waiting_.insert(worker);
    job_.pool.set_idle(worker, now);
    musters[worker] = {job_.generation,       job_.plan.partitions, job_.job_id, job_.run_directory, {}, {},
                       job_.plan.split_points};
  }
  const std::vector<WorkerId> readers = job_.pool.working();
  // To read a run file takes as long as it is large; a part counts as one byte more than nothing.
  PartitionBytes sizes;
  for (const RunFileEntry& run : files.runs) {
    sizes.emplace_back(static_cast<PartitionId>(sizes.size()), run.bytes);
  }
  for (const auto& [index, worker] : assign_owners(sizes, readers)) {
    musters[worker].run_files.push_back(files.runs[index].file);
  }
  std::size_t next = 0;
  for (const std::string& part : files.parts) {
    musters[readers[next]].part_files.push_back(part);
    next = (next + 1) % readers.size();
  }
  for (auto& [worker, muster] : musters) out.emplace_back(Send{worker, std::move(muster)});
}

bool RollCall::take(WorkerId from, const Message& message) {
  const auto* inventory = std::get_if<Inventory>(&message);
  if (inventory == nullptr || inventory->sealed || waiting_.erase(from) == 0) return false;
  if (!failure_) failure_ = check_runs(job_, inventory->runs);
  for (const RunSummary& run : inventory->runs) {
    offered_.push_back({from, RunSummary{run.id, run.splits, {}, run.counters, run.from_file}});
  }
  parts_.insert(parts_.end(), inventory->parts.begin(), inventory->parts.end());
  damage_.insert(damage_.end(), inventory->damage.begin(), inventory->damage.end());
  return true;
}

void RollCall::choose(Time now, Commands& out) {
  job_.cover = choose_cover(std::move(offered_));
  std::sort(parts_.begin(), parts_.end(),
            [](const PartSummary& a, const PartSummary& b) { return a.file < b.file; });
  // One that was just committed may be known by who wrote it and by who was asked to read it.
  parts_.erase(std::unique(parts_.begin(), parts_.end(),
                           [](const PartSummary& a, const PartSummary& b) { return a.file == b.file; }),
               parts_.end());
  job_.found = {job_.cover.size(), 0, parts_.size(), std::move(damage_)};
  for (const CoveredRun& item : job_.cover) job_.found.splits += item.run.splits.size();
  job_.found_parts = std::move(parts_);
  std::uint64_t again = 0;
  for (const SplitId split : missing_splits(job_.cover, job_.plan.splits.size())) {
    again += job_.signatures[split].has_value() ? 1 : 0;
  }
  job_.metrics.recovered(now, job_.all_committed() ? 0 : again);
  out.emplace_back(ReportFound{});
  std::map<WorkerId, std::vector<RunId>> kept;
  for (const CoveredRun& item : job_.cover) kept[item.holder].push_back(item.run.id);
  for (const WorkerId worker : job_.pool.live()) {
    out.emplace_back(Send{worker, KeepRuns{job_.generation, std::move(kept[worker])}});
  }
}

}  // namespace thresh::schedule
