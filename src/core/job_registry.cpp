#include <algorithm>
#include <utility>

#include "thresh/errors.hpp"
#include "thresh/job_type.hpp"

namespace thresh {
namespace {

std::vector<JobType>& jobs() {
  static std::vector<JobType> all;  // sorted by name
  return all;
}

auto position_of(std::string_view name) {
  return std::lower_bound(jobs().begin(), jobs().end(), name,
                          [](const JobType& job, std::string_view wanted) { return job.name < wanted; });
}

}  // namespace

const std::vector<JobType>& registered_jobs() {
  return jobs();
}

const JobType* find_job(std::string_view name) {
  const auto at = position_of(name);
  return at != jobs().end() && at->name == name ? &*at : nullptr;
}

JobRegistration::JobRegistration(JobType job) {
  if (job.name.empty()) throw Error(ExitCode::Internal, "a job has no name");
  const auto at = position_of(job.name);
  if (at != jobs().end() && at->name == job.name) {
    throw Error(ExitCode::Internal, "two jobs are called '" + job.name + "'");
  }
  jobs().insert(at, std::move(job));
}

}  // namespace thresh
