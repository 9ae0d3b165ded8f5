#include "storage/job_files.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <thread>

#include "core/text.hpp"
#include "storage/attempts.hpp"
#include "storage/part_writer.hpp"
#include "storage/posix.hpp"
#include "storage/run_file.hpp"
#include "storage/sealed_json.hpp"

namespace thresh::storage {
namespace {

constexpr char kFormat[] = "thresh checkpoint";
constexpr int kSchema = 1;

std::vector<std::string> pointed_to(const JobPaths& paths) {
  const std::string path = paths.checkpoint_pointer();
  if (!link_status(path)) return {};
  const Json json = unseal_json(read_file(path), kFormat, kSchema, path);
  return reading_json(path, [&] {
    std::vector<std::string> directories;
    for (const Json& directory : json.at("directories")) {
      directories.push_back(from_json_text(directory.get<std::string>()));
    }
    return directories;
  });
}

void point_to(const JobPaths& paths, const std::string& directory) {
  std::vector<std::string> directories;
  try {
    directories = pointed_to(paths);
  } catch (const Error&) {
    // Replaced below.
  }
  if (std::find(directories.begin(), directories.end(), directory) != directories.end()) return;
  directories.push_back(directory);
  Json json;
  json["directories"] = Json::array();
  for (const std::string& each : directories) json["directories"].push_back(to_json_text(each));
  write_durably(paths.job_dir(), paths.checkpoint_pointer(), seal_json(std::move(json), kFormat, kSchema));
}

void wait_for(const std::string& path, const std::string& shown, Progress* progress) {
  constexpr std::chrono::milliseconds kPause{50};
  constexpr int kTries = 200;
  for (int i = 0; i < kTries; ++i) {
    if (link_status(path)) return;
    std::this_thread::sleep_for(kPause);
    if (progress != nullptr) progress->step();
  }
  throw Error(ExitCode::CannotCreate,
              printable(shown) +
                  " is not the same directory on all hosts: choose one that all ranks "
                  "share");
}

bool is_run_or_temporary(const std::string& name) {
  return name.starts_with(kTemporaryPrefix) || parse_run_file_name(name).has_value();
}

}  // namespace

void wait_for_token(const JobPaths& paths, const std::string& job_id, Progress* progress) {
  wait_for(paths.token(job_id), paths.output, progress);
}

void wait_for_directory(const std::string& directory, Progress* progress) {
  wait_for(directory, directory, progress);
}

std::vector<std::string> run_directories(const JobPaths& paths) {
  std::vector<std::string> directories{paths.runs()};
  try {
    for (std::string& directory : pointed_to(paths)) directories.push_back(std::move(directory));
  } catch (const Error&) {
    // As none.
  }
  return directories;
}

void check_checkpoint_pointer(const JobPaths& paths) {
  pointed_to(paths);
}

std::string make_run_directory(const JobPaths& paths, const std::string& checkpoint,
                               const std::string& job_id) {
  if (checkpoint.empty()) {
    make_directories(paths.runs());
    return paths.runs();
  }
  std::string directory = std::filesystem::absolute(checkpoint).lexically_normal().string();
  directory += (directory.ends_with('/') ? "" : "/") + job_id;
  make_directories(directory);
  point_to(paths, directory);
  return directory;
}

JobFiles list_job_files(const JobPaths& paths, const std::string& job_id, std::vector<std::string>& damage) {
  JobFiles files;
  for (const std::string& directory : run_directories(paths)) {
    try {
      if (!link_status(directory)) {
        // One that was named elsewhere: its file system may not be mounted.
        if (directory != paths.runs())
          damage.push_back(printable(directory) + " with checkpoints is not there");
        continue;
      }
      for (const std::string& name : list_directory(directory)) {
        const auto parsed = parse_run_file_name(name);
        if (!parsed || parsed->job_id != job_id) continue;
        const auto status = file_status(directory + "/" + name);
        if (status) files.runs.push_back({directory + "/" + name, status->size});
      }
    } catch (const Error& error) {
      damage.emplace_back(error.what());
    }
  }
  files.attempts = read_attempts(paths, job_id, damage);
  const std::string_view ending = ".commit";
  for (const std::string& name : list_directory(paths.parts())) {
    if (name.starts_with('p') && name.ends_with(ending)) {
      files.parts.push_back(name.substr(0, name.size() - ending.size()));
    }
  }
  return files;
}

void remove_run_files(const JobPaths& paths) {
  for (const std::string& directory : run_directories(paths)) {
    if (!link_status(directory)) continue;
    for (const std::string& name : list_directory(directory)) {
      if (is_run_or_temporary(name)) remove_file(directory + "/" + name);
    }
    remove_directory_if_empty(directory);
  }
  remove_file(paths.checkpoint_pointer());
}

void remove_late_run_files(const JobPaths& paths, const std::string& directory,
                           const std::string& job_id) noexcept {
  try {
    if (link_status(directory)) {
      for (const std::string& name : list_directory(directory)) {
        const auto parsed = parse_run_file_name(name);
        if (parsed && parsed->job_id == job_id) remove_file(directory + "/" + name);
      }
      if (!link_status(paths.job_file())) remove_directory_if_empty(directory);
    }
    if (!link_status(paths.job_file())) remove_directory_if_empty(paths.job_dir());
  } catch (const std::exception&) {
    // It does no harm.
  }
}

PartSummary restore_part(const std::string& parts_dir, const std::string& file, const std::string& job_id,
                         Progress* progress) {
  const std::string path = parts_dir + "/" + commit_name(file);
  PartCommit commit = parse_commit(read_file(path), path);
  if (commit.job_id != job_id || commit.part.file != file) {
    throw Error(ExitCode::BadData, printable(path) + " belongs to another job or part");
  }
  if (const auto wrong = check_part(parts_dir, file, commit.part.bytes, commit.part.checksum, progress)) {
    throw Error(ExitCode::BadData, *wrong);
  }
  return std::move(commit.part);
}

}  // namespace thresh::storage
