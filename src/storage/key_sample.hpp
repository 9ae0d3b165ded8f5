// A look at the keys of a job before it begins, for the split points of a total order.
#pragma once

#include <string>
#include <vector>

#include "core/task.hpp"
#include "thresh/job_type.hpp"
#include "thresh/progress.hpp"

namespace thresh::storage {

// The plan's partitions - 1 split points: what the job's own map emits for records at places that are spread
// evenly over the inputs. They depend on the plan alone: the same inputs give the same points on any rank.
// Records on which map throws are passed over; the job will come to them. Throws Error if an input cannot be
// read or changed since it was listed. Steps `progress`.
std::vector<std::string> sample_split_points(const JobType& job, const JobPlan& plan, Progress& progress);

}  // namespace thresh::storage
