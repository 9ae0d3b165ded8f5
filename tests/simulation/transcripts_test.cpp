// Readable transcripts: what goes in, and what the machines answer.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "schedule/job.hpp"
#include "schedule/map_coordinator.hpp"
#include "schedule/recovery.hpp"
#include "schedule/shuffle.hpp"
#include "schedule/worker_books.hpp"
#include "simulation/model.hpp"
#include "simulation/text.hpp"
#include "support/catch.hpp"

namespace {

using namespace thresh;
using namespace thresh::schedule;
using namespace thresh::simulation;

// Feeds a coordinator's machine and writes down what happens.
class MachineScript {
 public:
  explicit MachineScript(Machine& machine) : machine_(machine) { write(machine.start(Time{})); }
  struct Started {};
  MachineScript(Machine& machine, Started) : machine_(machine) {}

  void event(const Event& event) {
    log_ += "< " + text_of(event) + "\n";
    write(machine_.handle(event, Time{}));
  }
  void from(WorkerId worker, const Message& message) { event(Received{worker, message}); }
  const std::string& log() const { return log_; }

 private:
  void write(const Commands& commands) {
    for (const Command& command : commands) log_ += "  > " + text_of(command) + "\n";
    if (machine_.outcome()) log_ += "  = " + std::string(action_name(*machine_.outcome())) + "\n";
  }

  Machine& machine_;
  std::string log_;
};

class BooksScript {
 public:
  explicit BooksScript(WorkerBooks& books) : books_(books) {}
  void event(const WorkerEvent& event) {
    log_ += "< " + text_of(event) + "\n";
    for (const WorkerCommand& command : books_.handle(event, Time{}))
      log_ += "  > " + text_of(command) + "\n";
  }
  void hear(const Message& message) { event(FromCoordinator{message}); }
  const std::string& log() const { return log_; }
  // Brings worker 1 to where it reduces the first of so many partitions, all its own. The log begins there.
  void begin_to_reduce(PartitionId partitions) {
    ShuffleWave wave;
    wave.generation = 1;
    ReduceWave reduce{1, 0, {}};
    for (PartitionId p = 0; p < partitions; ++p) {
      wave.owners.emplace_back(p, 1);
      reduce.expected.emplace_back(p, PartitionSums{});
    }
    hear(Muster{1, partitions, "job", "runs", {}, {}, {}});
    hear(KeepRuns{1, {}});
    hear(wave);
    event(WaveExchanged{0});
    log_.clear();
    hear(reduce);
  }

 private:
  WorkerBooks& books_;
  std::string log_;
};

// Of two workers and three splits, in generation 1.
Job small_job() {
  Job job;
  job.options.ranks = 3;
  job.pool = WorkerPool({1, 2}, Liveness{}, Time{});
  job.faults = FaultHandler(FaultPolicy{true, true, 4});
  JobPlan plan;
  plan.inputs = {InputFile{"book.txt", 300, 0}};
  plan.splits = {Split{0, 0, 100}, Split{0, 100, 200}, Split{0, 200, 300}};
  plan.partitions = 2;
  job.adopt(plan);
  job.generation = 1;
  return job;
}

RunSummary run_of(RunId id, const Content& content) {
  RunSummary run;
  run.id = id;
  for (const simulation::Record record : content) run.splits.push_back(signature_of(record, 2));
  run.slices = {slice_of(content, 0), slice_of(content, 1)};
  return run;
}

SplitDone done(SplitId split, std::uint32_t attempt = 0) {
  return SplitDone{1, attempt, signature_of(split, 2)};
}

AssignSplit assign(Generation generation, SplitId split, std::uint32_t attempt = 0) {
  return AssignSplit{
      generation, split, attempt, InputFile{"book.txt", 300, 0}, Split{0, split * 100, split * 100 + 100},
      false,      {},    1};
}

}  // namespace

TEST_CASE("the map coordinator hands out splits, seals, and takes what the workers hold as the cover") {
  Job job = small_job();
  const auto machine = MapCoordinator().prep(job);
  MachineScript script(*machine);
  script.from(1, done(0));
  script.from(2, done(1));
  script.from(1, done(0));                              // repeated
  script.from(2, done(2));                              // not its own
  script.from(1, SplitDone{0, 0, signature_of(2, 2)});  // of an older generation
  script.from(1, done(2));
  script.from(1, Inventory{1, true, {run_of({1, 1, 0}, {0, 2})}, {}, {}});
  script.from(2, Inventory{1, true, {run_of({1, 2, 0}, {1})}, {}, {}});
  REQUIRE(script.log() == R"(  > AssignSplit g1 split 0 attempt 0 to 1
  > AssignSplit g1 split 1 attempt 0 to 2
  > AssignSplit g1 split 2 attempt 0 to 1
< SplitDone g1 split 0 attempt 0 from 1
< SplitDone g1 split 1 attempt 0 from 2
< SplitDone g1 split 0 attempt 0 from 1
< SplitDone g1 split 2 attempt 0 from 2
< SplitDone g0 split 2 attempt 0 from 1
< SplitDone g1 split 2 attempt 0 from 1
  > SealRuns g1 to 1
  > SealRuns g1 to 2
< Inventory g1 sealed {1.1.0: 0 2} from 1
< Inventory g1 sealed {1.2.0: 1} from 2
  = mapped
)");
  REQUIRE(job.cover.size() == 2);
  REQUIRE(job.metrics.tasks().late_ignored == 3);
}

