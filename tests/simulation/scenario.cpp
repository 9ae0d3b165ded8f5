#include "simulation/scenario.hpp"

#include <utility>
#include <variant>

#include "schedule/split_planner.hpp"
#include "simulation/rng.hpp"

namespace thresh::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Time some_milliseconds(Rng& rng, std::uint64_t low, std::uint64_t high) {
  return milliseconds(static_cast<std::int64_t>(rng.between(low, high)));
}

void choose_workers(Scenario& scenario, Rng& rng) {
  if (rng.chance(80)) {  // one rank does it all
    scenario.workers = {0};
    scenario.options.ranks = 1;
    return;
  }
  const auto count = static_cast<std::uint32_t>(rng.chance(100) ? rng.between(13, 24) : rng.between(1, 12));
  for (WorkerId worker = 1; worker <= count; ++worker) scenario.workers.push_back(worker);
  scenario.options.ranks = count + 1;
}

void choose_inputs(Scenario& scenario, Rng& rng) {
  const std::uint64_t files = rng.chance(40) ? 0 : rng.between(1, 5);
  for (std::uint64_t i = 0; i < files; ++i) {
    InputFile file;
    file.path = "input" + std::to_string(i);
    file.size = rng.chance(150) ? 0 : rng.between(1, 6'000);
    scenario.inputs.push_back(file);
  }
  scenario.options.split_bytes = rng.between(40, 400);
  scenario.options.partitions = static_cast<std::uint32_t>(rng.between(1, 12));
  scenario.options.round_bytes = rng.between(16, 4096);
  if (rng.chance(400)) scenario.options.wave_bytes = rng.between(1, 4000);
  scenario.options.conserves_weight = rng.chance(500);
  scenario.options.combines = rng.chance(500);
  scenario.options.uses_locations = rng.chance(300);
}

void choose_network(Scenario& scenario, Rng& rng) {
  if (rng.chance(100)) return;
  scenario.network.late_per_mille = rng.below(200);
  scenario.network.most_late = some_milliseconds(rng, 1, 3000);
  scenario.network.twice_per_mille = rng.below(300);
}

Fault some_fault(Rng& rng, const Scenario& scenario) {
  static constexpr FaultKind losses[] = {FaultKind::Kill, FaultKind::Kill, FaultKind::Hang, FaultKind::Hang,
                                         FaultKind::Suspect};
  static constexpr FaultKind others[] = {FaultKind::RefuseSplit, FaultKind::FailTask,   FaultKind::DropRow,
                                         FaultKind::DamagePart,  FaultKind::Stop,       FaultKind::LoseClaim,
                                         FaultKind::FailPublish, FaultKind::DamagePart, FaultKind::DropRow};
  Fault fault;
  const std::uint64_t dice = rng.below(100);
  if (dice < 68) {
    fault.kind = losses[rng.below(std::size(losses))];
  } else if (dice < 82) {
    fault.kind = FaultKind::Slow;
  } else if (dice < 91) {
    fault.kind = FaultKind::PauseCoordinator;
  } else {
    fault.kind = others[rng.below(std::size(others))];
  }
  if (rng.chance(700)) {
    fault.on = static_cast<TaskKind>(rng.below(task_kinds));
    const std::uint64_t most = *fault.on == TaskKind::Map ? 60 : 2 * scenario.workers.size();
    fault.nth = rng.between(1, most);
  } else {
    fault.at = some_milliseconds(rng, 0, 8000);
  }
  if (fault.kind == FaultKind::RefuseSplit) fault.on = TaskKind::Map;
  if (fault.kind == FaultKind::DropRow) fault.on = TaskKind::Exchange;
  if (fault.kind == FaultKind::DamagePart) fault.on = TaskKind::Commit;
  if (fault.kind == FaultKind::FailTask && fault.on == TaskKind::Muster) fault.on = TaskKind::Reduce;
  if (fault.kind == FaultKind::FailTask && !fault.on) fault.on = TaskKind::Seal;
  fault.worker = scenario.workers[rng.below(scenario.workers.size())];
  fault.length = rng.chance(500) ? some_milliseconds(rng, 100, 9000) : some_milliseconds(rng, 11'000, 60'000);
  fault.factor = rng.between(10, 100);
  fault.silent = rng.chance(400);
  return fault;
}

// A host goes, and takes its workers with it, one after another.
void choose_host_loss(Scenario& scenario, Rng& rng) {
  Fault fault = some_fault(rng, scenario);
  fault.kind = FaultKind::Kill;
  const std::uint64_t ranks = rng.between(2, 8);
  for (std::uint64_t i = 0; i < ranks; ++i) {
    fault.silent = rng.chance(300);
    scenario.faults.push_back(fault);
    if (fault.on) ++fault.nth;
    fault.at += some_milliseconds(rng, 0, 40);
    fault.worker = scenario.workers[(fault.worker + 1) % scenario.workers.size()];
  }
}

void choose_faults(Scenario& scenario, Rng& rng) {
  const std::uint64_t dice = rng.below(100);
  std::uint64_t count = 0;
  if (dice >= 8) count = rng.between(1, 4);
  if (dice >= 85) count = rng.between(4, 12);
  for (std::uint64_t i = 0; i < count; ++i) scenario.faults.push_back(some_fault(rng, scenario));
  if (rng.chance(80)) choose_host_loss(scenario, rng);
}

// What a coordinator would find that takes over from one that died.
void choose_held(Scenario& scenario, Rng& rng) {
  auto planned = schedule::plan_splits(scenario.inputs, scenario.options);
  const auto splits = static_cast<SplitId>(std::get<JobPlan>(planned).splits.size());
  if (splits == 0) return;
  scenario.first_generation = static_cast<Generation>(rng.between(2, 5));
  for (const WorkerId worker : scenario.workers) {
    const std::uint64_t runs = rng.below(3);
    SplitId next = static_cast<SplitId>(rng.below(splits));
    for (std::uint64_t i = 0; i < runs && next < splits; ++i) {
      std::vector<SplitId> run;
      for (std::uint64_t left = rng.between(1, 6); left > 0 && next < splits; --left) {
        run.push_back(next);
        next += static_cast<SplitId>(rng.between(1, 3));
      }
      scenario.held[worker].push_back(std::move(run));
    }
  }
}

// Checkpoints, and further runs of the job on other numbers of workers.
void choose_restarts(Scenario& scenario, Rng& rng) {
  if (!rng.chance(150)) scenario.checkpoint_every = some_milliseconds(rng, 50, 2000);
  scenario.options.checkpoints = scenario.checkpoint_every.has_value();
  scenario.options.save_timeout = seconds(5);
  scenario.most_attempts = static_cast<std::uint32_t>(rng.between(2, 8));
  for (std::uint64_t i = rng.below(3); i > 0; --i) {
    const std::uint64_t count = rng.between(1, 2 * scenario.workers.size());
    std::vector<WorkerId> workers;
    for (WorkerId worker = count == 1 ? 0 : 1; workers.size() < count; ++worker) workers.push_back(worker);
    scenario.options.ranks = std::max(scenario.options.ranks, static_cast<std::uint32_t>(count + 1));
    scenario.later_workers.push_back(std::move(workers));
  }
  constexpr FaultKind kinds[] = {FaultKind::Crash, FaultKind::Crash,     FaultKind::Stop,
                                 FaultKind::Kill,  FaultKind::FailWrite, FaultKind::DamageRunFile};
  for (std::uint64_t i = rng.below(5); i > 0; --i) {
    Fault fault = some_fault(rng, scenario);
    fault.kind = kinds[rng.below(std::size(kinds))];
    if (fault.kind == FaultKind::FailWrite) fault.on = TaskKind::Write;
    scenario.faults.push_back(fault);
  }
}

}  // namespace

