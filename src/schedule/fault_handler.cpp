#include "schedule/fault_handler.hpp"

#include "thresh/errors.hpp"

namespace thresh::schedule {
namespace {

std::string_view doing(std::string_view phase) noexcept {
  if (phase == "partition") return "starting";
  if (phase == "map") return "mapping";
  if (phase == "shuffle") return "shuffling";
  if (phase == "reduce") return "reducing";
  if (phase == "aggregate") return "checking parts";
  if (phase == "recover") return "recovering";
  return phase;
}

}  // namespace

std::string worker_text(WorkerId worker, std::string_view host) {
  std::string text = "worker " + std::to_string(worker);
  if (!host.empty()) text.append(" (").append(host).append(")");
  return text;
}

void FaultHandler::worker_lost(WorkerId worker, std::string_view host, std::string_view phase,
                               std::string_view reason, bool silent) {
  one_is_silent_ = one_is_silent_ || silent;
  last_loss_ = worker_text(worker, host);
  last_loss_.append(" was lost while ").append(doing(phase)).append(": ").append(reason);
}

std::optional<Failure> FaultHandler::refuse_recovery(std::size_t live_workers, std::uint64_t progress) {
  const std::string again = "; run the same command again";
  if (!policy_.recovers_in_job || (one_is_silent_ && !policy_.recovers_from_silence)) {
    return Failure{static_cast<int>(ExitCode::StoppedEarly), last_loss_ + again};
  }
  if (live_workers == 0) {
    return Failure{static_cast<int>(ExitCode::WorkersLost), last_loss_ + "; no worker is left" + again};
  }
  if (progress > progress_) fruitless_ = 0;
  progress_ = progress;
  if (fruitless_ == policy_.max_fruitless_recoveries) {
    return Failure{static_cast<int>(ExitCode::WorkersLost),
                   last_loss_ + "; too many workers were lost: " + std::to_string(fruitless_) +
                       " recoveries in a row without progress" + again};
  }
  return std::nullopt;
}

void FaultHandler::recovered() {
  ++fruitless_;
  ++recoveries_;
}

FaultHandler::Verdict FaultHandler::judge_split(const SplitLimits& limits) {
  if (!limits.blames_records) return limits.failures < 2 ? Verdict::TryAgain : Verdict::Fail;
  if (limits.all_confirmed) {
    return limits.quarantined <= limits.most_quarantined ? Verdict::Quarantine : Verdict::Fail;
  }
  return limits.failures < limits.most_failures ? Verdict::TryAgain : Verdict::Fail;
}

Failure FaultHandler::worker_failed(WorkerId worker, std::string_view host, const Failure& failure) const {
  return Failure{failure.code, worker_text(worker, host) + ": " + failure.what};
}

}  // namespace thresh::schedule
