#include "schedule/reduce_coordinator.hpp"

#include <map>
#include <set>
#include <variant>

#include "schedule/phase.hpp"

namespace thresh::schedule {
namespace {

class ReducePhase : public Phase {
 public:
  explicit ReducePhase(Job& job) : Phase(job) {}

  Commands start(Time now) override {
    Commands out;
    for (const auto& [partition, owner] : job_.wave_owners) open_[owner].insert(partition);
    for (const auto& [owner, partitions] : open_) {
      job_.pool.set_busy(owner, now);
      ReduceWave task{job_.generation, job_.wave, {}};
      for (const PartitionId partition : partitions)
        task.expected.emplace_back(partition, job_.sums[partition]);
      out.emplace_back(Send{owner, std::move(task)});
    }
    if (open_.empty()) finish(Action::Reduced);
    return out;
  }

 protected:
  void on_message(WorkerId from, const Message& message, Time now, Commands&) override {
    const auto* committed = std::get_if<PartCommitted>(&message);
    if (committed == nullptr || !is_awaited(from, *committed)) return ignore();
    job_.parts[committed->part.partition] = committed->part;
    ++job_.progress;
    ++job_.metrics.tasks().parts;
    std::set<PartitionId>& left = open_.at(from);
    left.erase(committed->part.partition);
    if (!left.empty()) return;
    open_.erase(from);
    job_.pool.set_idle(from, now);
    if (open_.empty()) finish_wave();
  }

 private:
  // A part counts once, and only from the owner of its partition in this wave.
  bool is_awaited(WorkerId from, const PartCommitted& committed) const {
    const auto owner = open_.find(from);
    return committed.wave == job_.wave && owner != open_.end() &&
           owner->second.contains(committed.part.partition);
  }

  void finish_wave() {
    if (job_.all_committed()) return finish(Action::Reduced);
    ++job_.wave;
    finish(Action::NextWave);
  }

  std::map<WorkerId, std::set<PartitionId>> open_;  // owned and not committed
};

}  // namespace

std::vector<Action> ReduceCoordinator::actions() const {
  return {Action::Reduced, Action::NextWave, Action::Lost, Action::Failed};
}

std::unique_ptr<Machine> ReduceCoordinator::prep(Job& job) {
  return std::make_unique<ReducePhase>(job);
}

}  // namespace thresh::schedule
