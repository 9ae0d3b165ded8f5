// What stands for data in a simulated run: a record is the id of the split that it came from, and each split
// puts one record into each partition. A run, a slice and a part are multisets of such records.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
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
  return slice;
}

inline RunSummary summary_of(const RunId& id, const std::vector<SplitSignature>& splits,
                             const Content& content, std::uint32_t partitions) {
  RunSummary run;
  run.id = id;
  run.splits = splits;
  for (PartitionId p = 0; p < partitions; ++p) run.slices.push_back(slice_of(content, p));
  return run;
}

// What lies in the job directory, and outlives a run of the job.
struct ModelRunFile {
  std::vector<std::pair<RunSummary, Content>> runs;
  bool damaged = false;
  std::uint32_t listed_from = 0;  // attempt: a rename may come late
};
struct ModelPart {
  PartSummary part;
  Content content;
  bool damaged = false;
};
struct ModelDirectory {
  Generation generation = 0;
  std::map<std::string, ModelRunFile> runs;
  std::map<std::string, ModelPart> parts;
  std::map<SplitId, Record> versions;
  std::vector<AttemptNote> attempts;
  std::map<SplitId, std::uint32_t>
      late_deaths;              // of workers that had been given up when they died of a record
  std::set<std::size_t> fired;  // faults, by index: each strikes once a job
  std::uint32_t attempt = 0;
};

inline std::uint64_t checksum_of(const Content& content) noexcept {
  std::uint64_t sum = content.size();
  for (const Record record : content) sum = mix(sum ^ record);
  return sum;
}

}  // namespace thresh::simulation
