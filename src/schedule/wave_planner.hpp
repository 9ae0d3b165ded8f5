// Who owns which partition, and which partitions travel together in one wave of the shuffle. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/messages.hpp"
#include "core/task.hpp"
#include "schedule/job.hpp"

namespace thresh::schedule {

using PartitionBytes = std::vector<std::pair<PartitionId, std::uint64_t>>;  // by partition
using PartitionOwners = std::vector<std::pair<PartitionId, WorkerId>>;      // by partition

// Largest first to the least loaded; ties to the worker with fewer partitions, then to the lower id.
// REQUIRES: at least one worker, ascending.
PartitionOwners assign_owners(const PartitionBytes& sizes, const std::vector<WorkerId>& workers);

// What an owner should receive in a wave, of so many bytes that all partitions have: an eighth of its part,
// as what one wave leaves is used again by the next, and memory that nobody touched before is dear. But not
// much less than 8 MiB, and all at once where the plans of a wave (workers squared) are more than what is
// saved.
std::uint64_t usual_wave(std::uint64_t all_bytes, std::size_t workers) noexcept;

// As many of the partitions, from the front, as can be assigned with no worker receiving more than
// `wave_bytes`; at least one a worker, as partitions larger than that must travel too.
PartitionOwners choose_wave(const PartitionBytes& sizes, const std::vector<WorkerId>& workers,
                            std::uint64_t wave_bytes);

// What each rank sends to each rank in a wave. There is no matrix of it: 10,000 ranks squared are 800 MB.
class Traffic {
 public:
  // Borrows both. REQUIRES: holders and owners are below `ranks`.
  Traffic(const Holdings& holdings, const PartitionOwners& owners, std::size_t ranks);
  // To each rank.
  std::vector<std::uint64_t> sent_by(WorkerId source) const;
  // From each rank; empty if it owns nothing.
  std::vector<std::uint64_t> received_by(WorkerId owner) const;
  // Of two ranks: what stays where it is takes no rounds.
  std::uint64_t largest_pair() const noexcept { return largest_pair_; }
  // By one rank, from all others.
  std::uint64_t most_received() const noexcept { return most_received_; }

 private:
  const Holdings* holdings_;
  const PartitionOwners* owners_;
  std::size_t ranks_;
  std::map<WorkerId, std::vector<PartitionId>> owned_;
  std::uint64_t largest_pair_ = 0;
  std::uint64_t most_received_ = 0;
};

// Wire bytes of the partitions that are not committed, over the cover. REQUIRES: all is mapped.
PartitionBytes uncommitted_bytes(const Job& job);

// By split: the records of its file in earlier splits. REQUIRES: every split has a signature.
std::vector<std::uint64_t> records_before(const Job& job);
// The first split and the path of each file that has splits, in order of the splits.
std::vector<std::pair<SplitId, std::string>> first_splits(const JobPlan& plan);

}  // namespace thresh::schedule
