#include "engine/metrics_json.hpp"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/logging.hpp"
#include "engine/process_usage.hpp"

namespace thresh::engine {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}
double seconds(std::uint64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

std::string_view state_of(const schedule::Job& job, WorkerId worker) {
  return job.pool.knows(worker) ? schedule::state_name(job.pool.state(worker)) : "unknown";
}

Json worker_json(const schedule::Job& job, WorkerId worker, const WorkerStats& stats) {
  return {
      {"worker", worker},
      {"state", state_of(job, worker)},
      {"host", stats.host},
      {"pid", stats.pid},
      {"map",
       {{"seconds", seconds(stats.map_ns)},
        {"splits", stats.splits},
        {"records", stats.records},
        {"emits", stats.emits},
        {"input_bytes", stats.input_bytes}}},
      {"seal", {{"seconds", seconds(stats.seal_ns)}, {"staged_rows", stats.staged_rows}}},
      {"shuffle",
       {{"seconds", seconds(stats.shuffle_ns)},
        {"sent_bytes", stats.sent_bytes},
        {"received_bytes", stats.received_bytes},
        {"read_bytes", stats.read_bytes}}},
      {"reduce", {{"seconds", seconds(stats.reduce_ns)}, {"output_bytes", stats.output_bytes}}},
      {"commit", {{"seconds", seconds(stats.commit_ns)}}},
      {"check", {{"seconds", seconds(stats.check_ns)}}},
      {"checkpoint",
       {{"seconds", seconds(stats.checkpoint_ns)},
        {"files", stats.checkpoints},
        {"failed", stats.checkpoints_failed},
        {"bytes", stats.checkpoint_bytes}}},
      {"restore", {{"seconds", seconds(stats.restore_ns)}, {"bytes", stats.restored_bytes}}},
      {"spill", {{"seconds", seconds(stats.spill_ns)}, {"bytes", stats.spilled_bytes}}},
      {"peak_memory_bytes", stats.peak_memory_bytes},
      {"cpu_seconds", seconds(stats.cpu_ns)},
  };
}

// This process: it may be a worker as well.
Json coordinator_json() {
  return {
      {"host", host_name()},
      {"pid", getpid()},
      {"cpu_seconds", seconds(cpu_ns())},
      {"peak_memory_bytes", peak_memory_bytes()},
  };
}

Json phases_json(const schedule::MetricsCollector& metrics) {
  Json phases = Json::array();
  for (const schedule::PhaseTiming& phase : metrics.phases()) {
    phases.push_back({{"name", phase.name},
                      {"generation", phase.generation},
                      {"begin_seconds", seconds(phase.begin)},
                      {"end_seconds", seconds(phase.end)},
                      {"events", phase.events},
                      {"commands", phase.commands},
                      {"outcome", phase.outcome}});
  }
  return phases;
}

Json shuffle_json(const schedule::MetricsCollector& metrics) {
  Json matrix = Json::array();
  for (const auto& [pair, bytes] : metrics.shuffle().matrix_bytes) {
    matrix.push_back({{"from", pair.first}, {"to", pair.second}, {"bytes", bytes}});
  }
  return {{"waves", metrics.shuffle().waves},
          {"rounds", metrics.shuffle().rounds},
          {"matrix", matrix},
          {"max_partition_bytes", metrics.max_partition_bytes()},
          {"mean_partition_bytes", metrics.mean_partition_bytes()}};
}

Json pool_json(const schedule::MetricsCollector& metrics) {
  Json changes = Json::array();
  for (const schedule::StateChange& change : metrics.state_changes()) {
    changes.push_back({{"seconds", seconds(change.at)},
                       {"worker", change.worker},
                       {"from", schedule::state_name(change.from)},
                       {"to", schedule::state_name(change.to)}});
  }
  return changes;
}

Json recoveries_json(const schedule::MetricsCollector& metrics) {
  Json recoveries = Json::array();
  for (const schedule::RecoveryCost& cost : metrics.recoveries()) {
    if (!cost.took) continue;  // under way, or the job could not go on
    recoveries.push_back({{"lost", cost.lost},
                          {"seconds", seconds(cost.at)},
                          {"silent_seconds", seconds(cost.silent)},
                          {"repair_seconds", seconds(cost.repair)},
                          {"recovery_seconds", seconds(*cost.took)},
                          {"splits_again", cost.splits_again}});
  }
  return recoveries;
}

// Records that were left out, in order of split and offset.
Json quarantine_json(const schedule::Job& job) {
  Json records = Json::array();
  for (const auto& [split, trouble] : job.troubles) {
    for (const BlamedRecord& record : trouble.quarantine) {
      records.push_back({{"path", job.plan.inputs.at(job.plan.splits.at(split).file).path},
                         {"offset", record.offset},
                         {"what", record.what}});
    }
  }
  return records;
}

}  // namespace

