// What a simulated run is made of: all of it follows from the seed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.hpp"
#include "schedule/fault_handler.hpp"
#include "schedule/job.hpp"
#include "schedule/machine.hpp"
#include "schedule/worker_pool.hpp"

namespace thresh::simulation {

using schedule::Time;

enum class FaultKind {
  Kill,              // the worker is gone; `silent`: nobody says so
  Hang,              // it does nothing for a while, then goes on: as a zombie if that was too long
  Slow,              // its tasks take `factor` times as long
  Suspect,           // the transport says it is gone, and it is not
  RefuseSplit,       // user code throws
  FailTask,          // the disk is full
  DropRow,           // the exchange loses a record
  DamagePart,        // a part's bytes change after it was committed
  Stop,              // someone asks the job to stop
  PauseCoordinator,  // rank 0 does nothing for a while
  LoseClaim,         // another coordinator claims the generation first
  FailPublish,       // the disk is full when the parts are moved
  FailWrite,         // the disk is full when runs are written to a file
  DamageRunFile,     // a run file's bytes change
  Crash,             // rank 0 is gone, and with it the others
};
std::string_view fault_name(FaultKind kind) noexcept;

enum class TaskKind { Muster, Map, Seal, Exchange, Reduce, Commit, Check, Write, Restore };
inline constexpr std::uint64_t task_kinds = 9;
std::string_view task_name(TaskKind kind) noexcept;

// Strikes once: at a time, or when any worker begins the nth task of a kind.
struct Fault {
  FaultKind kind = FaultKind::Kill;
  std::optional<TaskKind> on;
  std::uint64_t nth = 1;
  Time at{};
  WorkerId worker = 0;  // when it strikes at a time
  Time length{};
  std::uint64_t factor = 1;
  bool silent = false;
};
std::string fault_text(const Fault& fault);

struct Network {
  Time most_latency = std::chrono::milliseconds(2);
  std::uint64_t late_per_mille = 0;
  Time most_late{};
  std::uint64_t twice_per_mille = 0;
};

struct Scenario {
  std::uint64_t seed = 0;
  std::vector<WorkerId> workers;
  std::vector<InputFile> inputs;
  schedule::JobOptions options;
  schedule::FaultPolicy policy;
  // A worker that dies takes all that is under way between any two with it, exchanges too, as the repair of a
  // communicator does.
  bool transport_anew = false;
  schedule::Liveness liveness;
  Time heartbeat{};
  Network network;
  std::vector<Fault> faults;
  std::uint64_t table_full_per_mille = 0;
  bool already_complete = false;
  Generation first_generation = 1;
  std::optional<Time> checkpoint_every;
  // The workers of each run of the job; the last ones serve for all that follow. `workers` is the first.
  std::vector<std::vector<WorkerId>> later_workers;
  std::uint32_t most_attempts = 1;
  // Records that cannot be mapped, by split: throw each time (true), or kill the worker (false).
  std::map<SplitId, bool> poison;
  // Runs that workers hold from before, as the splits in them. They may overlap.
  std::map<WorkerId, std::vector<std::vector<SplitId>>> held;
  // This split gives something else each time it is mapped.
  std::optional<SplitId> unstable;
  // A run that takes longer, or more events, hangs.
  Time most_time = std::chrono::hours(2);
  std::uint64_t most_events = 3'000'000;
};

// A handful of workers, up to some hundred splits, and any faults.
Scenario small_scenario(std::uint64_t seed);
// 2,000 workers, 100,000 splits, some workers slow, a few killed.
Scenario large_scenario(std::uint64_t seed);

}  // namespace thresh::simulation
