#include "storage/publication.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "core/text.hpp"
#include "storage/part_writer.hpp"
#include "storage/posix.hpp"
#include "storage/sealed_json.hpp"

namespace thresh::storage {
namespace {

constexpr char kFormat[] = "thresh publication";
constexpr int kSchema = 1;

std::string to_text(const Publication& p) {
  Json json;
  json["job_id"] = p.job_id;
  json["manifest"] = p.manifest;
  json["metrics"] = to_json_text(p.metrics);
  json["replaced_job_id"] = p.replaced_job_id;
  json["replaced_parts"] = p.replaced_parts;
  json["parts"] = Json::array();
  for (const Publication::Part& part : p.parts) {
    json["parts"].push_back({{"file", part.file},
                             {"name", part.name},
                             {"bytes", number(part.bytes)},
                             {"xxh3", hex64(part.checksum)}});
  }
  return seal_json(std::move(json), kFormat, kSchema);
}

// Of the finished job in OUTPUT; empty if there is none.
std::string finished_job_id(const JobPaths& paths) {
  if (!link_status(paths.success())) return {};
  const std::string text = read_file(paths.success());
  return is_manifest(text) ? parse_manifest(text, paths.success()).job.job_id
                           : std::string("another program's");
}

using Names = std::set<std::string_view>;  // there may be 100,000 parts

void move_part(const JobPaths& paths, const Names& replaced, const Publication::Part& part) {
  const std::string from = paths.part(part.file);
  const std::string to = paths.in_output(part.name);
  if (replaced.count(part.name) != 0 && link_status(from)) {
    rename_file(from, to);
    return;
  }
  const RenameResult result = rename_to_free_name(from, to);
  if (result == RenameResult::Done) return;
  if (result == RenameResult::TargetExists) {
    throw Error(ExitCode::CannotCreate,
                printable(to) +
                    " is in the way and is not from this job: move it elsewhere and run "
                    "the same command again");
  }
  // Moved before, by us or by another process that carries out the same decision.
  if (const auto wrong = check_part(paths.output, part.name, part.bytes, part.checksum, nullptr)) {
    throw Error(ExitCode::Io, "a part of the finished job is lost: " + *wrong +
                                  "; --fresh discards the job and starts again");
  }
}

}  // namespace

std::optional<Publication> read_decision(const JobPaths& paths) {
  const std::string path = paths.decision();
  if (!link_status(path)) return std::nullopt;
  const Json json = unseal_json(read_file(path), kFormat, kSchema, path);
  return reading_json(path, [&] {
    Publication p;
    p.job_id = json.at("job_id").get<std::string>();
    p.manifest = json.at("manifest").get<std::string>();
    p.metrics = from_json_text(json.at("metrics").get<std::string>());
    p.replaced_job_id = json.at("replaced_job_id").get<std::string>();
    p.replaced_parts = json.at("replaced_parts").get<std::vector<std::string>>();
    for (const Json& part : json.at("parts")) {
      p.parts.push_back({part.at("file").get<std::string>(), part.at("name").get<std::string>(),
                         to_number(part.at("bytes")), to_hash(part.at("xxh3"))});
    }
    // Names are acted on: they stay in their directories.
    const auto leaves = [](const std::string& name) { return name.find('/') != std::string::npos; };
    const bool bad = std::any_of(p.replaced_parts.begin(), p.replaced_parts.end(), leaves) ||
                     std::any_of(p.parts.begin(), p.parts.end(), [&](const Publication::Part& part) {
                       return leaves(part.file) || leaves(part.name);
                     });
    if (bad) throw_damaged(path, "a name with a slash");
    return std::optional<Publication>(std::move(p));
  });
}

bool decide(const JobPaths& paths, const Publication& publication) {
  const std::string temporary = write_temporary(paths.job_dir(), to_text(publication));
  const bool ours = claim_name(temporary, paths.decision());
  fsync_directory(paths.job_dir());
  return ours;
}

bool carry_out(const JobPaths& paths, const Publication& p, const StepHook& hook) {
  const auto step = [&](const std::string& name) {
    if (hook) hook("publish:" + name);
  };
  // Who was stopped for long at one step may be taken over before the next, and what is there then be another
  // job's.
  const auto still_decided = [&] {
    const auto now = read_decision(paths);
    return now && now->job_id == p.job_id;
  };
  const std::string finished = finished_job_id(paths);
  if (finished != p.job_id) {
    if (!finished.empty()) {
      if (finished != p.replaced_job_id) {
        throw Error(ExitCode::CannotCreate, printable(paths.success()) + " is not from this job");
      }
      step("replace");
      if (!still_decided()) return false;
      remove_file(paths.success());
      fsync_directory(paths.output);
    }
    const Names replaced(p.replaced_parts.begin(), p.replaced_parts.end());
    Names added;
    for (const Publication::Part& part : p.parts) {
      step(part.name);
      move_part(paths, replaced, part);
      added.insert(part.name);
    }
    step("remove-replaced");
    if (!still_decided()) return false;
    for (const std::string& name : p.replaced_parts) {
      if (added.count(name) == 0) remove_file(paths.in_output(name));
    }
    step("sync");
    fsync_directory(paths.output);
    fsync_directory(paths.parts());
    step("metrics");
    if (!still_decided()) return false;
    write_durably(paths.job_dir(), paths.metrics(), p.metrics);
    step("success");
    // Whoever discards the decision removes temporary files: then there is none to get the name.
    const std::string success = write_temporary(paths.job_dir(), p.manifest);
    if (!still_decided()) {
      remove_file(success);
      return false;
    }
    rename_file(success, paths.success());
    fsync_directory(paths.output);
  }
  step("clean");
  try {
    if (still_decided()) remove_job_directory(paths);
  } catch (const Error&) {
    // The job is done. The next start over this directory cleans up.
  }
  step("done");
  return true;
}

void discard(const JobPaths& paths, const Publication& p) {
  const std::string finished = finished_job_id(paths);
  const bool began =
      finished.empty() || finished != p.replaced_job_id;  // else the replaced job is whole still
  if (began) {
    for (const Publication::Part& part : p.parts) {
      const bool moved = !link_status(paths.part(part.file)) && link_status(paths.in_output(part.name));
      if (moved && !check_part(paths.output, part.name, part.bytes, part.checksum, nullptr)) {
        remove_file(paths.in_output(part.name));
      }
    }
    for (const std::string& name : p.replaced_parts) remove_file(paths.in_output(name));
    const bool wrote_metrics = link_status(paths.metrics()) && read_file(paths.metrics()) == p.metrics;
    if (wrote_metrics || !p.replaced_job_id.empty()) remove_file(paths.metrics());
    fsync_directory(paths.output);
  }
  remove_file(paths.decision());
}

}  // namespace thresh::storage