TEST_CASE("a recovery claims the next generation and keeps what the survivors hold") {
  Job job = small_job();
  job.pool.lose(2, Time{});
  const auto machine = Recovery().prep(job);
  MachineScript script(*machine);
  script.from(2, done(1));  // the dead are told once
  script.from(2, done(1));
  script.event(GenerationClaimed{2, {}});
  script.from(1, Inventory{1, true, {}, {}, {}});  // late
  script.from(1, Inventory{2, false, {run_of({1, 1, 0}, {0}), run_of({1, 1, 1}, {0, 2})}, {}, {}});
  REQUIRE(script.log() == R"(  > ClaimGeneration g2
< SplitDone g1 split 1 attempt 0 from 2
  > Dismiss 75 to 2
< SplitDone g1 split 1 attempt 0 from 2
< GenerationClaimed g2
  > Muster g2 to 1
< Inventory g1 sealed {} from 1
< Inventory g2 {1.1.0: 0, 1.1.1: 0 2} from 1
  > ReportFound
  > KeepRuns g2 {1.1.1} to 1
  = recovered
)");
}

TEST_CASE("a split that gives something else the second time fails the job, naming the split") {
  Job job = small_job();
  job.signatures[0] = signature_of(0 + version_bit, 2);
  const auto machine = MapCoordinator().prep(job);
  MachineScript script(*machine);
  script.from(1, done(0));
  REQUIRE(machine->outcome() == Action::Failed);
  REQUIRE(job.failure->what.find("not deterministic") != std::string::npos);
  REQUIRE(job.failure->what.find("book.txt, bytes 0 to 100") != std::string::npos);
}

TEST_CASE("a split that failed goes to another worker, and fails the job when it fails there too") {
  Job job = small_job();
  const auto machine = MapCoordinator().prep(job);
  MachineScript script(*machine);
  WorkerStats stats;
  stats.host = "node7";
  script.from(2, Heartbeat{1, stats});
  script.from(2,
              SplitFailed{1, 1, 0, Failure{65, "book.txt, byte 120: bad record"}, {{120, "bad record"}}, {}});
  REQUIRE_FALSE(machine->outcome());
  script.from(1, SplitDone{1, 0, signature_of(0, 2)});
  REQUIRE(job.troubles.at(1).failed_on == std::set<WorkerId>{2});
  script.from(1, Heartbeat{1, stats});
  script.from(1,
              SplitFailed{1, 1, 1, Failure{65, "book.txt, byte 120: bad record"}, {{120, "bad record"}}, {}});
  REQUIRE(machine->outcome() == Action::Failed);
  REQUIRE(job.failure ==
          Failure{65,
                  "worker 1 (node7): book.txt, byte 120: bad record; with --max-bad-records N, "
                  "the same command goes on and leaves out up to N such records"});
}

TEST_CASE("all workers say whether the others read all they hold") {
  for (const auto& [first, second] : {std::pair(true, true), {true, false}, {false, true}}) {
    Job job = small_job();
    const auto machine = MapCoordinator().prep(job);
    MachineScript script(*machine);
    script.from(1, done(0));
    script.from(2, done(1));
    script.from(1, done(2));
    script.from(1, Inventory{1, true, {run_of({1, 1, 0}, {0, 2})}, {}, {}, first});
    script.from(2, Inventory{1, true, {run_of({1, 2, 0}, {1})}, {}, {}, second});
    REQUIRE(machine->outcome() == Action::Mapped);
    REQUIRE(job.all_readable == (first && second));
  }
}

TEST_CASE("what all workers can read is one wave, however large") {
  Job job = small_job();
  job.adopt(JobPlan{{}, {}, 5});
  job.holdings = Holdings(5);
  RunSummary run;
  run.slices.resize(5, SliceSize{1, 10, 5});
  job.holdings.add(1, run);
  job.options.wave_bytes = 1;
  Shuffle().prep(job)->start(Time{});
  REQUIRE(job.wave_owners.size() == 2);
  job.all_readable = true;
  Shuffle().prep(job)->start(Time{});
  REQUIRE(job.wave_owners.size() == 5);
}

