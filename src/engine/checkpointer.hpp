// Writes sealed runs to files on a thread of its own, while mapping goes on. One file at a time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/row.hpp"
#include "core/slice.hpp"
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
  // The thread starts with the first run, so a short job has none. Borrows the drill: its step "checkpoint"
  // is reached on the thread.
  Checkpointer(const RowFormat& format, FaultDrill& drill, bool fsync)
      : format_(format), drill_(&drill), fsync_(fsync) {}
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  ~Checkpointer();  // waits for the file under way

  // REQUIRES: idle(). The runs must not change before take_result() has told how it went.
  void write(const std::string& directory, const std::string& job_id, std::vector<const Run*> runs);
  // Nothing under way and no result to be taken.
  bool idle() const;
  // Once for each write(), when it is done.
  std::optional<CheckpointResult> take_result();
  // Whether the thread works on the runs at this moment.
  bool writing() const;

 private:
  struct Order {
    std::string directory;
    std::string job_id;
    std::vector<const Run*> runs;
  };
  void run();
  CheckpointResult carry_out(const Order& order) const;

  RowFormat format_;
  FaultDrill* drill_;
  bool fsync_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Order> order_;
  std::optional<CheckpointResult> result_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace thresh::engine
