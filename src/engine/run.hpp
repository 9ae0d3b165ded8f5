// Runs one job from its options to its exit code.
#pragma once

#include "engine/options.hpp"
#include "thresh/job_type.hpp"

namespace thresh::engine {

// Initialises MPI, runs the job on all ranks, returns the exit code of this rank. A failed job does not
// return: the outermost layer ends every rank with MPI_Abort.
int run(const RunOptions& options, const JobType& type);

}  // namespace thresh::engine
