// Ends a stopped process of the job on this host, so that the others can go on without it.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "comm/mpi.hpp"

namespace thresh::engine {

// MPI notices a process that died, but not one that is stopped (SIGSTOP): the others would wait for it. Each
// process watches the next one of its host that is alive, in a ring, rank 0 included. Works beside MPI, for
// any thread, one at a time.
class SiblingWatch {
 public:
  // All processes of the job on this host, in an order that is the same for all; `self` is one of them.
  // `longest_stop`: is borne; a debugger's stop is for ever.
  SiblingWatch(std::vector<comm::Process> processes, comm::Process self,
               std::chrono::milliseconds longest_stop);

  // To be called every so often, `since_last` after the call before: kills the next one if it was stopped all
  // the time. Only time in which this process ran counts, so that a job that is stopped as a whole goes on as
  // a whole.
  void look(std::chrono::milliseconds since_last);

 private:
  std::vector<comm::Process> after_self_;  // in the order in which they are watched
  std::chrono::milliseconds longest_stop_;
  std::chrono::milliseconds stopped_{0};
  comm::Process watched_;
};

// This process.
comm::Process own_process();

}  // namespace thresh::engine
