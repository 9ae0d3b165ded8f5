// A bound on waits inside MPI that nothing else can end: starting and ending together.
#pragma once

#include <chrono>

namespace thresh::engine {

// While one lives, SIGALRM ends the process with `code` after `bound` (rounded up to seconds), with a line
// on stderr: "thresh: WHAT". One at a time; `what` is a literal.
class Deadline {
 public:
  Deadline(std::chrono::milliseconds bound, int code, const char* what);
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline();
};

}  // namespace thresh::engine
