#include <algorithm>

#include "engine/fault_drill.hpp"

namespace thresh::engine {

const std::vector<DrillStep>& drill_steps() {
  static const std::vector<DrillStep> steps = {
      {"start", "MPI has started; the rank has done nothing yet", true, true},
      {"plan", "rank 0 has listed the inputs and opens the job directory", true, false},
      {"restore", "a worker reads what an earlier run left: run files and parts", false, true},
      {"assign", "rank 0 hands out a split", true, false},
      {"map", "a worker begins to map a split", false, true},
      {"seal", "a worker makes a sealed run of its table", false, true, false, true},
      {"spill", "a worker writes rows to its scratch file, as memory is short", false, true, true},
      {"checkpoint", "a worker's background thread begins to write a run file", false, true, true},
      {"wave", "rank 0 tells a worker its part of a wave of the shuffle", true, false},
      {"exchange", "a worker was told its part of a wave and has not begun it", false, true},
      {"shuffle", "a worker has filled a buffer for another, or told it where to read", false, true, true},
      {"receive", "a worker got a buffer from another, or read a MiB of its memory", false, true},
      {"reduce", "a worker begins to reduce a partition (drop: a group of it)", false, true, false, true},
      {"commit", "a worker's background thread begins to make a part durable", false, true},
      {"part", "a part has just been committed", false, true, true, false, true},
      {"check", "a worker begins to read a part again before it is published", false, true},
      {"publish", "rank 0 begins to publish", true, false},
      {"recover", "a rank goes on without a lost one", true, true, false, false, false, true},
      {"leave", "the job is done and the rank is about to end", true, true},
  };
  return steps;
}

std::vector<std::string_view> kinds_at(const DrillStep& step) {
  std::vector<std::string_view> kinds;
  for (const std::string_view kind : FaultDrill::kinds()) {
    if (kind == "pause") continue;
    const bool fits = kind == "corrupt" ? step.corrupts : kind == "drop" ? step.drops : !step.bytes_alone;
    if (fits) kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace thresh::engine