TEST_CASE("an exchange in which nothing moves ends the job, once all who are in it say so") {
  const auto most = static_cast<std::uint64_t>(Liveness{}.peer_timeout / std::chrono::milliseconds(1));
  const auto waits = [](std::uint64_t ms) { return Heartbeat{1, {}, ms}; };
  Job job = small_job();
  job.pool = WorkerPool({1, 2, 3}, Liveness{}, Time{});
  job.options.ranks = 4;
  job.holdings = Holdings(2);
  for (const WorkerId worker : {1U, 2U, 3U}) job.holdings.add(worker, run_of({1, worker, 0}, {worker}));
  const auto machine = Shuffle().prep(job);
  machine->start(Time{});
  machine->start_more(Time{});
  MachineScript script(*machine, MachineScript::Started{});
  script.from(1, waits(most));
  script.from(2, waits(most - 1));
  script.from(3, waits(most));
  REQUIRE_FALSE(machine->outcome());
  script.from(1, waits(0));  // it moves again
  script.from(2, waits(most));
  REQUIRE_FALSE(machine->outcome());
  script.from(3, waits(0));
  script.from(1, waits(most));
  script.from(3, Heartbeat{0, {}, most});  // of the generation before
  REQUIRE_FALSE(machine->outcome());
  script.from(1, WaveReceived{1, 0});  // it is through, and says nothing of the others any more
  script.from(2, waits(most));
  REQUIRE_FALSE(machine->outcome());
  script.from(3, waits(most));
  REQUIRE(machine->outcome() == Action::Failed);
  REQUIRE(job.failure->code == 75);
  REQUIRE(job.failure->what.find("nothing has moved between workers for 660 s") == 0);
}

TEST_CASE("a worker's books do each task once and hold what comes too early") {
  WorkerBooks books(1);
  BooksScript script(books);
  script.hear(assign(1, 0));  // overtakes Muster
  script.hear(Muster{1, 2, "job", "runs", {}, {}, {}});
  script.hear(assign(1, 2));  // overtakes KeepRuns
  script.hear(KeepRuns{1, {}});
  script.hear(assign(1, 0));  // repeated
  script.event(SplitMapped{0, signature_of(0, 2), true});
  script.event(TableSealed{run_of({1, 1, 0}, {0})});
  script.hear(Muster{2, 2, "job", "runs", {}, {}, {}});  // finishes the split at hand first
  script.event(SplitMapped{0, signature_of(2, 2), false});
  script.event(TableSealed{run_of({1, 1, 1}, {2})});
  script.hear(Muster{2, 2, "job", "runs", {}, {}, {}});
  script.hear(KeepRuns{2, {{1, 1, 1}}});
  script.hear(Dismiss{0});
  script.hear(assign(2, 1));
  REQUIRE(script.log() == R"(< AssignSplit g1 split 0 attempt 0
< Muster g1
  > DropSlices
  > Answer Inventory g1 {}
< AssignSplit g1 split 2 attempt 0
< KeepRuns g1 {}
  > MapSplit split 0 attempt 0
< AssignSplit g1 split 0 attempt 0
< SplitMapped split 0 attempt 0 table full
  > Answer SplitDone g1 split 0 attempt 0
  > SealTable 1.1.0: 0
< TableSealed {1.1.0: 0}
  > MapSplit split 2 attempt 0
< Muster g2
< SplitMapped split 2 attempt 0
  > SealTable 1.1.1: 2
< TableSealed {1.1.1: 2}
  > DropSlices
  > Answer Inventory g2 {1.1.0: 0, 1.1.1: 2}
< Muster g2
< KeepRuns g2 {1.1.1}
  > DropRuns {1.1.0}
< Dismiss 0
  > Leave 0
< AssignSplit g2 split 1 attempt 0
)");
}

TEST_CASE("a worker's books abandon an exchange when the next generation begins") {
  WorkerBooks books(1);
  BooksScript script(books);
  ShuffleWave wave;
  wave.generation = 1;
  wave.owners = {{0, 1}, {1, 2}};
  script.hear(Muster{1, 2, "job", "runs", {}, {}, {}});
  script.hear(KeepRuns{1, {}});
  script.hear(SealRuns{1});
  script.hear(SealRuns{1});  // repeated
  script.hear(wave);
  script.hear(wave);  // repeated
  script.hear(Muster{2, 2, "job", "runs", {}, {}, {}});
  script.event(ExchangeAborted{});
  script.hear(ReduceWave{1, 0, {}});  // late
  REQUIRE(script.log() == R"(< Muster g1
  > DropSlices
  > Answer Inventory g1 {}
< KeepRuns g1 {}
< SealRuns g1
  > Answer Inventory g1 sealed {}
< SealRuns g1
< ShuffleWave g1 wave 0 rounds 0 owners {0@1 1@2}
  > Exchange g1 wave 0 rounds 0 owners {0@1 1@2}
< ShuffleWave g1 wave 0 rounds 0 owners {0@1 1@2}
< Muster g2
  > AbortExchange
< ExchangeAborted
  > DropSlices
  > Answer Inventory g2 {}
< ReduceWave g1 wave 0
)");
}

