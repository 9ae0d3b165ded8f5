// A worker of a simulated run: the real books, and a model of what they command.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schedule/worker_books.hpp"
#include "simulation/model.hpp"
#include "simulation/scenario.hpp"

namespace thresh::simulation {

class World;

struct ModelRun {
  RunSummary summary;
  Content content;
  std::set<PartitionId> released;
};

class ModelWorker {
 public:
  // Borrows the world, which owns it.
  ModelWorker(WorkerId id, World& world, const std::vector<RunSummary>& held);

  void receive(const Message& message);
  // The task of that serial comes to its end, unless it was cancelled.
  void task_ends(std::uint64_t serial);
  void write_ends();
  void commit_ends();
  void beat();

  bool alive() const noexcept { return !dead_; }
  bool left() const noexcept { return books_.left(); }
  std::optional<int> left_with() const noexcept { return left_with_; }
  // Until then nothing reaches it.
  Time hung_until() const noexcept { return hung_until_; }

  // Faults.
  void kill() noexcept { dead_ = true; }
  void hang(Time until) noexcept { hung_until_ = std::max(hung_until_, until); }
  void slow_down(std::uint64_t factor) noexcept { factor_ = factor; }
  void fail_task() noexcept { failing_ = true; }
  void fail_commit() noexcept { failing_commit_ = true; }
  void refuse_split() noexcept { refusing_ = true; }
  void damage_part() noexcept { damaging_ = true; }
  void fail_write() noexcept { failing_write_ = true; }
  // The run file that is being written: it may still come to be when the worker is gone.
  const std::optional<ModelRunFile>& being_written() const noexcept { return writing_; }
  const std::deque<ModelPart>& being_committed() const noexcept { return committing_; }

  // For the exchange.
  const std::map<RunId, ModelRun>& runs() const noexcept { return runs_; }
  const ShuffleWave* exchange() const noexcept;
  void take_in(PartitionId partition, const Content& content);
  // One record of what was taken in for the exchange under way; false if there is none.
  bool drop_incoming_row();
  // The exchange under way, if there is one, will never be complete.
  void lose_exchange();
  void exchange_complete();

 private:
  void handle(const schedule::WorkerEvent& event);
  void carry_out(const schedule::WorkerCommand& command);
  void begin(const schedule::WorkerCommand& task, TaskKind kind);
  void end_after(std::uint64_t low_us, std::uint64_t high_us);
  void abort_exchange();
  void end_map(const AssignSplit& task);
  void fail_on_record(const AssignSplit& task, bool throws);
  void end_seal(const schedule::SealTable& task);
  void end_exchange(const ShuffleWave& plan);
  void end_reduce(const schedule::ReducePartition& task);
  void end_read(const CheckPart& part);
  ModelRunFile file_of(const std::vector<RunId>& runs) const;
  void end_read_files(const Muster& files);

  WorkerId id_;
  World& world_;
  schedule::WorkerBooks books_;
  bool dead_ = false;
  std::optional<int> left_with_;
  Time hung_until_{};
  std::uint64_t factor_ = 1;
  bool failing_ = false;
  bool refusing_ = false;
  bool damaging_ = false;
  bool failing_write_ = false;
  bool failing_commit_ = false;
  std::optional<ModelRunFile> writing_;

  std::deque<ModelPart> committing_;
  Time committed_{};  // when all are

  std::optional<schedule::WorkerCommand> task_;
  std::uint64_t serial_ = 0;
  bool ending_ = false;    // an end of the exchange under way is on its way
  bool aborting_ = false;  // and it is ExchangeAborted
  Content open_;
  std::map<RunId, ModelRun> runs_;
  std::map<PartitionId, Content> incoming_;
  std::map<PartitionId, Content> received_;
  bool reads_later_ = false;  // what it received: a rank that is lost meanwhile takes some of it along
  bool lost_rows_ = false;
  std::uint64_t splits_ = 0;
};

}  // namespace thresh::simulation
