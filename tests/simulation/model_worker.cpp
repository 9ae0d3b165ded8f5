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
    : id_(id), world_(world), books_(id, held) {
  for (const RunSummary& run : held) {
    ModelRun& model = runs_[run.id];
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
    world_.answer(id_, answer->message);
  } else if (std::holds_alternative<MapSplit>(command)) {
    begin(command, TaskKind::Map);
    end_after(20'000, 120'000);
  } else if (std::holds_alternative<SealTable>(command)) {
    begin(command, TaskKind::Seal);
    end_after(5'000, 20'000);
  } else if (const auto* drop = std::get_if<DropRuns>(&command)) {
    for (const RunId& run : drop->runs)
      world_.require(runs_.erase(run) == 1, "a run was dropped that is not held");
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
  }
}

void ModelWorker::end_map(const AssignSplit& task) {
  if (std::exchange(refusing_, false)) {
    return handle(
        SplitRefused{task.split, task.attempt, {65, "model: user code threw in " + task.input.path}});
  }
  const Record record = task.split + world_.next_version(task.split) * version_bit;
  open_.push_back(record);
  ++splits_;
  const bool full = world_.rng().chance(world_.scenario().table_full_per_mille);
  handle(SplitMapped{task.attempt, signature_of(record, world_.partitions()), full});
}

void ModelWorker::end_seal(const SealTable& task) {
  world_.require(!task.splits.empty(), "an empty table was sealed");
  RunSummary run;
  run.id = task.id;
  run.splits = task.splits;
  for (PartitionId partition = 0; partition < world_.partitions(); ++partition) {
    run.slices.push_back(slice_of(open_, partition));
  }
  const bool is_new = runs_.emplace(task.id, ModelRun{std::move(open_), {}}).second;
  world_.require(is_new, "the name of a run was used twice");
  open_.clear();
  handle(TableSealed{std::move(run)});
}

void ModelWorker::end_exchange(const ShuffleWave& plan) {
  for (auto& [partition, content] : incoming_) {
    Content& to = received_[partition];
    to.insert(to.end(), content.begin(), content.end());
  }
  incoming_.clear();
  ending_ = false;
  if (std::exchange(aborting_, false)) return handle(ExchangeAborted{});
  handle(WaveExchanged{plan.wave});
}

void ModelWorker::end_reduce(const ReducePartition& task) {
  Content content = std::move(received_[task.partition]);
  received_.erase(task.partition);
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
  if (std::exchange(damaging_, false)) content.push_back(0);
  part.file = world_.write_part(task.partition, task.generation, std::move(content));
  handle(PartWritten{std::move(part)});
}

void ModelWorker::end_read(const CheckPart& part) {
  const Content* content = world_.find_part(part.file);
  const bool good = content != nullptr && checksum_of(*content) == part.checksum;
  handle(PartRead{part.partition, good, good ? "" : "its checksum differs"});
}

}  // namespace thresh::simulation
