// Makes parts durable on a thread of its own, while the next ones are reduced.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/task.hpp"
#include "engine/background_thread.hpp"
#include "engine/fault_drill.hpp"
#include "storage/part_writer.hpp"

namespace thresh::engine {

struct CommitResult {
  PartSummary part;
  std::exception_ptr error;  // if it is not committed
  std::uint64_t ns = 0;
};

class PartCommitter {
 public:
  // Borrows the drill: its steps "commit" and "part" are reached on the thread.
  PartCommitter(std::string parts_dir, FaultDrill& drill)
      : parts_dir_(std::move(parts_dir)), drill_(&drill) {}

  // REQUIRES: the part is finished.
  void commit(std::unique_ptr<storage::PartWriter> part);
  // How many are not done.
  std::size_t pending() const { return thread_.pending(); }
  // Sleeps until a part is done, if one is pending, but not for longer.
  void wait(std::chrono::milliseconds most) { thread_.wait(most); }
  // Once for each part, in their order.
  std::optional<CommitResult> take_result();

 private:
  struct Commit {
    std::unique_ptr<storage::PartWriter> part;
    CommitResult result;
  };
  void carry_out(Commit& commit) const;

  std::string parts_dir_;
  FaultDrill* drill_;
  std::deque<Commit> commits_;  // those pending are the thread's
  BackgroundThread thread_;     // ends before what it uses
};

}  // namespace thresh::engine
