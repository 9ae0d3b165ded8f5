// What to do about a lost, hung or failing worker: the decisions, in one place. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/task.hpp"

namespace thresh::schedule {

struct FaultPolicy {
  // Whether the ranks can go on after a loss. Off on an MPI without fault tolerance: there a loss ends the
  // job, and the next start goes on from the directory.
  bool recovers_in_job = false;
  // Whether they can as well without one that is merely silent: it is still a member of each collective.
  bool recovers_from_silence = false;
  // Recoveries in a row after which no split was mapped and no part committed. One that was cut short by the
  // next loss does not count: a host takes all its ranks with it, one after another.
  std::uint32_t max_fruitless_recoveries = 4;
};

class FaultHandler {
 public:
  FaultHandler() = default;
  explicit FaultHandler(FaultPolicy policy) : policy_(policy) {}

  // `host` may be empty: not known. `phase` is the name of the graph's node. `silent`: nobody knows that its
  // process ended.
  void worker_lost(WorkerId worker, std::string_view host, std::string_view phase, std::string_view reason,
                   bool silent);

  // Whether to recover once more. `progress` counts splits mapped and parts committed so far.
  // Empty: recover; otherwise why not.
  std::optional<Failure> refuse_recovery(std::size_t live_workers, std::uint64_t progress);
  // A recovery came to its end.
  void recovered();

  // A split failed: what to do. A record is believed to be bad when it failed twice: on another worker, where
  // there is one, or after a restart. A worker's trouble with a file may be its own, so that is tried again
  // likewise.
  enum class Verdict { TryAgain, Quarantine, Fail };
  struct SplitLimits {
    std::uint32_t failures = 0;  // of this split, this one included
    std::uint32_t most_failures = 4;
    bool blames_records = false;
    bool all_confirmed = false;     // each blamed record was blamed before
    std::uint64_t quarantined = 0;  // in the whole job, with these records
    std::uint64_t most_quarantined = 0;
  };
  static Verdict judge_split(const SplitLimits& limits);

  // A split failed, or anything else on this worker: what the job ends with.
  Failure worker_failed(WorkerId worker, std::string_view host, const Failure& failure) const;

  std::uint32_t recoveries() const noexcept { return recoveries_; }

 private:
  FaultPolicy policy_;
  bool one_is_silent_ = false;
  std::string last_loss_;  // "worker 3 (node7) was lost while mapping: silent for 660 s"
  std::uint32_t recoveries_ = 0;
  std::uint32_t fruitless_ = 0;
  std::uint64_t progress_ = 0;  // at the last recovery
};

// "worker 3 (node7)", or "worker 3" when the host is not known.
std::string worker_text(WorkerId worker, std::string_view host);

}  // namespace thresh::schedule