Counters job_counters(const schedule::Job& job) {
  Counters total;
  for (const schedule::CoveredRun& covered : job.cover) {
    for (const auto& [name, value] : covered.run.counters) total[name] += value;
  }
  for (const auto& part : job.parts) {
    if (!part) continue;
    for (const auto& [name, value] : part->counters) total[name] += value;
  }
  return total;
}

std::string metrics_json(const schedule::Job& job, const std::string& job_name,
                         std::chrono::nanoseconds elapsed) {
  std::uint64_t records = 0;
  std::uint64_t emits = 0;
  for (const auto& signature : job.signatures) {
    if (!signature) continue;
    records += signature->records;
    emits += signature->emits;
  }
  std::uint64_t input_bytes = 0;
  for (const InputFile& input : job.plan.inputs) input_bytes += input.size;
  std::uint64_t groups = 0;
  std::uint64_t output_bytes = 0;
  for (const auto& part : job.parts) {
    if (!part) continue;
    groups += part->groups;
    output_bytes += part->bytes;
  }
  Json workers = Json::array();
  for (const auto& [worker, stats] : job.metrics.workers())
    workers.push_back(worker_json(job, worker, stats));
  const schedule::TaskCounts& tasks = job.metrics.tasks();
  const Json metrics = {
      {"schema_version", kSchemaVersion},
      {"job", job_name},
      {"job_id", job.job_id},
      {"generation", job.generation},
      {"elapsed_seconds", seconds(elapsed)},
      {"totals",
       {{"inputs", job.plan.inputs.size()},
        {"input_bytes", input_bytes},
        {"splits", job.plan.splits.size()},
        {"partitions", job.plan.partitions},
        {"records", records},
        {"emits", emits},
        {"groups", groups},
        {"output_bytes", output_bytes}}},
      {"tasks",
       {{"splits_assigned", tasks.assigned},
        {"splits_done", tasks.done},
        {"parts_committed", tasks.parts},
        {"late_messages_ignored", tasks.late_ignored},
        {"recoveries", tasks.recoveries},
        {"workers_lost", tasks.workers_lost}}},
      {"found",
       {{"runs", job.found.runs},
        {"splits", job.found.splits},
        {"parts", job.found.parts},
        {"damaged_files", job.found.damage.size()}}},
      {"quarantine", quarantine_json(job)},
      {"phases", phases_json(job.metrics)},
      {"coordinator", coordinator_json()},
      {"workers", workers},
      {"pool", pool_json(job.metrics)},
      {"recoveries", recoveries_json(job.metrics)},
      {"shuffle", shuffle_json(job.metrics)},
      {"counters", job_counters(job)},
  };
  // Names of user counters may hold any bytes; the job is not to fail for that.
  return metrics.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string status_json(const schedule::Job& job, const std::string& job_name,
                        std::chrono::nanoseconds elapsed, bool goes_on) {
  Json workers = Json::array();
  for (const auto& [worker, stats] : job.metrics.workers()) {
    workers.push_back({{"worker", worker},
                       {"state", state_of(job, worker)},
                       {"host", stats.host},
                       {"pid", stats.pid},
                       {"splits", stats.splits},
                       {"silent_seconds", seconds(job.pool.silence(worker, elapsed))}});
  }
  const auto parts =
      std::count_if(job.parts.begin(), job.parts.end(), [](const auto& part) { return part.has_value(); });
  const std::size_t splits = job.plan.splits.size();
  const Json status = {
      {"schema_version", kSchemaVersion},
      {"job", job_name},
      {"job_id", job.job_id},
      {"generation", job.generation},
      {"phase", job.phase},
      {"elapsed_seconds", seconds(elapsed)},
      {"goes_on_without_lost", goes_on},
      {"splits", {{"total", splits}, {"mapped", splits - job.splits_left}}},
      {"parts", {{"total", job.plan.partitions}, {"committed", parts}}},
      {"coordinator", coordinator_json()},
      {"workers", workers},
      {"recoveries", recoveries_json(job.metrics)},
  };
  return status.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thresh::engine
