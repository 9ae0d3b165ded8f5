#include "schedule/holdings.hpp"

#include <cstddef>

namespace thresh::schedule {

void Holdings::add(WorkerId holder, const RunSummary& run) {
  std::vector<std::uint64_t>& bytes = holders_[holder];
  bytes.resize(sums_.size(), 0);
  for (std::size_t partition = 0; partition < sums_.size(); ++partition) {
    const SliceSize& slice = run.slices.at(partition);
    sums_[partition].rows += slice.rows;
    sums_[partition].hash_sum += slice.hash_sum;
    wire_bytes_[partition] += slice.wire_bytes();
    bytes[partition] += slice.wire_bytes();
  }
}

}  // namespace thresh::schedule
