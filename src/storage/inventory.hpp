// What is in an output directory, file by file: for the commands that look at one from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/claim.hpp"
#include "storage/identity.hpp"
#include "storage/job_paths.hpp"
#include "storage/manifest.hpp"
#include "storage/outcome.hpp"
#include "storage/part_writer.hpp"
#include "storage/publication.hpp"

namespace thresh::storage {

// A part in .thresh/parts, or what is there of it.
struct FoundPart {
  std::string file;                  // its name, without .commit
  bool there = false;                // the part itself
  bool has_sidecar = false;          // its .commit, damaged or not
  std::optional<PartCommit> commit;  // read from it
};

// A file that is there and cannot be used.
struct Problem {
  enum class Kind { Damaged, OtherVersion, Unreadable };
  std::string path;
  Kind kind = Kind::Damaged;
  std::string text;  // one line, which names the file
};

// What reading the file threw.
Problem problem_of(const std::string& path, const Error& error);

struct Inventory {
  explicit Inventory(const std::string& output) : paths(output) {}

  JobPaths paths;
  // Read from their files; none if the file is not there or has a problem.
  std::optional<Manifest> finished;     // _SUCCESS
  std::optional<RecordedJob> job;       // .thresh/job.h5
  std::optional<Publication> decision;  // .thresh/publish.json, unless it is another job's
  std::optional<Outcome> outcome;       // .thresh/outcome.json

  bool has_job_directory = false;
  bool leftovers = false;  // .thresh is what is left of the finished job
  std::vector<FoundPart> parts;
  std::vector<std::string> attempts;         // names in .thresh/attempts
  std::vector<std::string> drills;           // names in .thresh/drills
  std::vector<std::string> tokens;           // names in .thresh, and of requests to drain
  std::vector<Generation> generations;       // that are claimed; ascending
  std::vector<std::string> run_directories;  // .thresh/runs, and where --checkpoint put them
  std::vector<std::string> runs;             // paths of run files in them

  std::vector<std::string> temporaries;        // paths of tmp.*
  std::vector<std::string> foreign;            // paths in .thresh that are not ours by name
  std::vector<std::string> foreign_in_output;  // names that no job of ours put into OUTPUT
  std::vector<Problem> problems;

  // Of the job in .thresh; empty if job.h5 cannot be read.
  std::string job_id() const { return job ? job->job_id : std::string(); }
  Generation last_generation() const { return generations.empty() ? 0 : generations.back(); }
  // None if that file has none, or is not there.
  const Problem* problem_of(const std::string& path) const;
  // Whether the part counts as committed: both files are there and say that they are this job's.
  bool is_committed(const FoundPart& part) const;
};

// Changes nothing. Throws Error{NoInput} if the directory holds neither a job nor an output of ours.
Inventory take_inventory(const std::string& output);

}  // namespace thresh::storage
