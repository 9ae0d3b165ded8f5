// metrics.json: what was measured in a job. docs/metrics.md describes every field.
#pragma once

#include <chrono>
#include <string>

#include "schedule/job.hpp"

namespace thresh::engine {

// Counters of the whole job: of the runs of the cover and of the parts, each exactly once.
Counters job_counters(const schedule::Job& job);

// The text of metrics.json, for rank 0, as of now. `elapsed`: since its start.
std::string metrics_json(const schedule::Job& job, const std::string& job_name,
                         std::chrono::nanoseconds elapsed);

// The text of .thresh/status.json: what the job is at, and how its workers are. `goes_on`: without a lost
// one.
std::string status_json(const schedule::Job& job, const std::string& job_name,
                        std::chrono::nanoseconds elapsed, bool goes_on);

}  // namespace thresh::engine
