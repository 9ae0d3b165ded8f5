#include "storage/inventory.hpp"
#include "storage/attempts.hpp"
#include "storage/job_files.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string_view>

#include "core/text.hpp"
#include "storage/job_file.hpp"
#include "storage/posix.hpp"
#include "storage/run_file.hpp"
#include "storage/sealed_json.hpp"

namespace thresh::storage {
namespace {

constexpr std::string_view kSidecarEnd = ".commit";
// What makes a .thresh one of ours.
constexpr std::string_view kJobDirectoryNames[] = {
    "job.h5", "publish.json", "outcome.json", "checkpoint.json", "generation",
    "parts",  "runs",         "attempts",     "drills",          "status.json"};

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Calls `read` if there is a file of this name; what is wrong with it goes into `problems`.
template <typename Read>
void read_if_there(Inventory& inventory, const std::string& path, Read read) {
  try {
    if (link_status(path)) read();
  } catch (const Error& error) {
    inventory.problems.push_back(problem_of(path, error));
  }
}

std::vector<std::string> entries_of(const std::string& directory) {
  const auto status = link_status(directory);
  if (!status || status->kind != FileStatus::Kind::Directory) return {};
  return list_directory(directory);
}

// The names in a directory of .thresh that `is_ours` knows; the others are kept where they belong.
template <typename IsOurs>
std::vector<std::string> sort_out(Inventory& inventory, const std::string& directory, IsOurs is_ours) {
  std::vector<std::string> ours;
  for (const std::string& name : entries_of(directory)) {
    if (is_temporary_name(name)) {
      inventory.temporaries.push_back(directory + "/" + name);
    } else if (is_ours(name)) {
      ours.push_back(name);
    } else {
      inventory.foreign.push_back(directory + "/" + name);
    }
  }
  return ours;
}

// A _SUCCESS that is damaged past telling: its metrics still say whose it was.
bool metrics_are_ours(const JobPaths& paths) {
  if (!link_status(paths.metrics())) return false;
  const Json metrics = Json::parse(read_file(paths.metrics()), nullptr, false);
  return metrics.is_object() && metrics.contains("job_id") && metrics.contains("schema_version");
}

void read_finished(Inventory& inventory) {
  const std::string path = inventory.paths.success();
  read_if_there(inventory, path, [&] {
    const std::string text = read_file(path);
    if (is_manifest(text)) {
      inventory.finished = parse_manifest(text, path);
    } else if (metrics_are_ours(inventory.paths)) {
      throw_damaged(path, "it is no manifest");
    }
  });
}

void read_parts(Inventory& inventory) {
  const JobPaths& paths = inventory.paths;
  std::map<std::string, FoundPart> parts;
  for (const std::string& name : sort_out(inventory, paths.parts(), is_part_file_name)) {
    const bool sidecar = ends_with(name, kSidecarEnd);
    const std::string file = sidecar ? name.substr(0, name.size() - kSidecarEnd.size()) : name;
    FoundPart& part = parts[file];
    part.file = file;
    (sidecar ? part.has_sidecar : part.there) = true;
  }
  for (auto& [file, part] : parts) {
    if (part.has_sidecar) {
      const std::string path = paths.part(commit_name(file));
      read_if_there(inventory, path, [&, &found = part] {
        PartCommit commit = parse_commit(read_file(path), path);
        if (commit.part.file != found.file) {
          throw_damaged(path, "it speaks of another part, " + commit.part.file);
        }
        found.commit = std::move(commit);
      });
    }
    inventory.parts.push_back(std::move(part));
  }
}

void read_runs(Inventory& inventory) {
  const auto is_run = [](const std::string& name) { return parse_run_file_name(name).has_value(); };
  inventory.run_directories = run_directories(inventory.paths);
  read_if_there(inventory, inventory.paths.checkpoint_pointer(),
                [&] { check_checkpoint_pointer(inventory.paths); });
  for (const std::string& directory : inventory.run_directories) {
    for (const std::string& name : sort_out(inventory, directory, is_run)) {
      inventory.runs.push_back(directory + "/" + name);
    }
  }
}

void read_job_directory(Inventory& inventory) {
  const JobPaths& paths = inventory.paths;
  const auto known = [](const std::string& name) {
    return is_token_name(name) || is_drain_name(name) ||
           std::find(std::begin(kJobDirectoryNames), std::end(kJobDirectoryNames), name) !=
               std::end(kJobDirectoryNames);
  };
  inventory.has_job_directory = !sort_out(inventory, paths.job_dir(), known).empty();
  if (!inventory.has_job_directory) return;
  read_if_there(inventory, paths.job_file(), [&] { inventory.job = read_job_file(paths.job_file()); });
  read_if_there(inventory, paths.decision(), [&] { inventory.decision = read_decision(paths); });
  read_if_there(inventory, paths.outcome(),
                [&] { inventory.outcome = parse_outcome(read_file(paths.outcome()), paths.outcome()); });
  const std::string finished = inventory.finished ? inventory.finished->job.job_id : "";
  if (inventory.decision && inventory.decision->job_id == finished) inventory.leftovers = true;
  if (inventory.job && inventory.job->job_id == finished) inventory.leftovers = true;
  if (inventory.finished && nothing_unfinished(paths)) inventory.leftovers = true;
  if (inventory.decision && inventory.job && inventory.decision->job_id != inventory.job->job_id) {
    inventory.decision.reset();
  }
  for (const std::string& name : sort_out(inventory, paths.generations(), is_generation_name)) {
    Generation generation = 0;
    std::from_chars(name.data(), name.data() + name.size(), generation);
    inventory.generations.push_back(generation);
  }
  std::sort(inventory.generations.begin(), inventory.generations.end());
  read_parts(inventory);
  inventory.attempts = sort_out(inventory, paths.attempts(), is_attempt_name);
  inventory.drills = sort_out(inventory, paths.drills(), is_drill_name);
  for (const std::string& name : entries_of(paths.job_dir())) {
    if (is_token_name(name) || is_drain_name(name)) inventory.tokens.push_back(name);
  }
  read_runs(inventory);
}

void find_foreign_files(Inventory& inventory, const std::vector<std::string>& entries) {
  std::set<std::string> expected{kJobDirectoryName, kSuccessName, kMetricsName};
  if (inventory.finished) {
    for (const ManifestPart& part : inventory.finished->parts) expected.insert(part.name);
  }
  if (inventory.decision) {
    for (const Publication::Part& part : inventory.decision->parts) expected.insert(part.name);
    expected.insert(inventory.decision->replaced_parts.begin(), inventory.decision->replaced_parts.end());
  }
  for (const std::string& name : entries) {
    if (expected.count(name) == 0) inventory.foreign_in_output.push_back(name);
  }
}

}  // namespace

// Only what was read and is not as it was written is damage.
Problem problem_of(const std::string& path, const Error& error) {
  const bool read = error.code() == ExitCode::BadData;
  const auto kind = dynamic_cast<const OtherVersion*>(&error) != nullptr ? Problem::Kind::OtherVersion
                    : read                                               ? Problem::Kind::Damaged
                                                                         : Problem::Kind::Unreadable;
  return {path, kind, error.what()};
}

bool Inventory::is_committed(const FoundPart& part) const {
  return part.there && part.commit && job && part.commit->job_id == job->job_id &&
         part.commit->part.partition < job->identity.partitions;
}

const Problem* Inventory::problem_of(const std::string& path) const {
  const auto at = std::find_if(problems.begin(), problems.end(),
                               [&](const Problem& problem) { return problem.path == path; });
  return at == problems.end() ? nullptr : &*at;
}

Inventory take_inventory(const std::string& output) {
  const auto status = file_status(output, ExitCode::NoInput);
  if (!status || status->kind != FileStatus::Kind::Directory) {
    throw Error(ExitCode::NoInput, printable(output) + (status ? " is no directory" : " does not exist"));
  }
  const std::vector<std::string> entries = list_directory(output, ExitCode::NoInput);
  Inventory inventory(output);
  read_finished(inventory);
  read_job_directory(inventory);
  if (!inventory.finished && !inventory.has_job_directory && inventory.problems.empty()) {
    throw Error(ExitCode::NoInput, printable(output) + " holds neither a job nor an output of thresh");
  }
  find_foreign_files(inventory, entries);
  return inventory;
}

}  // namespace thresh::storage
