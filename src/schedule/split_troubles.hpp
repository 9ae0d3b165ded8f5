// Splits that failed: what is known of them, and what to do. Pure; the job's `troubles` is where it is kept.
#pragma once

#include <optional>
#include <vector>

#include "core/task.hpp"
#include "schedule/fault_handler.hpp"
#include "schedule/job.hpp"

namespace thresh::schedule {

// What earlier runs of the job wrote down. A record that killed two of them goes into quarantine, or ends the
// job, as one that threw twice does; `verdicts` are the splits whose new quarantine is to be written down.
// A failure ends the job.
std::optional<Failure> learn_attempts(Job& job, const std::vector<AttemptNote>& notes,
                                      std::vector<SplitId>& verdicts);

struct SplitDecision {
  FaultHandler::Verdict verdict = FaultHandler::Verdict::TryAgain;
  Failure failure;  // if it is Fail
};
// A worker reports that a split failed. After Quarantine the split's `quarantine` holds the records.
SplitDecision split_failed(Job& job, WorkerId worker, const SplitFailed& failed);

// Records in quarantine, over all splits.
std::uint64_t quarantined_records(const Job& job);
// "data/book.txt, byte 4711: map threw an exception: ..."
std::string record_text(const JobPlan& plan, SplitId split, const BlamedRecord& record);

}  // namespace thresh::schedule
