// How far the job is, for a person: a bar on a terminal, a line now and then in a log.
#pragma once

#include <chrono>
#include <string>

#include "engine/options.hpp"
#include "schedule/job.hpp"

namespace thresh::engine {

// What there is to say about the job's progress: "map 40/128 splits, 1.2 GiB, 310 MiB/s, 4 workers".
std::string describe_progress(const schedule::Job& job, std::chrono::nanoseconds elapsed);
// Bytes for people: "1.5 GiB".
std::string human_bytes(std::uint64_t bytes);

class ProgressDisplay {
 public:
  explicit ProgressDisplay(const RunOptions& options);
  // Clears the bar.
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  // Cheap; call it often.
  void show(const schedule::Job& job, std::chrono::nanoseconds elapsed);

 private:
  enum class Style { None, Lines, Bar };
  Style style_;
  bool drawn_ = false;
  std::chrono::nanoseconds next_{};
};

}  // namespace thresh::engine
