#include "schedule/map_coordinator.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "schedule/cover.hpp"
#include "schedule/phase.hpp"
#include "schedule/roll_call.hpp"
#include "schedule/split_troubles.hpp"
#include "thresh/errors.hpp"

namespace thresh::schedule {
namespace {

// One under way, one prefetched.
constexpr int splits_at_once = 2;

class MapPhase : public Phase {
 public:
  explicit MapPhase(Job& job) : Phase(job) {}

  Commands start(Time now) override {
    Commands out;
    if (job_.all_committed()) {
      job_.splits_left = 0;
      finish(Action::Mapped);
      return out;
    }
    missing_ = missing_splits(job_.cover, job_.plan.splits.size());
    to_do_.assign(missing_.begin(), missing_.end());
    job_.splits_left = missing_.size();
    // What failed before comes first: if it ends the worker again, little is lost.
    std::stable_partition(to_do_.begin(), to_do_.end(),
                          [this](SplitId split) { return job_.troubles.contains(split); });
    for (auto& [split, trouble] : job_.troubles) trouble.failed_on.clear();
    tasks_.assign(job_.plan.splits.size(), Task{});
    hand_out(now, out);
    if (missing_.empty()) seal(out);
    return out;
  }

 protected:
  void on_message(WorkerId from, const Message& message, Time now, Commands& out) override {
    if (const auto* done = std::get_if<SplitDone>(&message)) {
      on_done(from, *done, now, out);
    } else if (const auto* failed = std::get_if<SplitFailed>(&message)) {
      if (!is_awaited(from, failed->split, failed->attempt)) return ignore();
      on_failed(from, *failed, now, out);
    } else if (const auto* inventory = std::get_if<Inventory>(&message)) {
      on_inventory(from, *inventory);
    } else {
      ignore();
    }
  }

 private:
  struct Task {
    bool assigned = false;
    bool done = false;
    WorkerId worker = 0;
    std::uint32_t attempt = 0;
  };

  void hand_out(Time now, Commands& out) {
    for (int i = 0; i < splits_at_once; ++i) {
      for (const WorkerId worker : job_.pool.working()) {
        if (open_[worker] < splits_at_once) assign_next(worker, now, out);
      }
    }
  }

  // The first that has not failed on this worker; one that failed on all is anybody's.
  std::deque<SplitId>::iterator next_for(WorkerId worker) {
    return std::find_if(to_do_.begin(), to_do_.end(), [&](SplitId split) {
      const auto trouble = job_.troubles.find(split);
      if (trouble == job_.troubles.end() || !trouble->second.failed_on.contains(worker)) return true;
      const std::vector<WorkerId> all = job_.pool.working();
      return std::all_of(all.begin(), all.end(),
                         [&](WorkerId other) { return trouble->second.failed_on.contains(other); });
    });
  }

  void assign_next(WorkerId worker, Time now, Commands& out) {
    const auto next = next_for(worker);
    if (next == to_do_.end()) return;
    const SplitId split = *next;
    to_do_.erase(next);
    const std::uint32_t attempt = job_.attempts[split]++;
    tasks_[split] = Task{true, false, worker, attempt};
    ++open_[worker];
    ++job_.metrics.tasks().assigned;
    job_.pool.set_busy(worker, now);
    out.emplace_back(Send{worker, assignment(split, attempt)});
  }

