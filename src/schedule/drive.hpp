// The one loop that runs machines.
#pragma once

#include "schedule/job.hpp"
#include "schedule/machine.hpp"

namespace thresh::schedule {

// Starts the machine and feeds it events until it has an outcome, which is returned. Also keeps the pool:
// notes who was heard, pings all live workers every ping interval, and turns a silence longer than the peer
// timeout into WorkerLost.
Action drive(Machine& machine, Job& job, Port& port);

}  // namespace thresh::schedule