std::string_view fault_name(FaultKind kind) noexcept {
  switch (kind) {
    case FaultKind::Kill:
      return "kill";
    case FaultKind::Hang:
      return "hang";
    case FaultKind::Slow:
      return "slow";
    case FaultKind::Suspect:
      return "suspect";
    case FaultKind::RefuseSplit:
      return "refuse split";
    case FaultKind::FailTask:
      return "fail task";
    case FaultKind::DropRow:
      return "drop row";
    case FaultKind::DamagePart:
      return "damage part";
    case FaultKind::Stop:
      return "stop";
    case FaultKind::PauseCoordinator:
      return "pause coordinator";
    case FaultKind::LoseClaim:
      return "lose claim";
    case FaultKind::FailPublish:
      return "fail publish";
    case FaultKind::FailWrite:
      return "fail write";
    case FaultKind::DamageRunFile:
      return "damage run file";
    case FaultKind::Crash:
      return "crash";
  }
  return "unknown";
}

std::string_view task_name(TaskKind kind) noexcept {
  switch (kind) {
    case TaskKind::Muster:
      return "muster";
    case TaskKind::Map:
      return "map";
    case TaskKind::Seal:
      return "seal";
    case TaskKind::Exchange:
      return "exchange";
    case TaskKind::Reduce:
      return "reduce";
    case TaskKind::Commit:
      return "commit";
    case TaskKind::Check:
      return "check";
    case TaskKind::Write:
      return "write";
    case TaskKind::Restore:
      return "restore";
  }
  return "unknown";
}

