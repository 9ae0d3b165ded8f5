#include "schedule/split_troubles.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/text.hpp"
#include "thresh/errors.hpp"

namespace thresh::schedule {
namespace {

bool comes_before(const BlamedRecord& a, const BlamedRecord& b) {
  return a.offset < b.offset;
}

// REQUIRES: by offset.
bool holds(const std::vector<BlamedRecord>& records, const BlamedRecord& record) {
  return std::binary_search(records.begin(), records.end(), record, comes_before);
}

// All at once: there may be many thousands. With one that is new, what failed before counts no longer: less
// is left to fail.
void quarantine(SplitTrouble& trouble, const std::vector<BlamedRecord>& records) {
  std::vector<BlamedRecord>& all = trouble.quarantine;
  const std::size_t before = all.size();
  all.insert(all.end(), records.begin(), records.end());
  std::stable_sort(all.begin(), all.end(), comes_before);
  const auto same = [](const BlamedRecord& a, const BlamedRecord& b) { return a.offset == b.offset; };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  if (all.size() > before) trouble.failures = 0;
}

Failure too_bad(const Job& job, SplitId split, const BlamedRecord& record) {
  const std::uint64_t most = job.options.max_bad_records;
  return Failure{
      static_cast<int>(ExitCode::BadData),
      record_text(job.plan, split, record) +
          (most > 0
               ? "; more bad records than the " + std::to_string(most) +
                     " of --max-bad-records: with a larger number, the same command goes on"
               : "; with --max-bad-records N, the same command goes on and leaves out up to N such records")};
}

Failure too_many_already(std::uint64_t left_out, std::uint64_t most) {
  return Failure{static_cast<int>(ExitCode::BadData),
                 "earlier runs of this job left out " + std::to_string(left_out) +
                     (left_out == 1 ? " bad record" : " bad records") + ": with --max-bad-records " +
                     std::to_string(left_out) + " or more instead of " + std::to_string(most) +
                     ", the same command goes on"};
}

Failure never_the_same(const Job& job, SplitId split, const BlamedRecord& record, std::uint32_t failures) {
  return Failure{static_cast<int>(ExitCode::BadData),
                 record_text(job.plan, split, record) + "; its split failed " + std::to_string(failures) +
                     " times, each time at other records (--max-attempts)"};
}

}  // namespace

std::string record_text(const JobPlan& plan, SplitId split, const BlamedRecord& record) {
  return printable(plan.inputs.at(plan.splits.at(split).file).path) + ", byte " +
         std::to_string(record.offset) + ": " + record.what;
}

std::uint64_t quarantined_records(const Job& job) {
  std::uint64_t records = 0;
  for (const auto& [split, trouble] : job.troubles) records += trouble.quarantine.size();
  return records;
}

std::optional<Failure> learn_attempts(Job& job, const std::vector<AttemptNote>& notes,
                                      std::vector<SplitId>& verdicts) {
  std::map<SplitId, std::vector<BlamedRecord>> known;
  for (const AttemptNote& note : notes) {
    if (note.split >= job.plan.splits.size() || note.kind != AttemptKind::Quarantine) continue;
    known[note.split].push_back(note.record);
  }
  for (const auto& [split, records] : known) quarantine(job.troubles[split], records);
  const std::uint64_t left_out = quarantined_records(job);
  if (left_out > job.options.max_bad_records) return too_many_already(left_out, job.options.max_bad_records);
  std::set<SplitId> decided;
  std::map<std::pair<SplitId, std::uint64_t>, std::uint32_t> listed;
  for (const AttemptNote& note : notes) {
    if (note.split >= job.plan.splits.size() || note.kind == AttemptKind::Quarantine) continue;
    const std::pair<SplitId, std::uint64_t> record{note.split, note.record.offset};
    std::uint32_t& learned = job.crashes_learned[record];
    if (++listed[record] <= learned) continue;
    ++learned;
    SplitTrouble& trouble = job.troubles[note.split];
    if (holds(trouble.quarantine, note.record)) continue;
    ++trouble.failures;
    if (++trouble.blamed[note.record.offset] < 2 && trouble.failures < job.options.max_attempts) continue;
    if (quarantined_records(job) >= job.options.max_bad_records) return too_bad(job, note.split, note.record);
    quarantine(trouble, {note.record});
    decided.insert(note.split);
  }
  verdicts.assign(decided.begin(), decided.end());
  return std::nullopt;
}

SplitDecision split_failed(Job& job, WorkerId worker, const SplitFailed& failed) {
  SplitTrouble& trouble = job.troubles[failed.split];
  trouble.failed_on.insert(worker);
  FaultHandler::SplitLimits limits;
  limits.failures = ++trouble.failures;
  limits.most_failures = job.options.max_attempts;
  limits.blames_records = !failed.bad.empty();
  limits.all_confirmed = true;
  for (const BlamedRecord& record : failed.bad) {
    if (++trouble.blamed[record.offset] < 2) limits.all_confirmed = false;
  }
  limits.quarantined = quarantined_records(job) + failed.bad.size();
  limits.most_quarantined = job.options.max_bad_records;
  SplitDecision decision{FaultHandler::judge_split(limits), {}};
  if (decision.verdict == FaultHandler::Verdict::Quarantine) {
    quarantine(trouble, failed.bad);
  } else if (decision.verdict == FaultHandler::Verdict::Fail) {
    const std::string host = job.metrics.host_of(worker);
    Failure failure = failed.failure;
    if (limits.blames_records) {
      const bool too_many = limits.quarantined > limits.most_quarantined;
      failure = too_many ? too_bad(job, failed.split, failed.bad.front())
                         : never_the_same(job, failed.split, failed.bad.front(), limits.failures);
    }
    decision.failure = job.faults.worker_failed(worker, host, failure);
  }
  return decision;
}

}  // namespace thresh::schedule
