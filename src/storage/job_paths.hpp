// Where things are in an output directory, and which names are ours.
#pragma once

#include <string>
#include <string_view>

#include "core/task.hpp"
#include "storage/manifest.hpp"

namespace thresh::storage {

struct JobPaths {
  explicit JobPaths(std::string output_dir) : output(std::move(output_dir)) {}

  std::string output;
  std::string in_output(const std::string& name) const { return output + "/" + name; }
  std::string success() const { return in_output(kSuccessName); }
  std::string metrics() const { return in_output(kMetricsName); }
  std::string job_dir() const { return in_output(kJobDirectoryName); }
  std::string job_file() const { return job_dir() + "/job.h5"; }
  std::string decision() const { return job_dir() + "/publish.json"; }
  std::string outcome() const { return job_dir() + "/outcome.json"; }
  std::string status() const { return job_dir() + "/status.json"; }
  std::string drain_request(WorkerId worker) const { return job_dir() + "/drain." + std::to_string(worker); }
  std::string generations() const { return job_dir() + "/generation"; }
  std::string runs() const { return job_dir() + "/runs"; }
  std::string checkpoint_pointer() const { return job_dir() + "/checkpoint.json"; }
  // By its name all ranks know that they see the same directory.
  std::string token(const std::string& job_id) const { return job_dir() + "/" + job_id + ".token"; }
  std::string attempts() const { return job_dir() + "/attempts"; }
  std::string drills() const { return job_dir() + "/drills"; }
  std::string parts() const { return job_dir() + "/parts"; }
  std::string part(const std::string& file) const { return parts() + "/" + file; }
};

// Which names are ours, by the directory they are in.
bool is_temporary_name(std::string_view name);   // in any of them
bool is_part_file_name(std::string_view name);   // p<part>.<generation>.<nonce>, with or without .commit
bool is_generation_name(std::string_view name);  // <g>
bool is_drain_name(std::string_view name);       // drain.<worker>

bool is_token_name(std::string_view name);
bool is_drill_name(std::string_view name);

// Removes what jobs leave in .thresh but claims, job.h5 and publish.json. A name that is not ours stays.
void remove_work_files(const JobPaths& paths);
// Removes .thresh, job.h5 last, so that what is left after a crash can still be told. A name that is not ours
// stays, and so does the directory that it is in.
void remove_job_directory(const JobPaths& paths);
// Whether neither a job nor a decision to publish is there, damaged ones included.
bool nothing_unfinished(const JobPaths& paths);

}  // namespace thresh::storage
