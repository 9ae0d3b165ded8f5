// What every state machine of the coordinator has in common: events in, commands out, nothing else.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/messages.hpp"
#include "core/task.hpp"

namespace thresh::schedule {

// Since the start of the coordinator. Machines never read a clock.
using Time = std::chrono::nanoseconds;

// ---- events

struct Received {
  WorkerId from = 0;
  Message message;
};
// The transport says so, or the worker was silent for longer than the peer timeout.
struct WorkerLost {
  WorkerId worker = 0;
  std::string reason;
  // The transport began anew without it: what was under way between any two is lost, and nobody can be silent
  // in it any more.
  bool transport_anew = false;
  Time repair{};  // what that took, if it is the first that was lost
};
// Someone asked the job to stop: a signal, a time limit.
struct StopAsked {
  Failure reason;
};
// Time passed; carries nothing.
struct Tick {};
// Answers to file work.
struct InputsListed {
  std::vector<InputFile> inputs;
};
struct JobOpened {
  Generation generation = 0;  // claimed
  std::string job_id;
  bool already_complete = false;
  std::string run_directory;
  JobFiles files;
  std::vector<std::string> split_points = {};  // of a job with a total order
};
struct GenerationClaimed {
  Generation generation = 0;
  JobFiles files;
};
struct VerdictWritten {
  SplitId split = 0;
};
struct Published {};
struct FileWorkFailed {
  Failure failure;
};

using Event = std::variant<Received, WorkerLost, StopAsked, Tick, InputsListed, JobOpened, GenerationClaimed,
                           VerdictWritten, Published, FileWorkFailed>;

// ---- commands

struct Send {
  WorkerId to = 0;
  Message message;
};
struct ListInputs {};
struct OpenJob {
  JobPlan plan;
};
struct ClaimGeneration {
  Generation generation = 0;
};
// The ranks meet for the rounds of a wave; rank 0 takes part in the collective with zero counts.
struct JoinWave {
  std::uint32_t wave = 0;
  std::uint64_t rounds = 0;
  bool reads = false;  // see ShuffleWave
};
// What a start or a recovery found, for the user: job.found, and what is left to do.
struct ReportFound {};
// Write down which records of a split are in quarantine. It holds once VerdictWritten says so.
struct WriteVerdict {
  SplitId split = 0;
  std::vector<BlamedRecord> records;
};
// Write down why the job ends. Before anything that takes time: the ranks may be killed soon.
struct RecordOutcome {
  Failure failure;
};
// Move the parts to their final names, write metrics and _SUCCESS.
struct Publish {};

using Command = std::variant<Send, ListInputs, OpenJob, ClaimGeneration, JoinWave, ReportFound, WriteVerdict,
                             RecordOutcome, Publish>;
using Commands = std::vector<Command>;

// The label of an edge of the job graph.
enum class Action {
  Partitioned,
  AlreadyComplete,
  Mapped,
  Shuffled,
  NextWave,
  Reduced,
  Published,
  Lost,
  Recovered,
  GivenUp,
  Failed,
};
std::string_view action_name(Action action) noexcept;

// One phase of the job. REQUIRES: start() first and once; nothing after outcome() has a value.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual Commands start(Time now) = 0;
  // More of start(), a piece at a time, where all of it at once would take gigabytes. Called until it is
  // empty; sets no outcome.
  virtual Commands start_more(Time) { return {}; }
  virtual Commands handle(const Event& event, Time now) = 0;
  // Set when the phase is over.
  std::optional<Action> outcome() const noexcept { return outcome_; }

 protected:
  void finish(Action action) noexcept { outcome_ = action; }

 private:
  std::optional<Action> outcome_;
};

// Where commands go and events come from: MPI and files in the engine, a seeded model in the simulation.
class Port {
 public:
  virtual ~Port() = default;
  virtual Time now() const = 0;
  virtual void perform(const Command& command) = 0;
  // The next event, or Tick at `deadline` at the latest.
  virtual Event wait(Time deadline) = 0;
};

}  // namespace thresh::schedule
