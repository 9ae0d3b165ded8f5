// Ends a stopped process of the job on this host, so that the others can go on without it.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "comm/mpi.hpp"

namespace thresh::engine {

// MPI notices a process that died, but not one that is stopped (SIGSTOP): the others would wait for it. Each
// process watches the next one of its host, in a ring, rank 0 included, and behind those that are stopped or
// dead the one after them. Works beside MPI, for any thread, one at a time.
class SiblingWatch {
 public:
  // All processes of the job on this host, in an order that is the same for all; `self` is one of them. Those
  // that are not known are blank.
  // `longest_stop`: is borne; a debugger's stop is for ever.
  SiblingWatch(std::vector<comm::Process> processes, comm::Process self,
               std::chrono::milliseconds longest_stop);

  // To be called every so often, `since_last` after the call before: kills whom it watches and sees stopped
  // all the time. Only time in which this process ran counts, so that a job that is stopped as a whole goes
  // on as a whole.
  void look(std::chrono::milliseconds since_last);

 private:
  struct Sibling {
    comm::Process process;
    std::chrono::milliseconds stopped{0};  // so long, in the eyes of this process
  };

  std::vector<Sibling> after_self_;  // in the order in which they are watched
  std::chrono::milliseconds longest_stop_;
};

// This process.
comm::Process own_process();

}  // namespace thresh::engine
