#include "schedule/result_aggregator.hpp"

#include <map>
#include <variant>

#include "schedule/cover.hpp"
#include "schedule/phase.hpp"
#include "thresh/errors.hpp"

namespace thresh::schedule {
namespace {

constexpr int checks_at_once = 2;

class AggregatePhase : public Phase {
 public:
  explicit AggregatePhase(Job& job) : Phase(job) {}

  Commands start(Time now) override {
    Commands out;
    for (int i = 0; i < checks_at_once; ++i) {
      for (const WorkerId worker : job_.pool.working()) check_next(worker, now, out);
    }
    return out;
  }

 protected:
  void on_message(WorkerId from, const Message& message, Time now, Commands& out) override {
    const auto* checked = std::get_if<PartChecked>(&message);
    if (checked == nullptr) return ignore();
    const auto checker = checking_.find(checked->partition);
    if (checker == checking_.end() || checker->second != from) return ignore();
    checking_.erase(checker);
    if (!checked->good) return fail(damaged(*checked));
    job_.pool.set_idle(from, now);
    check_next(from, now, out);
    if (!checking_.empty()) return;
    publishing_ = true;
    out.emplace_back(Publish{});
  }

  void on_file_work(const Event& event, Time, Commands&) override {
    if (!publishing_ || !std::holds_alternative<Published>(event)) return ignore();
    finish(Action::Published);
  }

  void on_lost(WorkerId worker) override {
    if (!publishing_) Phase::on_lost(worker);
  }

  bool can_fail() const noexcept override { return !publishing_; }

 private:
  void check_next(WorkerId worker, Time now, Commands& out) {
    if (next_ == job_.plan.partitions) return;
    const PartSummary& part = job_.parts[next_].value();
    checking_[next_] = worker;
    job_.pool.set_busy(worker, now);
    out.emplace_back(Send{worker, CheckPart{job_.generation, next_, part.file, part.bytes, part.checksum}});
    ++next_;
  }

  Failure damaged(const PartChecked& checked) const {
    const PartSummary& part = job_.parts[checked.partition].value();
    return Failure{static_cast<int>(ExitCode::Io),
                   "part file " + part.file + " of " +
                       worker_text(part.worker, job_.metrics.host_of(part.worker)) +
                       " is damaged: " + checked.what + "; nothing was published"};
  }

  PartitionId next_ = 0;                      // to be checked
  std::map<PartitionId, WorkerId> checking_;  // by whom
  bool publishing_ = false;
};

Failure mismatch(const std::string& what, std::uint64_t expected, std::uint64_t found) {
  return Failure{static_cast<int>(ExitCode::Internal),
                 "the ledger does not balance: " + what + ": " + std::to_string(expected) + " went in, " +
                     std::to_string(found) +
                     " came out; nothing was published. What this run kept may be wrong: to begin anew, "
                     "give --fresh"};
}

std::optional<Failure> check_part(const Job& job, PartitionId partition, std::uint64_t digest) {
  const std::string name = "partition " + std::to_string(partition);
  const std::optional<PartSummary>& part = job.parts[partition];
  const PartitionSums& sums = job.sums[partition];
  if (!part) {
    return Failure{static_cast<int>(ExitCode::Internal),
                   name + " was never committed; nothing was published"};
  }
  if (part->input_rows != sums.rows) return mismatch("rows of " + name, sums.rows, part->input_rows);
  if (part->input_hash_sum != sums.hash_sum) {
    return mismatch("hash sum of " + name, sums.hash_sum, part->input_hash_sum);
  }
  if (part->cover_digest != digest) return mismatch("cover of " + name, digest, part->cover_digest);
  return std::nullopt;
}

}  // namespace

std::optional<Failure> check_ledger(const Job& job) {
  const std::uint64_t digest = cover_digest(job);
  std::uint64_t rows = 0;
  std::uint64_t lines_weight = 0;
  for (PartitionId partition = 0; partition < job.plan.partitions; ++partition) {
    if (auto failure = check_part(job, partition, digest)) return failure;
    rows += job.parts[partition]->input_rows;
    lines_weight += job.parts[partition]->weight;
  }
  std::uint64_t emits = 0;
  std::uint64_t emits_weight = 0;
  for (std::size_t split = 0; split < job.signatures.size(); ++split) {
    const auto& signature = job.signatures[split];
    if (!signature) {
      return Failure{static_cast<int>(ExitCode::Internal), split_text(job.plan, static_cast<SplitId>(split)) +
                                                               " was never mapped; nothing was published"};
    }
    emits += signature->emits;
    emits_weight += signature->weight;
  }
  if (!job.options.combines && rows != emits) return mismatch("emits and rows reduced", emits, rows);
  if (job.options.conserves_weight && lines_weight != emits_weight) {
    return mismatch("weight of emits and lines", emits_weight, lines_weight);
  }
  return std::nullopt;
}

std::vector<Action> ResultAggregator::actions() const {
  return {Action::Published, Action::Lost, Action::Failed};
}

std::unique_ptr<Machine> ResultAggregator::prep(Job& job) {
  return std::make_unique<AggregatePhase>(job);
}

}  // namespace thresh::schedule
