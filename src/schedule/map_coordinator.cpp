#include "schedule/map_coordinator.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "schedule/cover.hpp"
#include "schedule/phase.hpp"
#include "schedule/roll_call.hpp"
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
      finish(Action::Mapped);
      return out;
    }
    missing_ = missing_splits(job_.cover, job_.plan.splits.size());
    tasks_.assign(job_.plan.splits.size(), Task{});
    for (int i = 0; i < splits_at_once; ++i) {
      for (const WorkerId worker : job_.pool.live()) assign_next(worker, now, out);
    }
    if (missing_.empty()) seal(out);
    return out;
  }

 protected:
  void on_message(WorkerId from, const Message& message, Time now, Commands& out) override {
    if (const auto* done = std::get_if<SplitDone>(&message)) {
      on_done(from, *done, now, out);
    } else if (const auto* failed = std::get_if<SplitFailed>(&message)) {
      if (!is_awaited(from, failed->split, failed->attempt)) return ignore();
      fail(job_.faults.worker_failed(from, job_.metrics.host_of(from), failed->failure));
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

  void assign_next(WorkerId worker, Time now, Commands& out) {
    if (next_ == missing_.size()) return;
    const SplitId split = missing_[next_++];
    const Split& range = job_.plan.splits[split];
    const std::uint32_t attempt = job_.attempts[split]++;
    tasks_[split] = Task{true, false, worker, attempt};
    ++open_[worker];
    ++job_.metrics.tasks().assigned;
    job_.pool.set_busy(worker, now);
    out.emplace_back(
        Send{worker, AssignSplit{job_.generation, split, attempt, job_.plan.inputs[range.file], range}});
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
    ++job_.progress;
    ++job_.metrics.tasks().done;
    --open_[from];
    assign_next(from, now, out);
    if (open_[from] == 0) job_.pool.set_idle(from, now);
    if (done_ == missing_.size()) seal(out);
  }

  void seal(Commands& out) {
    for (const WorkerId worker : job_.pool.live()) {
      sealing_.insert(worker);
      out.emplace_back(Send{worker, SealRuns{job_.generation}});
    }
  }

  void on_inventory(WorkerId from, const Inventory& inventory) {
    if (!inventory.sealed || sealing_.erase(from) == 0) return ignore();
    if (auto failure = check_runs(job_, inventory.runs)) return fail(std::move(*failure));
    for (const RunSummary& run : inventory.runs) sealed_.push_back({from, run});
    if (!sealing_.empty()) return;
    if (auto failure = check_sealed()) return fail(std::move(*failure));
    std::sort(sealed_.begin(), sealed_.end(),
              [](const CoveredRun& a, const CoveredRun& b) { return a.run.id < b.run.id; });
    job_.cover = std::move(sealed_);
    job_.wave = 0;
    adopt_parts(job_);
    finish(Action::Mapped);
  }

  // Every split in exactly one run. That the runs say what SplitDone said, check_runs() saw to.
  std::optional<Failure> check_sealed() const {
    std::vector<std::uint32_t> times(job_.plan.splits.size(), 0);
    for (const CoveredRun& item : sealed_) {
      for (const SplitSignature& signature : item.run.splits) ++times[signature.split];
    }
    for (std::size_t split = 0; split < times.size(); ++split) {
      if (times[split] == 1) continue;
      return Failure{static_cast<int>(ExitCode::Internal),
                     split_text(job_.plan, static_cast<SplitId>(split)) + " is in " +
                         std::to_string(times[split]) +
                         " runs after mapping instead of one; nothing was published"};
    }
    return std::nullopt;
  }

  std::vector<SplitId> missing_;  // handed out in this order
  std::size_t next_ = 0;          // into missing_
  std::size_t done_ = 0;
  std::vector<Task> tasks_;       // by split
  std::map<WorkerId, int> open_;  // splits handed to each worker and not done
  std::set<WorkerId> sealing_;    // whose sealed inventory is awaited
  std::vector<CoveredRun> sealed_;
};

}  // namespace

std::vector<Action> MapCoordinator::actions() const {
  return {Action::Mapped, Action::Lost, Action::Failed};
}

std::unique_ptr<Machine> MapCoordinator::prep(Job& job) {
  return std::make_unique<MapPhase>(job);
}

}  // namespace thresh::schedule
