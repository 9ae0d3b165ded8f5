#include "simulation/model_worker.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <variant>

#include "simulation/text.hpp"
#include "simulation/world.hpp"

namespace thresh::simulation {

using namespace schedule;

ModelWorker::ModelWorker(WorkerId id, World& world, const std::vector<RunSummary>& held)
    : id_(id), world_(world), books_(id, held, world.scenario().checkpoint_every) {
  for (const RunSummary& run : held) {
    ModelRun& model = runs_[run.id];
    model.summary = run;
    for (const SplitSignature& signature : run.splits) model.content.push_back(signature.split);
  }
}

void ModelWorker::receive(const Message& message) {
  if (dead_ || left()) return;
  if (std::holds_alternative<Muster>(message)) {
    world_.begins(id_, TaskKind::Muster);
    if (dead_) return;
  }
  handle(FromCoordinator{message});
}

void ModelWorker::beat() {
  Heartbeat heartbeat;
  heartbeat.generation = books_.generation();
  heartbeat.stats.host = "node" + std::to_string(id_ / 4);
  heartbeat.stats.splits = splits_;
  world_.answer(id_, heartbeat);
}

const ShuffleWave* ModelWorker::exchange() const noexcept {
  const auto* task = task_ ? std::get_if<Exchange>(&*task_) : nullptr;
  return task == nullptr ? nullptr : &task->plan;
}

void ModelWorker::take_in(PartitionId partition, const Content& content) {
  Content& to = incoming_[partition];
  to.insert(to.end(), content.begin(), content.end());
}

bool ModelWorker::drop_incoming_row() {
  for (auto& [partition, content] : incoming_) {
    if (content.empty()) continue;
    content.pop_back();
    return true;
  }
  return false;
}

void ModelWorker::handle(const WorkerEvent& event) {
  if (world_.is_transcribed()) world_.note("  worker " + std::to_string(id_) + " <- " + text_of(event));
  for (const WorkerCommand& command : books_.handle(event, world_.now())) {
    if (dead_) return;
    if (world_.is_transcribed()) world_.note("  worker " + std::to_string(id_) + " -> " + text_of(command));
    carry_out(command);
  }
}

void ModelWorker::carry_out(const WorkerCommand& command) {
  if (const auto* answer = std::get_if<Answer>(&command)) {
    Message message = answer->message;
    auto* inventory = std::get_if<Inventory>(&message);
    if (inventory != nullptr && inventory->sealed) inventory->readable = world_.rng().chance(500);
    const bool rests =
        (inventory != nullptr && !inventory->sealed) || std::holds_alternative<RunsSaved>(message);
    world_.require(!rests || committing_.empty(), "an answer does not wait for the parts under way");
    world_.answer(id_, message);
  } else if (std::holds_alternative<MapSplit>(command)) {
    begin(command, TaskKind::Map);
    end_after(20'000, 120'000);
  } else if (std::holds_alternative<SealTable>(command)) {
    begin(command, TaskKind::Seal);
    end_after(5'000, 20'000);
  } else if (const auto* drop = std::get_if<DropRuns>(&command)) {
    for (const RunId& run : drop->runs)
      world_.require(runs_.erase(run) == 1, "a run was dropped that is not held");
  } else if (std::holds_alternative<DropTable>(command)) {
    open_.clear();
  } else if (std::holds_alternative<DropSlices>(command)) {
    received_.clear();
  } else if (const auto* release = std::get_if<ReleasePartitions>(&command)) {
    for (auto& [run, model] : runs_)
      model.released.insert(release->partitions.begin(), release->partitions.end());
  } else if (const auto* exchange = std::get_if<Exchange>(&command)) {
    begin(command, TaskKind::Exchange);
    if (!dead_) world_.join(id_, exchange->plan);
  } else if (std::holds_alternative<AbortExchange>(command)) {
    abort_exchange();
  } else if (std::holds_alternative<ReducePartition>(command)) {
    begin(command, TaskKind::Reduce);
    end_after(10'000, 60'000);
  } else if (std::holds_alternative<ReadPart>(command)) {
    begin(command, TaskKind::Check);
    end_after(1'000, 5'000);
  } else if (std::holds_alternative<ReadFiles>(command)) {
    begin(command, TaskKind::Restore);
    end_after(5'000, 50'000);
  } else if (const auto* write = std::get_if<WriteRuns>(&command)) {
    world_.require(!writing_, "runs are to be written while others are");
    writing_ = file_of(write->runs);
    world_.begins(id_, TaskKind::Write);
    if (!dead_) world_.end_write(id_, std::chrono::milliseconds(world_.rng().between(5, 400)));
  } else if (const auto* leave = std::get_if<Leave>(&command)) {
    left_with_ = leave->code;
  }
}

void ModelWorker::begin(const WorkerCommand& task, TaskKind kind) {
  world_.require(!task_, "a worker was given two tasks at once");
  task_ = task;
  ++serial_;
  world_.begins(id_, kind);
}

void ModelWorker::end_after(std::uint64_t low_us, std::uint64_t high_us) {
  const std::uint64_t us = world_.rng().between(low_us, high_us) * factor_;
  world_.end_task(id_, serial_, std::chrono::microseconds(us));
}

void ModelWorker::exchange_complete() {
  ending_ = true;
  end_after(500, 10'000);
}

void ModelWorker::abort_exchange() {
  world_.require(exchange() != nullptr, "an exchange was aborted that is not under way");
  if (ending_ && world_.rng().chance(500)) return;  // it completes before the abort is noticed
  if (!ending_) world_.abort_meeting(id_, *exchange());
  // What came until then stays in the buffers.
  for (auto& [partition, content] : incoming_) {
    if (world_.rng().chance(500)) content.resize(world_.rng().below(content.size() + 1));
  }
  ++serial_;
  aborting_ = true;
  end_after(500, 10'000);
}

void ModelWorker::lose_exchange() {
  lost_rows_ = reads_later_;
  if (dead_ || left() || exchange() == nullptr || ending_ || aborting_) return;
  world_.abort_meeting(id_, *exchange());
  ++serial_;
  task_.reset();
  incoming_.clear();
  handle(ExchangeAborted{});
}

void ModelWorker::task_ends(std::uint64_t serial) {
  if (dead_ || left() || serial != serial_ || !task_) return;
  const WorkerCommand task = *std::exchange(task_, std::nullopt);
  if (std::exchange(failing_, false)) {
    incoming_.clear();
    ending_ = aborting_ = false;
    return handle(TaskFailed{{74, "model: no space left on device"}});
  }
  // A zombie finds that the others went on without it.
  if (!world_.is_listened_to(id_) && !aborting_ && world_.rng().chance(300)) {
    return handle(TaskFailed{{70, "model: the communicator was revoked"}});
  }
  if (const auto* map = std::get_if<MapSplit>(&task)) {
    end_map(map->task);
  } else if (const auto* seal = std::get_if<SealTable>(&task)) {
    end_seal(*seal);
  } else if (const auto* exchange = std::get_if<Exchange>(&task)) {
    end_exchange(exchange->plan);
  } else if (const auto* reduce = std::get_if<ReducePartition>(&task)) {
    end_reduce(*reduce);
  } else if (const auto* read = std::get_if<ReadPart>(&task)) {
    end_read(read->part);
  } else if (const auto* files = std::get_if<ReadFiles>(&task)) {
    end_read_files(files->files);
  }
}

void ModelWorker::end_map(const AssignSplit& task) {
  if (std::exchange(refusing_, false)) {
    return handle(
        SplitRefused{task.split, task.attempt, {65, "model: user code threw in " + task.input.path}, {}});
  }
  const auto poison = world_.scenario().poison.find(task.split);
  if (poison != world_.scenario().poison.end() && task.skip.empty())
    return fail_on_record(task, poison->second);
  const Record record = task.split + world_.next_version(task.split) * version_bit;
  open_.push_back(record);
  ++splits_;
  const bool full = world_.rng().chance(world_.scenario().table_full_per_mille);
  handle(SplitMapped{task.attempt, signature_of(record, world_.partitions()), full});
}

void ModelWorker::fail_on_record(const AssignSplit& task, bool throws) {
  if (throws) {
    open_.push_back(task.split);  // a part of it
    return handle(SplitRefused{task.split, task.attempt, {65, "model: poison"}, {{7, "model: poison"}}});
  }
  world_.poisoned(id_, task.split);
}

void ModelWorker::end_seal(const SealTable& task) {
  world_.require(!task.splits.empty(), "an empty table was sealed");
  RunSummary run = summary_of(task.id, task.splits, open_, world_.partitions());
  const bool is_new = runs_.emplace(task.id, ModelRun{run, std::move(open_), {}}).second;
  world_.require(is_new, "the name of a run was used twice");
  open_.clear();
  handle(TableSealed{std::move(run)});
}

ModelRunFile ModelWorker::file_of(const std::vector<RunId>& runs) const {
  ModelRunFile file;
  for (const RunId& id : runs) {
    const ModelRun& run = runs_.at(id);
    world_.require(run.released.empty(), "a run was written that was released in part");
    file.runs.emplace_back(run.summary, run.content);
  }
  return file;
}

void ModelWorker::write_ends() {
  const bool good = !std::exchange(failing_write_, false);
  ModelRunFile file = std::exchange(writing_, std::nullopt).value();
  RunsWritten written{{}, good};
  for (const auto& [run, content] : file.runs) written.runs.push_back(run.id);
  if (good) world_.write_run_file(std::move(file));
  handle(written);
}

void ModelWorker::end_read_files(const Muster& files) {
  FilesRead read;
  read.generation = files.generation;
  for (const std::string& name : files.run_files) {
    const ModelRunFile* file = world_.find_run_file(name);
    if (file == nullptr || file->damaged) {
      read.damage.push_back(name + " is damaged");
      continue;
    }
    for (const auto& [summary, content] : file->runs) {
      RunSummary run = summary;
      run.from_file = true;
      read.runs.push_back(run);
      runs_.try_emplace(run.id, ModelRun{run, content, {}});
    }
  }
  for (const std::string& name : files.part_files) {
    const ModelPart* part = world_.find_part(name);
    if (part == nullptr || checksum_of(part->content) != part->part.checksum) {
      read.damage.push_back(name + " is damaged");
    } else {
      read.parts.push_back(part->part);
    }
  }
  handle(read);
}

void ModelWorker::end_exchange(const ShuffleWave& plan) {
  for (auto& [partition, content] : incoming_) {
    Content& to = received_[partition];
    to.insert(to.end(), content.begin(), content.end());
  }
  incoming_.clear();
  ending_ = false;
  lost_rows_ = false;
  if (std::exchange(aborting_, false)) return handle(ExchangeAborted{});
  reads_later_ = world_.rng().chance(500);
  handle(WaveExchanged{plan.wave});
}

void ModelWorker::end_reduce(const ReducePartition& task) {
  Content content = std::move(received_[task.partition]);
  received_.erase(task.partition);
  if (lost_rows_ && world_.rng().chance(700)) return handle(ExchangeAborted{});
  std::sort(content.begin(), content.end());
  const SliceSize taken = slice_of(content, task.partition);
  PartSummary part;
  part.partition = task.partition;
  part.worker = id_;
  part.cover_digest = task.cover_digest;
  part.input_rows = taken.rows;
  part.input_hash_sum = taken.hash_sum;
  part.lines = taken.rows;
  part.bytes = taken.bytes;
  part.checksum = checksum_of(content);
  for (const Record record : content) part.weight += record_weight(record, task.partition);
  // A worker that does not notice is what the ledger is for. Once such a part has outlived its run, nobody
  // can tell, so that is one fault too many.
  const bool notices = world_.scenario().most_attempts > 1 || world_.rng().chance(500);
  const bool balances =
      part.input_rows == task.expected.rows && part.input_hash_sum == task.expected.hash_sum;
  if (!balances && notices) {
    return handle(TaskFailed{{70, "the ledger does not balance: model: rows were lost"}});
  }
  part.file = "p" + std::to_string(part.partition) + "." + std::to_string(task.generation) + "." +
              std::to_string(world_.rng().next() % 1'000'000'000);
  committing_.push_back({std::move(part), std::move(content)});
  world_.begins(id_, TaskKind::Commit);
  if (dead_) return;
  const std::uint64_t ms = world_.rng().chance(100) ? 400 : 20;
  committed_ = std::max(committed_, world_.now()) + std::chrono::milliseconds(world_.rng().between(1, ms));
  world_.end_commit(id_, committed_);
  handle(PartReduced{});
}

void ModelWorker::commit_ends() {
  ModelPart part = std::move(committing_.front());
  committing_.pop_front();
  if (std::exchange(failing_commit_, false)) {
    return handle(CommitFailed{{74, "model: no space left on device"}});
  }
  if (std::exchange(damaging_, false)) part.content.push_back(0);
  PartSummary summary = part.part;
  world_.write_part(std::move(part));
  handle(PartWritten{std::move(summary)});
}

void ModelWorker::end_read(const CheckPart& part) {
  const ModelPart* found = world_.find_part(part.file);
  const bool good = found != nullptr && checksum_of(found->content) == part.checksum;
  handle(PartRead{part.partition, good, good ? "" : "its checksum differs"});
}

}  // namespace thresh::simulation
