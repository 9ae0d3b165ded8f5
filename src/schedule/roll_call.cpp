#include "schedule/roll_call.hpp"

#include <map>
#include <string>
#include <utility>

#include "schedule/cover.hpp"
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

void RollCall::start(Time now, Commands& out) {
  started_ = true;
  for (const WorkerId worker : job_.pool.live()) {
    waiting_.insert(worker);
    job_.pool.set_idle(worker, now);
    out.emplace_back(Send{worker, Muster{job_.generation, job_.plan.partitions, job_.job_id}});
  }
}

bool RollCall::take(WorkerId from, const Message& message) {
  const auto* inventory = std::get_if<Inventory>(&message);
  if (inventory == nullptr || inventory->sealed || waiting_.erase(from) == 0) return false;
  if (!failure_) failure_ = check_runs(job_, inventory->runs);
  for (const RunSummary& run : inventory->runs) offered_.push_back({from, run});
  return true;
}

void RollCall::choose(Commands& out) {
  job_.cover = choose_cover(std::move(offered_));
  std::map<WorkerId, std::vector<RunId>> kept;
  for (const CoveredRun& item : job_.cover) kept[item.holder].push_back(item.run.id);
  for (const WorkerId worker : job_.pool.live()) {
    out.emplace_back(Send{worker, KeepRuns{job_.generation, std::move(kept[worker])}});
  }
}

}  // namespace thresh::schedule
