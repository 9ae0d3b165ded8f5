#include "schedule/shuffle.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "schedule/phase.hpp"
#include "schedule/wave_planner.hpp"
#include "thresh/errors.hpp"

namespace thresh::schedule {
namespace {

class ShufflePhase : public Phase {
 public:
  explicit ShufflePhase(Job& job) : Phase(job) {}

  Commands start(Time) override {
    const PartitionBytes sizes = uncommitted_bytes(job_);
    const std::vector<WorkerId> workers = job_.pool.working();
    job_.wave_owners = choose_wave(sizes, workers, most_of_wave(workers.size()));
    if (job_.wave_owners.empty()) {
      finish(Action::Shuffled);
      return {};
    }
    for (const auto& [partition, owner] : job_.wave_owners) {
      job_.sums[partition] = job_.holdings.sums(partition);
    }
    traffic_.emplace(job_.holdings, job_.wave_owners, job_.options.ranks);
    prepare_plan();
    to_tell_ = job_.pool.live();
    job_.metrics.wave_planned(
        plan_.rounds,
        PartitionBytes(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(job_.wave_owners.size())));
    // With one rank the worker is rank 0 and takes part as itself.
    if (!job_.pool.knows(0)) return {JoinWave{job_.wave, plan_.rounds, plan_.reads}};
    return {};
  }

  // The plans of all workers are gigabytes when there are thousands.
  Commands start_more(Time now) override {
    Commands out;
    for (std::uint64_t bytes = 0; told_ < to_tell_.size() && bytes < most_at_once; ++told_) {
      bytes += tell(to_tell_[told_], now, out);
    }
    return out;
  }

 protected:
  void on_message(WorkerId from, const Message& message, Time now, Commands&) override {
    const auto* received = std::get_if<WaveReceived>(&message);
    if (received == nullptr || received->wave != job_.wave || waiting_.erase(from) == 0) return ignore();
    stuck_.erase(from);
    job_.pool.set_idle(from, now);
    if (waiting_.empty()) finish(Action::Shuffled);
  }

  // Workers that all talk to rank 0 need not reach one another. Each waits for the others then, and none is
  // silent.
  void on_heartbeat(WorkerId from, const Heartbeat& heartbeat) override {
    using std::chrono::milliseconds;
    const Time most = job_.pool.liveness().peer_timeout;
    const bool still = heartbeat.exchange_waits_ms >= static_cast<std::uint64_t>(most / milliseconds(1));
    if (!still || !waiting_.contains(from)) {
      stuck_.erase(from);
      return;
    }
    stuck_.insert(from);
    if (stuck_.size() < waiting_.size()) return;
    fail({static_cast<int>(ExitCode::StoppedEarly),
          "nothing has moved between workers for " + std::to_string(most / std::chrono::seconds(1)) +
              " s, although all of them answer: do they reach one another? Over TCP, --mca "
              "btl_tcp_if_include tells Open MPI which network to use; run the same command again"});
  }

 private:
  static constexpr std::uint64_t most_at_once = 16 << 20;  // bytes
  // Bytes that a worker gets from others: before that, asking takes as long.
  static constexpr std::uint64_t worth_reading = 1 << 20;

  // What workers read as they reduce it takes no memory before, and of several waves each is waited for.
  std::uint64_t most_of_wave(std::size_t workers) const {
    if (job_.all_readable) return UINT64_MAX;
    std::uint64_t all = 0;
    for (PartitionId p = 0; p < job_.plan.partitions; ++p) all += job_.holdings.wire_bytes(p);
    return std::min(job_.options.wave_bytes, usual_wave(all, workers));
  }

  // What is the same for all.
  void prepare_plan() {
    const std::uint64_t most = traffic_->largest_pair();
    plan_.generation = job_.generation;
    plan_.wave = job_.wave;
    plan_.round_bytes = job_.options.round_bytes;
    plan_.rounds = most / plan_.round_bytes + (most % plan_.round_bytes != 0);
    plan_.reads = traffic_->most_received() >= worth_reading;
    plan_.cover_digest = job_.cover_digest;
    plan_.owners = job_.wave_owners;
    for (PartitionId partition = 0; partition < job_.plan.partitions; ++partition) {
      if (job_.parts[partition]) plan_.committed.push_back(partition);
    }
    if (job_.options.uses_locations) {
      files_ = first_splits(job_.plan);
      records_before_ = records_before(job_);
    }
  }

  // About so many bytes.
  std::uint64_t tell(WorkerId worker, Time now, Commands& out) {
    plan_.send_bytes = traffic_->sent_by(worker);
    plan_.receive_bytes = traffic_->received_by(worker);
    // Only who reduces locates records, and what it was told in this generation stays true.
    const bool locates =
        job_.options.uses_locations && !plan_.receive_bytes.empty() && job_.located.insert(worker).second;
    plan_.files = locates ? files_ : Files{};
    plan_.records_before = locates ? records_before_ : std::vector<std::uint64_t>{};
    waiting_.insert(worker);
    job_.pool.set_busy(worker, now);
    job_.metrics.sends(worker, plan_.send_bytes);
    job_.metrics.receives(worker, plan_.receive_bytes);
    out.emplace_back(Send{worker, plan_});
    return 64 * plan_.files.size() + 8 * plan_.records_before.size() + 8 * plan_.owners.size() +
           8 * (plan_.send_bytes.size() + plan_.receive_bytes.size());
  }

  using Files = decltype(ShuffleWave::files);

  std::optional<Traffic> traffic_;
  ShuffleWave plan_;  // without what is for one worker alone
  Files files_;
  std::vector<std::uint64_t> records_before_;
  std::vector<WorkerId> to_tell_;
  std::size_t told_ = 0;
  std::set<WorkerId> waiting_;
  std::set<WorkerId> stuck_;  // of these: whose exchange has not moved for long
};

}  // namespace

std::vector<Action> Shuffle::actions() const {
  return {Action::Shuffled, Action::Lost, Action::Failed};
}

std::unique_ptr<Machine> Shuffle::prep(Job& job) {
  return std::make_unique<ShufflePhase>(job);
}

}  // namespace thresh::schedule
