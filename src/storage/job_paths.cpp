#include "storage/job_paths.hpp"

#include <algorithm>

#include "storage/attempts.hpp"
#include "storage/job_files.hpp"
#include "storage/posix.hpp"

namespace thresh::storage {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

template <typename IsOurs>
void remove_files(const std::string& directory, IsOurs is_ours) {
  if (!link_status(directory)) return;
  for (const std::string& name : list_directory(directory)) {
    if (is_temporary_name(name) || is_ours(name)) remove_file(directory + "/" + name);
  }
}

}  // namespace

bool is_temporary_name(std::string_view name) {
  return name.substr(0, kTemporaryPrefix.size()) == kTemporaryPrefix;
}

bool is_part_file_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  return name.substr(0, 1) == "p" && dot != std::string_view::npos && all_digits(name.substr(1, dot - 1));
}

bool is_token_name(std::string_view name) {
  return name.size() == 32 + 6 && name.ends_with(".token");
}

bool is_drill_name(std::string_view name) {
  return name.size() == 16;
}

bool is_drain_name(std::string_view name) {
  return name.starts_with("drain.") && all_digits(name.substr(6)) && name.size() < 16;
}

bool is_generation_name(std::string_view name) {
  return all_digits(name);
}

void remove_work_files(const JobPaths& paths) {
  remove_run_files(paths);
  remove_files(paths.parts(), is_part_file_name);
  remove_files(paths.attempts(), is_attempt_name);
  remove_directory_if_empty(paths.attempts());
  remove_files(paths.job_dir(), [](std::string_view name) {
    return name == "outcome.json" || name == "status.json" || is_drain_name(name) || is_token_name(name);
  });
}

bool nothing_unfinished(const JobPaths& paths) {
  return !link_status(paths.job_file()) && !link_status(paths.decision());
}

void remove_job_directory(const JobPaths& paths) {
  remove_work_files(paths);
  remove_directory_if_empty(paths.parts());
  remove_files(paths.drills(), is_drill_name);
  remove_directory_if_empty(paths.drills());
  remove_files(paths.generations(), is_generation_name);
  remove_directory_if_empty(paths.generations());
  remove_file(paths.decision());
  remove_file(paths.job_file());
  remove_directory_if_empty(paths.job_dir());
}

}  // namespace thresh::storage
