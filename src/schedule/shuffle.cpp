#include "schedule/shuffle.hpp"

#include <set>
#include <utility>
#include <variant>

#include "schedule/cover.hpp"
#include "schedule/phase.hpp"
#include "schedule/wave_planner.hpp"

namespace thresh::schedule {
namespace {

class ShufflePhase : public Phase {
 public:
  explicit ShufflePhase(Job& job) : Phase(job) {}

  Commands start(Time now) override {
    Commands out;
    const PartitionBytes sizes = uncommitted_bytes(job_);
    job_.wave_owners = choose_wave(sizes, job_.pool.live(), job_.options.wave_bytes);
    if (job_.wave_owners.empty()) {
      finish(Action::Shuffled);
      return out;
    }
    keep_sums();
    send_plans(sizes, now, out);
    return out;
  }

 protected:
  void on_message(WorkerId from, const Message& message, Time now, Commands&) override {
    const auto* received = std::get_if<WaveReceived>(&message);
    if (received == nullptr || received->wave != job_.wave || waiting_.erase(from) == 0) return ignore();
    job_.pool.set_idle(from, now);
    if (waiting_.empty()) finish(Action::Shuffled);
  }

 private:
  void keep_sums() {
    for (const auto& [partition, owner] : job_.wave_owners) {
      PartitionSums sums;
      for (const CoveredRun& item : job_.cover) {
        sums.rows += item.run.slices[partition].rows;
        sums.hash_sum += item.run.slices[partition].hash_sum;
      }
      job_.sums[partition] = sums;
    }
  }

  void send_plans(const PartitionBytes& sizes, Time now, Commands& out) {
    const TrafficMatrix traffic(job_, job_.wave_owners);
    ShuffleWave plan;
    plan.generation = job_.generation;
    plan.wave = job_.wave;
    plan.round_bytes = job_.options.round_bytes;
    plan.rounds =
        traffic.largest_pair() / plan.round_bytes + (traffic.largest_pair() % plan.round_bytes != 0);
    plan.cover_digest = cover_digest(job_);
    plan.owners = job_.wave_owners;
    for (PartitionId partition = 0; partition < job_.plan.partitions; ++partition) {
      if (job_.parts[partition]) plan.committed.push_back(partition);
    }
    if (job_.options.uses_locations) {
      plan.files = first_splits(job_.plan);
      plan.records_before = records_before(job_);
    }
    for (const WorkerId worker : job_.pool.live()) {
      plan.send_bytes = traffic.sent_by(worker);
      plan.receive_bytes = traffic.received_by(worker);
      waiting_.insert(worker);
      job_.pool.set_busy(worker, now);
      out.emplace_back(Send{worker, plan});
    }
    // With one rank the worker is rank 0 and takes part as itself.
    if (!job_.pool.knows(0)) out.emplace_back(JoinWave{job_.wave, plan.rounds});
    note_metrics(sizes, traffic, plan.rounds);
  }

  void note_metrics(const PartitionBytes& sizes, const TrafficMatrix& traffic, std::uint64_t rounds) {
    job_.metrics.wave_planned(
        rounds,
        PartitionBytes(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(job_.wave_owners.size())));
    for (const WorkerId source : job_.pool.live()) {
      for (const WorkerId owner : job_.pool.live()) {
        const std::uint64_t bytes = traffic.at(source, owner);
        if (bytes != 0) job_.metrics.moves(source, owner, bytes);
      }
    }
  }

  std::set<WorkerId> waiting_;
};

}  // namespace

std::vector<Action> Shuffle::actions() const {
  return {Action::Shuffled, Action::Lost, Action::Failed};
}

std::unique_ptr<Machine> Shuffle::prep(Job& job) {
  return std::make_unique<ShufflePhase>(job);
}

}  // namespace thresh::schedule
