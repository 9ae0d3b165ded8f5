// Signals that ask the job to stop, as a flag that the coordinator looks at.
#pragma once

#include <optional>

#include "core/task.hpp"

namespace thresh::engine {

// From now on SIGINT, SIGTERM and SIGUSR1 are remembered instead of ending the process; the third SIGINT
// ends it. For rank 0.
void catch_stop_signals();
// For the other ranks: SIGTERM is remembered, SIGUSR1 and SIGINT are left to rank 0, as mpirun passes SIGUSR1
// on to every rank, and one that died of it would end the job with its own code.
void leave_stopping_to_rank_0();

// Set once a signal came: why the job stops and with which code (130 for SIGINT, else 75).
std::optional<Failure> stop_signal();

}  // namespace thresh::engine
