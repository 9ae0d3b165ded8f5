// OUTPUT/.thresh/attempts: what is written down about splits that failed. A file a note, never changed.
//
//   thresh attempt 2 <job id> <kind> <split> <offset> <code> <task timeout, ms> <text, printable>\n
//
// Kinds are AttemptKind's numbers. A worker that is about to die writes one with a single write(2), so it is
// plain text without a checksum; one that does not end in a newline is not there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.hpp"
#include "storage/job_paths.hpp"

namespace thresh::storage {

// What a worker needs to leave a note from a signal handler: everything is prepared before.
class Breadcrumb {
 public:
  // Makes no file. `note`: without its kind and record. REQUIRES: `attempts_dir` exists when leave() is
  // called.
  Breadcrumb(const std::string& attempts_dir, const std::string& job_id, const AttemptNote& note,
             std::uint32_t attempt, const std::string& nonce);
  // Async-signal-safe; best effort. `what` is short and printable.
  void leave(AttemptKind kind, std::uint64_t offset, const char* what) const noexcept;

 private:
  std::string path_;
  std::string head_;  // up to the kind
  std::string split_;
  std::string since_;  // the code and the task timeout
};

// A hash of what code is taken for the same.
std::uint64_t code_of(std::string_view build, std::string_view job_version);

// All that are whole and of this job. `damage`: a line for each that is not.
std::vector<AttemptNote> read_attempts(const JobPaths& paths, const std::string& job_id,
                                       std::vector<std::string>& damage);

// Durably, and before it acts. Error{Io}.
void write_verdict(const JobPaths& paths, const std::string& job_id, SplitId split,
                   const std::vector<BlamedRecord>& records);

bool is_attempt_name(std::string_view name);

}  // namespace thresh::storage
