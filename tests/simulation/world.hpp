// Everything around the coordinator in a simulated run: virtual time, a network that delays, reorders and
// repeats, model workers, a model directory, and the faults of the scenario.
#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "schedule/job.hpp"
#include "schedule/machine.hpp"
#include "simulation/model.hpp"
#include "simulation/model_worker.hpp"
#include "simulation/rng.hpp"
#include "simulation/scenario.hpp"

namespace thresh::simulation {

// The run broke a rule.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Rank 0 is gone, and with it this run of the job.
class Crashed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// One run of a job. The directory is what it finds and leaves.
class World : public schedule::Port {
 public:
  // Borrows all. `transcript` may be null.
  World(const Scenario& scenario, const schedule::Job& job, ModelDirectory& directory,
        std::ostream* transcript);

  // ---- for the coordinator
  Time now() const override { return now_; }
  void perform(const schedule::Command& command) override;
  schedule::Event wait(Time deadline) override;

  // ---- for the workers
  const Scenario& scenario() const noexcept { return scenario_; }
  Rng& rng() noexcept { return rng_; }
  std::uint32_t partitions() const noexcept { return job_.plan.partitions; }
  bool is_listened_to(WorkerId worker) const { return job_.pool.is_live(worker); }
  void answer(WorkerId from, const Message& message);
  void end_task(WorkerId worker, std::uint64_t serial, Time after);
  // Faults may strike here.
  void begins(WorkerId worker, TaskKind kind);
  void end_write(WorkerId worker, Time after);
  void end_commit(WorkerId worker, Time at);
  // The worker dies of a record.
  void poisoned(WorkerId worker, SplitId split);
  void write_run_file(ModelRunFile file);
  const ModelRunFile* find_run_file(const std::string& file) const;
  void join(WorkerId worker, const ShuffleWave& plan);
  void abort_meeting(WorkerId worker, const ShuffleWave& plan);
  void write_part(ModelPart part);
  const ModelPart* find_part(const std::string& file) const;
  // 0, unless the scenario says that the split is unstable.
  Record next_version(SplitId split);
  void require(bool holds, const char* rule) const;

  bool is_transcribed() const noexcept { return transcript_ != nullptr; }
  void note(const std::string& line);

  // ---- for the judge
  // Lets everything that is still on its way to the workers arrive.
  void settle();
  // The processes are gone. What they were writing may still come to be, later.
  void end_all();
  const ModelWorker& worker(WorkerId id) const { return workers_.at(id); }
  bool struck(FaultKind kind) const { return struck_.contains(kind); }
  // Whether a fault explains that the worker was declared lost.
  bool may_be_lost(WorkerId worker) const { return may_be_lost_.contains(worker); }
  std::uint32_t times_published() const noexcept { return times_published_; }
  // What the parts held when they were published, by partition.
  const std::vector<Content>& published() const noexcept { return published_; }
  std::uint64_t events() const noexcept { return events_; }

 private:
  struct ToWorker {
    WorkerId to = 0;
    Message message;
  };
  struct ToCoordinator {
    schedule::Event event;
  };
  struct TaskEnd {
    WorkerId worker = 0;
    std::uint64_t serial = 0;
  };
  struct WriteEnd {
    WorkerId worker = 0;
  };
  struct CommitEnd {
    WorkerId worker = 0;
  };
  struct Beat {
    WorkerId worker = 0;
  };
  struct Strike {
    std::size_t fault = 0;
  };
  struct Anew {  // the transport, without this worker
    WorkerId lost = 0;
    std::string why;
  };
  struct Gone {};  // was lost on its way
  using Item = std::variant<ToWorker, ToCoordinator, TaskEnd, WriteEnd, CommitEnd, Beat, Strike, Anew, Gone>;
  struct Due {
    Time at{};
    std::uint64_t order = 0;
    std::size_t slot = 0;
    bool operator>(const Due& other) const noexcept {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  struct Meeting {
    std::set<WorkerId> expected;
    std::set<WorkerId> joined;
    bool rank0_joined = false;
    bool aborted = false;
  };
  using MeetingKey = std::pair<Generation, std::uint32_t>;

  void push(Time at, Item item);
  void push(Due due, Item item);
  std::pair<Due, Item> pop();
  void send(Item item);
  void reply(std::uint64_t most_ms, schedule::Event event);
  void deliver(const Due& due, Item item);
  // The worker is dead, and everybody will know.
  void lose(WorkerId worker, std::string why);
  void begin_transport_anew(const Anew& anew);
  // False: it was put off, as the worker hangs.
  bool reaches(WorkerId worker, const Due& due, Item& item);
  void hold_runs();
  void strike(const Fault& fault, WorkerId worker);
  void strike_worker(const Fault& fault, WorkerId worker);
  void claim(Generation generation);
  JobFiles list_files();
  void check_found() const;
  void damage_files(FaultKind kind);
  void publish();
  void meet(const MeetingKey& key);
  void move_slices(const Meeting& meeting);
  void count_event();

  const Scenario& scenario_;
  const schedule::Job& job_;
  ModelDirectory& directory_;
  std::ostream* transcript_;
  Rng rng_;
  Time now_{};
  std::uint64_t events_ = 0;
  std::uint64_t orders_ = 0;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue_;
  std::vector<Item> slots_;
  std::vector<std::size_t> free_slots_;

  std::map<WorkerId, ModelWorker> workers_;
  std::map<MeetingKey, Meeting> meetings_;
  JobFiles listed_;  // as the coordinator last saw it
  Generation generation_ = 0;
  Time paused_until_{};
  bool over_ = false;
  bool loses_claim_ = false;
  bool fails_publish_ = false;
  bool drops_row_ = false;
  std::array<std::uint64_t, task_kinds> begun_{};
  std::set<FaultKind> struck_;
  std::set<WorkerId> may_be_lost_;
  std::set<WorkerId> hung_;
  std::uint32_t times_published_ = 0;
  std::vector<Content> published_;
};

}  // namespace thresh::simulation
