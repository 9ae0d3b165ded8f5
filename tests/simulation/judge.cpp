#include "simulation/judge.hpp"

#include <algorithm>
#include <exception>
#include <string_view>

#include "schedule/job_graph.hpp"
#include "simulation/world.hpp"

namespace thresh::simulation {
namespace {

using namespace schedule;

void check_published(const World& world, const Job& job) {
  world.require(world.times_published() == 1, "a job was published more than once");
  world.require(world.published().size() == job.plan.partitions, "a part is missing");
  for (PartitionId partition = 0; partition < job.plan.partitions; ++partition) {
    const Content& content = world.published()[partition];
    world.require(content == world.published().front(), "two parts were made from different data");
    Content splits = content;
    for (Record& record : splits) record = split_of(record);
    std::sort(splits.begin(), splits.end());
    bool exact = splits.size() == job.plan.splits.size();
    for (std::size_t i = 0; exact && i < splits.size(); ++i) exact = splits[i] == i;
    if (!exact) {
      throw Violation("part " + std::to_string(partition) + " holds " + std::to_string(splits.size()) +
                      " records of " + std::to_string(job.plan.splits.size()) +
                      " splits, not each exactly once");
    }
  }
}

bool loss_explains(const World& world, const Job& job, const Failure& failure) {
  const auto says = [&](std::string_view text) { return failure.what.find(text) != std::string::npos; };
  const bool lost_some = job.pool.live().size() < job.pool.size();
  if (!lost_some || !says("was lost while") || !says("run the same command again")) return false;
  if (failure.code == 75) return !world.scenario().policy.recovers_in_job;
  if (failure.code != 69) return false;
  if (says("no worker is left")) return job.pool.live().empty();
  return says("too many workers were lost") &&
         job.faults.recoveries() >= world.scenario().policy.max_fruitless_recoveries;
}

void check_explained(const World& world, const Job& job, const Failure& failure) {
  struct Explanation {
    bool happened;
    int code;
    std::string_view text;
  };
  const Explanation explanations[] = {
      {world.struck(FaultKind::RefuseSplit), 65, "model: user code threw in input"},
      {!world.scenario().poison.empty(), 65, "model: poison"},
      {world.struck(FaultKind::FailTask), 74, "model: no space left on device"},
      {world.struck(FaultKind::DropRow), 70, "the ledger does not balance"},
      {world.struck(FaultKind::DamagePart), 74, "is damaged"},
      {world.struck(FaultKind::Stop), 75, "model: stop asked"},
      {world.struck(FaultKind::LoseClaim), 75, "model: claimed by another"},
      {world.struck(FaultKind::FailPublish), 74, "model: cannot publish"},
      {world.scenario().unstable.has_value(), 70, "not deterministic"},
  };
  for (const Explanation& explanation : explanations) {
    if (explanation.happened && failure.code == explanation.code &&
        failure.what.find(explanation.text) != std::string::npos) {
      return;
    }
  }
  if (loss_explains(world, job, failure)) return;
  throw Violation("the job failed and no fault explains it: " + std::to_string(failure.code) + " " +
                  failure.what);
}

void check_workers(const World& world, const Job& job, const JobEnd& end) {
  const int code = end.failure ? end.failure->code : 0;
  for (const WorkerId id : world.scenario().workers) {
    if (!job.pool.is_live(id)) {
      if (world.may_be_lost(id)) continue;
      throw Violation("worker " + std::to_string(id) + " was declared lost, and no fault explains it");
    }
    if (job.generation == 0) continue;  // it was never opened, so the model has no workers
    const ModelWorker& worker = world.worker(id);
    if (worker.alive() && worker.left_with() != code) {
      throw Violation("worker " + std::to_string(id) + " was not dismissed");
    }
  }
}

void judge(World& world, const Job& job, const JobEnd& end) {
  world.settle();
  if (end.action == Action::Published) {
    check_published(world, job);
  } else if (end.action == Action::AlreadyComplete) {
    world.require(world.scenario().already_complete, "a job was taken for complete that is not");
  } else {
    world.require(end.failure.has_value(), "a job failed and does not say why");
    world.require(world.times_published() == 0, "a job was published and then failed");
    check_explained(world, job, *end.failure);
  }
  check_workers(world, job, end);
}

// One run of the job. True: the same command, typed again, may go on.
bool run_once(const Scenario& scenario, ModelDirectory& directory, std::ostream* transcript,
              Verdict& verdict) {
  Job job;
  job.options = scenario.options;
  job.pool = WorkerPool(scenario.workers, scenario.liveness, Time{});
  job.faults = FaultHandler(scenario.policy);
  World world(scenario, job, directory, transcript);
  bool again = true;
  try {
    const JobEnd end = run_job(job, world);
    verdict.published = end.action == Action::Published;
    verdict.ended = action_name(end.action);
    if (end.failure) verdict.ended += ": " + std::to_string(end.failure->code) + " " + end.failure->what;
    again = end.failure && (end.failure->code == 75 || end.failure->code == 74 || end.failure->code == 69);
    judge(world, job, end);
  } catch (const Crashed& crash) {
    verdict.ended = crash.what();
  } catch (const std::exception& error) {
    verdict.violation = error.what();
  }
  world.end_all();
  verdict.time += world.now();
  verdict.events += world.events();
  verdict.recoveries += job.faults.recoveries();
  verdict.ignored += job.metrics.tasks().late_ignored;
  return again && !verdict.violation;
}

}  // namespace

Verdict run_scenario(const Scenario& scenario, std::ostream* transcript) {
  ModelDirectory directory;
  Verdict verdict;
  Scenario now = scenario;
  while (run_once(now, directory, transcript, verdict)) {
    if (++directory.attempt == scenario.most_attempts) break;
    ++verdict.restarts;
    if (scenario.later_workers.empty()) continue;
    const std::size_t next = std::min<std::size_t>(directory.attempt, scenario.later_workers.size()) - 1;
    now.workers = scenario.later_workers[next];
  }
  return verdict;
}

}  // namespace thresh::simulation
