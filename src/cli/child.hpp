// A command that is run and watched, and never outlives its time.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace thresh::cli {

struct ChildEnd {
  int code = 0;  // 128 and the signal's number if a signal ended it
  bool in_time = true;
  std::string said;  // what it wrote to stdout and stderr
  std::chrono::milliseconds took{0};
};

// Runs the command in a process group of its own, with nothing on stdin. When the time is over, or when
// `enough` says so of what it wrote so far, it is killed: it and every process that came from it on this
// host. Nothing of it is left when this returns. Throws Error{Usage} if there is no such command. May be
// called by several threads at once.
ChildEnd run_child(const std::vector<std::string>& command, std::chrono::milliseconds most,
                   const std::function<bool(const std::string& said)>& enough = nullptr);

}  // namespace thresh::cli
