// What stands for data in a simulated run: a record is the id of the split that it came from, and each split
// puts one record into each partition. A run, a slice and a part are multisets of such records.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/task.hpp"
#include "simulation/rng.hpp"

namespace thresh::simulation {

// A split id; the high bits are the version, which is 0 unless the job is not deterministic.
using Record = std::uint32_t;
using Content = std::vector<Record>;
inline constexpr Record version_bit = Record{1} << 30;

inline SplitId split_of(Record record) noexcept {
  return record & (version_bit - 1);
}
inline std::uint64_t record_weight(Record record, PartitionId partition) noexcept {
  return mix((std::uint64_t{record} << 16) + partition);
}

inline SplitSignature signature_of(Record record, std::uint32_t partitions) noexcept {
  SplitSignature signature;
  signature.split = split_of(record);
  signature.records = 10 + signature.split % 7;
  signature.emits = partitions;
  for (PartitionId partition = 0; partition < partitions; ++partition) {
    signature.weight += record_weight(record, partition);
  }
  signature.hash_sum = mix(signature.weight);
  return signature;
}

inline SliceSize slice_of(const Content& content, PartitionId partition) noexcept {
  SliceSize slice;
  for (const Record record : content) {
    ++slice.rows;
    slice.bytes += 8 + (split_of(record) + partition) % 29;
    slice.hash_sum += mix(record_weight(record, partition));
  }
  slice.wire_bytes = slice.rows == 0 ? 0 : slice.bytes + 16;
  return slice;
}

inline std::uint64_t checksum_of(const Content& content) noexcept {
  std::uint64_t sum = content.size();
  for (const Record record : content) sum = mix(sum ^ record);
  return sum;
}

}  // namespace thresh::simulation