  AssignSplit assignment(SplitId split, std::uint32_t attempt) const {
    const Split& range = job_.plan.splits[split];
    AssignSplit task{job_.generation, split, attempt, job_.plan.inputs[range.file], range, false, {}, 1};
    task.most_bad = std::min<std::uint64_t>(job_.options.max_bad_records, 10'000) + 1;
    const auto trouble = job_.troubles.find(split);
    if (trouble == job_.troubles.end()) return task;
    task.alone = true;
    for (const BlamedRecord& record : trouble->second.quarantine) task.skip.push_back(record.offset);
    return task;
  }

  // It was in the worker's open table, whether or not we know already that it was mapped.
  void take_back(SplitId split, WorkerId from) {
    if (split >= tasks_.size()) return;
    Task& task = tasks_[split];
    if (!task.assigned || task.worker != from) return;
    if (task.done) {
      --done_;
    } else {
      --open_[from];
    }
    task = Task{};
    to_do_.push_front(split);
  }

  // What was in the worker's open table is to be mapped again, this split by another worker.
  void on_failed(WorkerId from, const SplitFailed& failed, Time now, Commands& out) {
    --open_[from];
    tasks_[failed.split].assigned = false;
    for (const SplitId split : failed.lost) take_back(split, from);
    SplitDecision decision = split_failed(job_, from, failed);
    if (decision.verdict == FaultHandler::Verdict::Fail) return fail(std::move(decision.failure));
    if (decision.verdict == FaultHandler::Verdict::Quarantine) {
      verdicts_.insert(failed.split);
      out.emplace_back(WriteVerdict{failed.split, failed.bad});
    } else {
      to_do_.push_front(failed.split);
    }
    if (open_[from] == 0) job_.pool.set_idle(from, now);
    hand_out(now, out);
  }

  void on_file_work(const Event& event, Time now, Commands& out) override {
    const auto* written = std::get_if<VerdictWritten>(&event);
    // Those of the roll call hold anyway: the notes that they follow from are there.
    if (written == nullptr || verdicts_.erase(written->split) == 0) return ignore();
    to_do_.push_front(written->split);
    hand_out(now, out);
  }

  // A completion counts once, and only from the worker and for the attempt that it was handed to.
  bool is_awaited(WorkerId from, SplitId split, std::uint32_t attempt) const {
    if (split >= tasks_.size()) return false;
    const Task& task = tasks_[split];
    return task.assigned && !task.done && task.worker == from && task.attempt == attempt;
  }

  void on_done(WorkerId from, const SplitDone& done, Time now, Commands& out) {
    if (!is_awaited(from, done.signature.split, done.attempt)) return ignore();
    if (auto failure = note_signature(job_, done.signature)) return fail(std::move(*failure));
    tasks_[done.signature.split].done = true;
    ++done_;
    job_.splits_left = missing_.size() - done_;
    ++job_.progress;
    ++job_.metrics.tasks().done;
    --open_[from];
    assign_next(from, now, out);
    if (open_[from] == 0) job_.pool.set_idle(from, now);
    if (done_ == missing_.size()) seal(out);
  }

  void seal(Commands& out) {
    job_.holdings = Holdings(job_.plan.partitions);
    times_sealed_.assign(job_.plan.splits.size(), 0);
    for (const WorkerId worker : job_.pool.live()) {
      sealing_.insert(worker);
      out.emplace_back(Send{worker, SealRuns{job_.generation}});
    }
  }

  void on_inventory(WorkerId from, const Inventory& inventory) {
    if (!inventory.sealed || sealing_.erase(from) == 0) return ignore();
    if (auto failure = check_runs(job_, inventory.runs)) return fail(std::move(*failure));
    for (const RunSummary& run : inventory.runs) take_sealed(from, run);
    all_readable_ = all_readable_ && inventory.readable;
    if (!sealing_.empty()) return;
    if (auto failure = check_sealed()) return fail(std::move(*failure));
    std::sort(sealed_.begin(), sealed_.end(),
              [](const CoveredRun& a, const CoveredRun& b) { return a.run.id < b.run.id; });
    job_.cover = std::move(sealed_);
    job_.located.clear();
    job_.wave = 0;
    job_.all_readable = all_readable_;
    job_.cover_digest = cover_digest(job_);
    adopt_parts(job_);
    finish(Action::Mapped);
  }

  // What the summaries of all runs take at once is gigabytes when there are thousands of workers.
  void take_sealed(WorkerId from, const RunSummary& run) {
    for (const SplitSignature& signature : run.splits) ++times_sealed_[signature.split];
    job_.holdings.add(from, run);
    sealed_.push_back({from, RunSummary{run.id, {}, {}, run.counters, run.from_file}});
  }

  // Every split in exactly one run. That the runs say what SplitDone said, check_runs() saw to.
  std::optional<Failure> check_sealed() const {
    for (std::size_t split = 0; split < times_sealed_.size(); ++split) {
      if (times_sealed_[split] == 1) continue;
      return Failure{static_cast<int>(ExitCode::Internal),
                     split_text(job_.plan, static_cast<SplitId>(split)) + " is in " +
                         std::to_string(times_sealed_[split]) +
                         " runs after mapping instead of one; nothing was published"};
    }
    return std::nullopt;
  }

  std::vector<SplitId> missing_;
  std::deque<SplitId> to_do_;  // handed out in this order
  std::size_t done_ = 0;
  std::vector<Task> tasks_;       // by split
  std::map<WorkerId, int> open_;  // splits handed to each worker and not done
  std::set<SplitId> verdicts_;    // that are being written
  std::set<WorkerId> sealing_;    // whose sealed inventory is awaited
  bool all_readable_ = true;      // what they held that answered
  std::vector<CoveredRun> sealed_;
  std::vector<std::uint32_t> times_sealed_;  // by split: in how many runs it is
};

}  // namespace

std::vector<Action> MapCoordinator::actions() const {
  return {Action::Mapped, Action::Lost, Action::Failed};
}

std::unique_ptr<Machine> MapCoordinator::prep(Job& job) {
  return std::make_unique<MapPhase>(job);
}

}  // namespace thresh::schedule
