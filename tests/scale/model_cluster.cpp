#include "scale/model_cluster.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <utility>
#include <variant>

namespace thresh::scale {
namespace {

using namespace schedule;

constexpr std::uint64_t splits_a_file = 10'000;

std::uint64_t mixed(std::uint64_t value) noexcept {
  return (value ^ (value >> 29)) * 0x9E3779B97F4A7C15U;
}

SplitSignature signature_of(SplitId split, std::uint32_t partitions) noexcept {
  return {split, 100, partitions, mixed(split), 7};
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

std::uint64_t status_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  std::uint64_t kib = 0;
  for (std::string name; status >> name; status.ignore(std::numeric_limits<std::streamsize>::max(), '\n')) {
    if (name == field && status >> kib) break;
  }
  return kib * 1024;
}

// From here on VmHWM is the peak of what follows.
void reset_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

std::vector<InputFile> inputs_of(const Shape& shape) {
  std::vector<InputFile> inputs;
  for (std::uint64_t left = shape.splits; left > 0;) {
    const std::uint64_t here = std::min(left, splits_a_file);
    inputs.push_back({"/data/input/file" + std::to_string(1'000'000 + inputs.size()), here * split_bytes, 1});
    left -= here;
  }
  return inputs;
}

}  // namespace

Job make_job(const Shape& shape) {
  Job job;
  job.options.split_bytes = split_bytes;
  job.options.partitions = shape.partitions;
  const std::uint64_t partition_bytes = std::uint64_t{shape.workers} * shape.runs * slice_bytes;
  const std::uint64_t an_owner = (shape.partitions + shape.workers - 1) / shape.workers;
  job.options.wave_bytes = std::max(partition_bytes, partition_bytes * an_owner / shape.waves);
  job.options.uses_locations = shape.locations;
  job.options.ranks = shape.workers + 1;
  std::vector<WorkerId> workers;
  for (WorkerId id = 1; id <= shape.workers; ++id) workers.push_back(id);
  job.pool = WorkerPool(workers, {}, Time{0});
  return job;
}

ModelCluster::ModelCluster(const Shape& shape, const Job& job)
    : shape_(shape),
      job_(job),
      start_(std::chrono::steady_clock::now()),
      mapped_(shape.workers + 1),
      expected_(shape.partitions) {}

Time ModelCluster::now() const {
  return std::chrono::steady_clock::now() - start_;
}

void ModelCluster::perform(const Command& command) {
  turn_page();
  ++costs_.back().commands;
  if (const auto* send = std::get_if<Send>(&command)) {
    const std::string bytes = encode_message(send->message);
    costs_.back().bytes_out += bytes.size();
    receive(send->to, send->message);
  } else if (std::holds_alternative<ListInputs>(command)) {
    file_work_.emplace_back(InputsListed{inputs_of(shape_)});
  } else if (std::holds_alternative<OpenJob>(command)) {
    file_work_.emplace_back(JobOpened{1, "job", false, "runs", {}});
  } else if (std::holds_alternative<Publish>(command)) {
    file_work_.emplace_back(Published{});
  }
}

void ModelCluster::receive(WorkerId worker, const Message& message) {
  if (std::holds_alternative<Muster>(message)) {
    owed_.push_back({worker, 0, 0, Kind::Muster});
  } else if (const auto* task = std::get_if<AssignSplit>(&message)) {
    mapped_[worker].push_back(task->split);
    owed_.push_back({worker, task->split, task->attempt, Kind::Split});
  } else if (std::holds_alternative<SealRuns>(message)) {
    owed_.push_back({worker, 0, 0, Kind::Seal});
  } else if (const auto* wave = std::get_if<ShuffleWave>(&message)) {
    digest_ = wave->cover_digest;
    owed_.push_back({worker, 0, wave->wave, Kind::Wave});
  } else if (const auto* reduce = std::get_if<ReduceWave>(&message)) {
    for (const auto& [partition, sums] : reduce->expected) {
      expected_[partition] = sums;
      owed_.push_back({worker, partition, reduce->wave, Kind::Part});
    }
  } else if (const auto* check = std::get_if<CheckPart>(&message)) {
    owed_.push_back({worker, check->partition, 0, Kind::Check});
  } else if (std::holds_alternative<Ping>(message)) {
    owed_.push_back({worker, 0, 0, Kind::Ping});
  }
}

// Its splits are dealt to its runs in turn; a row of each split in each partition.
Inventory ModelCluster::sealed_runs(WorkerId worker) const {
  Inventory inventory{job_.generation, true, {}, {}, {}};
  for (std::uint32_t sequence = 0; sequence < shape_.runs; ++sequence) {
    RunSummary run;
    run.id = {job_.generation, worker, sequence};
    for (std::size_t i = sequence; i < mapped_[worker].size(); i += shape_.runs) {
      run.splits.push_back(signature_of(mapped_[worker][i], shape_.partitions));
    }
    run.slices.assign(shape_.partitions, {run.splits.size(), slice_bytes, mixed(worker)});
    inventory.runs.push_back(std::move(run));
  }
  return inventory;
}

Message ModelCluster::answer(const Owed& owed) {
  switch (owed.kind) {
    case Kind::Muster:
      return Inventory{job_.generation, false, {}, {}, {}};
    case Kind::Split:
      return SplitDone{job_.generation, owed.attempt, signature_of(owed.index, shape_.partitions)};
    case Kind::Seal:
      return sealed_runs(owed.worker);
    case Kind::Wave:
      return WaveReceived{job_.generation, owed.attempt};
    case Kind::Part: {
      PartSummary part;
      part.partition = owed.index;
      part.file = "p" + std::to_string(owed.index);
      part.worker = owed.worker;
      part.cover_digest = digest_;
      part.input_rows = expected_[owed.index].rows;
      part.input_hash_sum = expected_[owed.index].hash_sum;
      return PartCommitted{job_.generation, owed.attempt, std::move(part)};
    }
    case Kind::Check:
      return PartChecked{job_.generation, owed.index, true, ""};
    case Kind::Ping: {
      WorkerStats stats;
      stats.host = "node" + std::to_string(owed.worker);
      return Heartbeat{job_.generation, stats};
    }
  }
  throw std::logic_error("the model owes no such answer");
}

Event ModelCluster::wait(Time deadline) {
  turn_page();
  ++costs_.back().events;
  if (!file_work_.empty()) {
    Event event = std::move(file_work_.front());
    file_work_.pop_front();
    return event;
  }
  if (owed_.empty()) {
    if (now() > deadline + std::chrono::minutes(1))
      throw std::logic_error("the coordinator waits for nothing");
    return Tick{};
  }
  const Owed owed = owed_.front();
  owed_.pop_front();
  const std::string bytes = encode_message(answer(owed));
  costs_.back().bytes_in += bytes.size();
  return Received{owed.worker, decode_message(bytes)};
}

// The phase at hand is the job's; what was used up to now is put down to the one before.
void ModelCluster::turn_page() {
  if (!costs_.empty() && costs_.back().name == job_.phase) return;
  const double seconds = std::chrono::duration<double>(now()).count();
  if (!costs_.empty()) {
    PhaseCost& past = costs_.back();
    past.seconds = seconds - past.seconds;
    past.cpu = cpu_seconds() - past.cpu;
    past.resident_bytes = status_bytes("VmRSS:");
    past.peak_bytes = status_bytes("VmHWM:");
  }
  reset_peak();
  PhaseCost next;
  next.name = job_.phase;
  next.seconds = seconds;
  next.cpu = cpu_seconds();
  costs_.push_back(next);
}

std::vector<PhaseCost> ModelCluster::costs() {
  turn_page();
  PhaseCost& last = costs_.back();
  last.seconds = std::chrono::duration<double>(now()).count() - last.seconds;
  last.cpu = cpu_seconds() - last.cpu;
  last.resident_bytes = status_bytes("VmRSS:");
  last.peak_bytes = status_bytes("VmHWM:");
  return costs_;
}

std::uint64_t ModelCluster::own_bytes() const {
  std::uint64_t bytes = expected_.capacity() * sizeof(PartitionSums);
  for (const auto& splits : mapped_) bytes += sizeof(splits) + splits.capacity() * sizeof(SplitId);
  return bytes;
}

}  // namespace thresh::scale