std::string fault_text(const Fault& fault) {
  std::string text(fault_name(fault.kind));
  if (fault.on) {
    text += " at " + std::string(task_name(*fault.on)) + " " + std::to_string(fault.nth);
  } else {
    text += " worker " + std::to_string(fault.worker) + " at " +
            std::to_string(std::chrono::duration_cast<milliseconds>(fault.at).count()) + " ms";
  }
  if (fault.kind == FaultKind::Hang || fault.kind == FaultKind::PauseCoordinator) {
    text += " for " + std::to_string(std::chrono::duration_cast<milliseconds>(fault.length).count()) + " ms";
  }
  if (fault.kind == FaultKind::Slow) text += " by " + std::to_string(fault.factor);
  if (fault.kind == FaultKind::Kill && fault.silent) text += ", silently";
  return text;
}

Scenario small_scenario(std::uint64_t seed) {
  Rng rng(seed);
  Scenario scenario;
  scenario.seed = seed;
  choose_workers(scenario, rng);
  choose_inputs(scenario, rng);
  choose_network(scenario, rng);
  choose_faults(scenario, rng);
  scenario.policy.recovers_in_job = !rng.chance(60);
  scenario.policy.recovers_from_silence = scenario.policy.recovers_in_job;
  scenario.policy.max_fruitless_recoveries = rng.chance(200) ? 1 : 4;
  scenario.liveness.peer_timeout = seconds(10);
  scenario.liveness.ping_interval = milliseconds(500);
  scenario.heartbeat = milliseconds(700);
  scenario.table_full_per_mille = rng.chance(500) ? rng.below(300) : 0;
  scenario.already_complete = rng.chance(10);
  if (rng.chance(250)) choose_held(scenario, rng);
  if (rng.chance(60)) scenario.unstable = static_cast<SplitId>(rng.below(60));
  if (rng.chance(600)) choose_restarts(scenario, rng);
  if (rng.chance(150)) {
    for (std::uint64_t i = rng.between(1, 3); i > 0; --i) {
      scenario.poison[static_cast<SplitId>(rng.below(60))] = rng.chance(600);
    }
    scenario.options.max_bad_records = rng.below(4);
  }
  scenario.transport_anew = scenario.policy.recovers_in_job && rng.chance(500);
  return scenario;
}

Scenario large_scenario(std::uint64_t seed) {
  Rng rng(seed);
  Scenario scenario;
  scenario.seed = seed;
  constexpr std::uint32_t workers = 2000;
  for (WorkerId worker = 1; worker <= workers; ++worker) scenario.workers.push_back(worker);
  scenario.options.ranks = workers + 1;
  scenario.inputs = {InputFile{"large", 100'000 * 1000, 0}};
  scenario.options.split_bytes = 1000;
  scenario.options.partitions = 64;
  scenario.policy.recovers_in_job = true;
  scenario.policy.recovers_from_silence = true;
  scenario.liveness.peer_timeout = seconds(60);
  scenario.liveness.ping_interval = seconds(5);
  scenario.heartbeat = seconds(5);
  scenario.network.late_per_mille = 10;
  scenario.network.most_late = seconds(1);
  scenario.network.twice_per_mille = 20;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Fault fault;
    fault.kind = FaultKind::Slow;
    fault.worker = static_cast<WorkerId>(rng.between(1, workers));
    fault.factor = rng.between(10, 100);
    scenario.faults.push_back(fault);
  }
  Fault kill;
  kill.on = TaskKind::Map;
  kill.nth = rng.between(20'000, 90'000);
  scenario.faults.push_back(kill);
  kill.on = TaskKind::Exchange;
  kill.nth = rng.between(1, workers);
  scenario.faults.push_back(kill);
  scenario.most_events = 20'000'000;
  return scenario;
}

}  // namespace thresh::simulation
