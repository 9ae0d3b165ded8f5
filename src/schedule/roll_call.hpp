// The first thing in every generation: all live workers say which runs they hold, and a cover is chosen.
// A start and a recovery use the same one; at a start the inventories hold what the directory had.
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

// Parts that were found count from here on, if they were made from the cover at hand: they took in what the
// runs held, or they would not have been committed. REQUIRES: every split has a signature, and
// job.cover_digest is theirs.
void adopt_parts(Job& job);

// Borrows the job.
class RollCall {
 public:
  explicit RollCall(Job& job) : job_(job) {}

  // First what earlier runs wrote down about splits; a failure() ends the job. Then sends Muster of the job's
  // generation to all live workers, each with its share of the files. REQUIRES: there are some.
  void start(const JobFiles& files, Time now, Commands& out);
  bool started() const noexcept { return started_; }
  // False: nobody waits for this message. REQUIRES: from a live worker, of this generation.
  bool take(WorkerId from, const Message& message);
  // Whether all answered. Then choose() sets job.cover, job.found and job.found_parts and tells each worker
  // which of its runs to keep.
  bool complete() const noexcept { return started_ && waiting_.empty(); }
  void choose(Time now, Commands& out);
  // An inventory that cannot be.
  const std::optional<Failure>& failure() const noexcept { return failure_; }

 private:
  Job& job_;
  bool started_ = false;
  std::set<WorkerId> waiting_;
  std::vector<CoveredRun> offered_;
  std::vector<PartSummary> parts_;
  std::vector<std::string> damage_;
  std::optional<Failure> failure_;
};

}  // namespace thresh::schedule
