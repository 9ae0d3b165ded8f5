// What the workers hold after mapping, by partition. The runs of a cover say it a run at a time, 32 bytes a
// slice; the shuffle needs no more than their sums.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/task.hpp"

namespace thresh::schedule {

class Holdings {
 public:
  Holdings() = default;
  explicit Holdings(std::uint32_t partitions) : sums_(partitions), wire_bytes_(partitions, 0) {}

  // REQUIRES: the run has a slice a partition.
  void add(WorkerId holder, const RunSummary& run);

  // Over all holders.
  const PartitionSums& sums(PartitionId partition) const { return sums_.at(partition); }
  std::uint64_t wire_bytes(PartitionId partition) const { return wire_bytes_.at(partition); }
  // Wire bytes of each partition, by holder.
  const std::map<WorkerId, std::vector<std::uint64_t>>& holders() const noexcept { return holders_; }

 private:
  std::vector<PartitionSums> sums_;
  std::vector<std::uint64_t> wire_bytes_;
  std::map<WorkerId, std::vector<std::uint64_t>> holders_;
};

}  // namespace thresh::schedule
