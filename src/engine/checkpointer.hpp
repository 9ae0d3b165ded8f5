// Writes sealed runs to files on a thread of its own, while mapping goes on. One file at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/row.hpp"
#include "core/slice.hpp"
#include "engine/background_thread.hpp"
#include "engine/fault_drill.hpp"

namespace thresh::engine {

struct CheckpointResult {
  std::vector<RunId> runs;
  bool good = false;
  std::string what;  // why not
  std::string path;
  std::uint64_t bytes = 0;
  std::uint64_t ns = 0;
};

class Checkpointer {
 public:
  // Borrows the drill: its step "checkpoint" is reached on the thread.
  Checkpointer(const RowFormat& format, FaultDrill& drill, bool fsync)
      : format_(format), drill_(&drill), fsync_(fsync) {}

  // REQUIRES: idle(). The runs must not change before take_result() has told how it went.
  void write(const std::string& directory, const std::string& job_id, std::vector<const Run*> runs);
  // Nothing under way and no result to be taken.
  bool idle() const { return !writing() && !result_; }
  // Once for each write(), when it is done.
  std::optional<CheckpointResult> take_result();
  // Whether the thread works on the runs at this moment.
  bool writing() const { return thread_.pending() > 0; }
  // Sleeps until it does not, but not for longer.
  void wait(std::chrono::milliseconds most) { thread_.wait(most); }

 private:
  CheckpointResult carry_out(const std::string& directory, const std::string& job_id,
                             const std::vector<const Run*>& runs) const;

  RowFormat format_;
  FaultDrill* drill_;
  bool fsync_;
  std::optional<CheckpointResult> result_;  // of the thread, while it writes
  BackgroundThread thread_;                 // ends before what it uses
};

}  // namespace thresh::engine
