// A process that starts others (mpirun, srun, a script), and all that it leaves behind.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/supervised_job.hpp"

namespace thresh::cli {

// From its making on, SIGHUP, SIGINT, SIGTERM and SIGUSR1 are taken by wait() alone, unless they were
// ignored, and processes that lost their parent become children of this one. One at a time; the process has
// one thread.
class Launcher {
 public:
  Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;
  ~Launcher();  // as it was before; kills nothing

  // Starts the command in a process group of its own, so that a terminal's Ctrl-C reaches this process first.
  // It gets SIGTERM should this process die, standard input unless that is a terminal, and the signals as
  // they were. Throws Error{Usage} if there is no such command. REQUIRES: nothing runs.
  void start(const std::vector<std::string>& command);

  // Waits until the running command has ended, a signal for this process came or the time is over. Returns
  // the signal, or 0.
  int wait(std::chrono::milliseconds most);
  // Set once the command has ended.
  const std::optional<ProcessEnd>& end() const { return end_; }
  // Passes a signal on: to the launcher, which passes it on to its ranks. SIGINT goes to its whole group, as
  // from a terminal.
  void forward(int signal);

  // Whether processes that the command started are still there, on this host.
  bool leaves_something() const;
  // Kills them. False if some are still there after the time.
  bool kill_rest(std::chrono::milliseconds most);

 private:
  // Processes that came from the command, and lost their parent.
  std::vector<pid_t> rest() const;
  void reap();
  void pass_on_to_orphans(int signal);

  pid_t pid_ = 0;  // also the process group's
  std::optional<ProcessEnd> end_;
  int forwarded_ = 0;  // the last signal that was passed on
  // Children that were there first: a shell may have started them before it became this program.
  std::set<pid_t> of_others_;
  sigset_t before_;  // as they were
  sigset_t watched_;
};

}  // namespace thresh::cli
