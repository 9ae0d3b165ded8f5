// The first thing in every generation: all live workers say which runs they hold, and a cover is chosen.
// A start and a recovery use the same one; at a start the inventories are empty.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "core/messages.hpp"
#include "schedule/job.hpp"
#include "schedule/machine.hpp"

namespace thresh::schedule {

// That the runs of an inventory are about this job's splits and partitions, and give what other runs of the
// same splits gave. Remembers their signatures.
std::optional<Failure> check_runs(Job& job, const std::vector<RunSummary>& runs);

// Borrows the job.
class RollCall {
 public:
  explicit RollCall(Job& job) : job_(job) {}

  // Sends Muster of the job's generation to all live workers. REQUIRES: there are some.
  void start(Time now, Commands& out);
  bool started() const noexcept { return started_; }
  // False: nobody waits for this message. REQUIRES: from a live worker, of this generation.
  bool take(WorkerId from, const Message& message);
  // Whether all answered. Then choose() sets job.cover and tells each worker which of its runs to keep.
  bool complete() const noexcept { return started_ && waiting_.empty(); }
  void choose(Commands& out);
  // An inventory that cannot be.
  const std::optional<Failure>& failure() const noexcept { return failure_; }

 private:
  Job& job_;
  bool started_ = false;
  std::set<WorkerId> waiting_;
  std::vector<CoveredRun> offered_;
  std::optional<Failure> failure_;
};

}  // namespace thresh::schedule
