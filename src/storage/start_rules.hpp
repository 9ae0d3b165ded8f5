// What is in an output directory, and what a start may do with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/identity.hpp"
#include "storage/job_paths.hpp"
#include "storage/manifest.hpp"
#include "storage/publication.hpp"

namespace thresh::storage {

struct Survey {
  std::vector<std::string> entries;            // of OUTPUT
  std::optional<Manifest> finished;            // _SUCCESS, of ours
  std::optional<RecordedJob> unfinished;       // job.h5, unless it is what is left of the finished job
  std::optional<std::string> job_file_damage;  // and what to do about it
  std::optional<Publication> decision;         // of the unfinished job
  std::optional<std::string> decision_damage;  // likewise
  bool void_decision = false;                  // publish.json is of a job that was discarded
  bool leftovers = false;                      // .thresh is what is left of the finished job
};

// Reads, changes nothing. Throws Error{CannotCreate} for things of these names that are not ours,
// Error{BadData} for a damaged _SUCCESS.
Survey survey(const JobPaths& paths);

enum class Verdict {
  Complete,  // the same job is finished
  CarryOut,  // a publication was decided: finish it first
  Begin,     // discard what is unfinished, if anything is, and begin
  GoOn,
};

// Throws the errors of JobDirectory::open.
Verdict judge(const Survey& survey, const JobPaths& paths, const JobIdentity& identity, bool fresh,
              bool overwrite);

}  // namespace thresh::storage
