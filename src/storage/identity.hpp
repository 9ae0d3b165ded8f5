// What makes two runs of a command the same job: what its output is a function of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/task.hpp"

namespace thresh::storage {

struct JobIdentity {
  std::string job;                             // name
  std::string version;                         // of the job
  std::string build;                           // of the program
  std::map<std::string, std::string> shaping;  // option to value, as the user would write it
  std::vector<InputFile> inputs;
  std::vector<Split> splits;
  std::uint32_t partitions = 1;
};

// A digest of the splits, so that a manifest need not list them.
std::uint64_t splits_digest(const std::vector<Split>& splits);
// 32 hexadecimal digits, equal for equal jobs.
std::string fingerprint(const JobIdentity& identity);

// The identity of a job as it was written down. A manifest leaves `identity.splits` empty.
struct RecordedJob {
  std::string job_id;
  JobIdentity identity;
  std::uint64_t splits_digest = 0;
  // Of a job with a total order, as sampled when it began; else none. They follow from the identity, so they
  // are not compared: a start takes those that are written down. A manifest leaves them out.
  std::vector<std::string> split_points = {};
};

// As if it were the same code.
JobIdentity with_code_of(const RecordedJob& was, JobIdentity is);
// As if it had the same --max-bad-records: which records fail does not depend on it, so an unfinished job may
// go on with another one.
JobIdentity with_limit_of(const RecordedJob& was, JobIdentity is);
// The first difference, in words for the user: "split-size was 64K, is 1M". None: the same job.
std::optional<std::string> first_difference(const RecordedJob& was, const JobIdentity& is);

}  // namespace thresh::storage
