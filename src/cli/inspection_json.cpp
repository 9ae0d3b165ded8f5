// The schema is in docs/tools.md: names there are promises.
#include <nlohmann/json.hpp>

#include "cli/inspection.hpp"
#include "core/text.hpp"
#include "storage/posix.hpp"

namespace thresh::cli {
namespace {

using Json = nlohmann::json;

Json list(const std::vector<Range>& ranges) {
  Json out = Json::array();
  for (const Range& range : ranges) out.push_back({range.first, range.last});
  return out;
}

Json printable_list(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const std::string& text : texts) out.push_back(printable(text));
  return out;
}

std::string id_text(const RunId& id) {
  return std::to_string(id.generation) + "." + std::to_string(id.worker) + "." + std::to_string(id.sequence);
}

Json job_json(const Inspection& inspection) {
  const storage::JobIdentity& job = inspection.job->identity;
  std::uint64_t bytes = 0;
  for (const InputFile& input : job.inputs) bytes += input.size;
  Json options = Json::object();
  for (const auto& [option, value] : job.shaping) options[printable(option)] = printable(value);
  return {{"name", printable(job.job)},
          {"version", printable(job.version)},
          {"build", printable(job.build)},
          {"id", printable(inspection.job->job_id)},
          {"options", options},
          {"inputs", job.inputs.size()},
          {"input_bytes", bytes},
          {"splits", inspection.splits},
          {"partitions", job.partitions}};
}

Json runs_json(const Inspection& inspection) {
  Json files = Json::array();
  for (const auto& file : inspection.runs) {
    Json runs = Json::array();
    for (const RunSummary& run : file.runs) {
      std::uint64_t records = 0;
      std::vector<SplitId> splits;
      for (const SplitSignature& split : run.splits) {
        records += split.records;
        splits.push_back(split.split);
      }
      runs.push_back({{"id", id_text(run.id)}, {"splits", list(to_ranges(splits))}, {"records", records}});
    }
    files.push_back({{"file", printable(file.path)},
                     {"bytes", file.bytes},
                     {"job_id", printable(file.job_id)},
                     {"damage", file.problem ? Json(file.problem->text) : Json()},
                     {"runs", runs}});
  }
  return files;
}

Json cover_json(const Inspection& inspection) {
  Json runs = Json::array();
  for (const RunId& id : inspection.cover) runs.push_back(id_text(id));
  return {{"runs", runs}, {"splits", inspection.covered}, {"missing", list(inspection.missing_splits)}};
}

Json parts_json(const Inspection& inspection) {
  Json committed = Json::array();
  for (const auto& [digest, partitions] : inspection.parts) {
    committed.push_back(
        {{"cover_digest", storage::hex64(digest)}, {"partitions", list(to_ranges(partitions))}});
  }
  return {{"committed", committed}, {"missing", list(inspection.missing_parts)}};
}

Json lines_of(const storage::Inventory& inventory, storage::Problem::Kind kind) {
  Json out = Json::array();
  for (const storage::Problem& problem : inventory.problems) {
    if (problem.kind == kind) out.push_back(problem.text);
  }
  return out;
}

Json output_json(const storage::Manifest& manifest) {
  return {{"job_id", printable(manifest.job.job_id)},
          {"generation", manifest.generation},
          {"parts", manifest.parts.size()},
          {"lines", manifest.lines},
          {"bytes", manifest.output_bytes}};
}

}  // namespace

std::string inspection_json(const Inspection& inspection) {
  const storage::Inventory& inventory = inspection.inventory;
  Json json = {{"format", "thresh inspection"},
               {"schema", 1},
               {"directory", printable(inventory.paths.output)},
               {"state", state_name(inspection.state)},
               {"next", inspection.next},
               {"attempts", inventory.attempts.size()},
               {"left_over", printable_list(inventory.temporaries)},
               {"damaged", lines_of(inventory, storage::Problem::Kind::Damaged)},
               {"other_version", lines_of(inventory, storage::Problem::Kind::OtherVersion)},
               {"unreadable", lines_of(inventory, storage::Problem::Kind::Unreadable)},
               {"foreign", printable_list(inventory.foreign)}};
  for (const std::string& name : inventory.foreign_in_output) {
    json["foreign"].push_back(printable(inventory.paths.in_output(name)));
  }
  if (inspection.job) json["job"] = job_json(inspection);
  if (inventory.finished) json["output"] = output_json(*inventory.finished);
  if (inspection.claim) {
    json["generation"] = {{"number", inventory.last_generation()},
                          {"host", printable(inspection.claim->host)},
                          {"pid", inspection.claim->pid},
                          {"released", inspection.claim->released},
                          {"process_there", inspection.claim->there},
                          {"at_work", inspection.at_work}};
  }
  if (inventory.outcome) {
    json["outcome"] = {{"generation", inventory.outcome->generation},
                       {"code", inventory.outcome->code},
                       {"text", printable(inventory.outcome->text)},
                       {"time_ms", inventory.outcome->time_ms}};
  }
  if (inventory.job && !inventory.leftovers) {
    json["run_files"] = runs_json(inspection);
    json["cover"] = cover_json(inspection);
    json["parts"] = parts_json(inspection);
  }
  return json.dump(2) + "\n";
}

}  // namespace thresh::cli