TEST_CASE("a worker reduces the partitions that it owns, one after another") {
  WorkerBooks books(1);
  BooksScript script(books);
  ShuffleWave wave;
  wave.generation = 1;
  wave.owners = {{0, 1}, {1, 2}, {2, 1}};
  PartSummary part;
  script.hear(Muster{1, 3, "job", "runs", {}, {}, {}});
  script.hear(KeepRuns{1, {}});
  script.hear(wave);
  script.event(WaveExchanged{0});
  script.hear(ReduceWave{1, 0, {{0, {}}, {2, {}}}});
  script.hear(ReduceWave{1, 0, {{0, {}}, {2, {}}}});
  script.event(PartReduced{});
  script.event(PartWritten{part});
  script.event(PartReduced{});
  part.partition = 2;
  REQUIRE_FALSE(books.idle());
  script.event(PartWritten{part});
  REQUIRE(books.idle());
  REQUIRE(script.log() == R"(< Muster g1
  > DropSlices
  > Answer Inventory g1 {}
< KeepRuns g1 {}
< ShuffleWave g1 wave 0 rounds 0 owners {0@1 1@2 2@1}
  > Exchange g1 wave 0 rounds 0 owners {0@1 1@2 2@1}
< WaveExchanged 0
  > Answer WaveReceived g1 wave 0
< ReduceWave g1 wave 0
  > ReducePartition g1 wave 0 partition 0
< ReduceWave g1 wave 0
< PartReduced
  > ReducePartition g1 wave 0 partition 2
< PartWritten partition 0 rows 0
  > Answer PartCommitted g1 wave 0 partition 0 rows 0
< PartReduced
< PartWritten partition 2 rows 0
  > Answer PartCommitted g1 wave 0 partition 2 rows 0
)");
}

TEST_CASE(
    "a worker answers for another generation when its parts are durable, and names those of the last one") {
  WorkerBooks books(1);
  BooksScript script(books);
  script.begin_to_reduce(2);
  script.event(PartReduced{});
  script.hear(Muster{2, 2, "job", "runs", {}, {}, {}});
  script.event(PartReduced{});
  PartSummary part;
  script.event(PartWritten{part});
  part.partition = 1;
  script.event(PartWritten{part});
  script.hear(Muster{3, 2, "job", "runs", {}, {}, {}});
  script.hear(KeepRuns{3, {}});
  script.hear(Muster{4, 2, "job", "runs", {}, {}, {}});
  REQUIRE(script.log() == R"(< ReduceWave g1 wave 0
  > ReducePartition g1 wave 0 partition 0
< PartReduced
  > ReducePartition g1 wave 0 partition 1
< Muster g2
< PartReduced
< PartWritten partition 0 rows 0
< PartWritten partition 1 rows 0
  > DropSlices
  > Answer Inventory g2 {} parts 2
< Muster g3
  > DropSlices
  > Answer Inventory g3 {} parts 2
< KeepRuns g3 {}
< Muster g4
  > DropSlices
  > Answer Inventory g4 {}
)");
}

TEST_CASE("a worker that is to save before its parts are durable answers both") {
  WorkerBooks books(1);
  BooksScript script(books);
  script.begin_to_reduce(1);
  script.event(PartReduced{});
  script.hear(Muster{2, 1, "job", "runs", {}, {}, {}});
  script.hear(SaveRuns{2});
  script.event(PartWritten{});
  REQUIRE(script.log() == R"(< ReduceWave g1 wave 0
  > ReducePartition g1 wave 0 partition 0
< PartReduced
< Muster g2
< SaveRuns g2
< PartWritten partition 0 rows 0
  > DropSlices
  > Answer Inventory g2 {} parts 1
  > Answer RunsSaved g2
)");
}

TEST_CASE("a worker that is told to save says so when its parts are durable, and fails once") {
  WorkerBooks books(1);
  BooksScript script(books);
  script.begin_to_reduce(2);
  script.event(PartReduced{});
  script.event(PartReduced{});
  script.event(CommitFailed{{74, "disk full"}});
  script.hear(SaveRuns{1});
  script.event(CommitFailed{{74, "disk full"}});
  REQUIRE(script.log() == R"(< ReduceWave g1 wave 0
  > ReducePartition g1 wave 0 partition 0
< PartReduced
  > ReducePartition g1 wave 0 partition 1
< PartReduced
< CommitFailed 74 "disk full"
  > Answer WorkerFailed g1 74 "disk full"
< SaveRuns g1
< CommitFailed 74 "disk full"
  > Answer RunsSaved g1
)");
}
