// From input sizes and shaping options to splits and a number of partitions. Nothing else goes in, so a job
// has the same plan on any number of ranks, and after any restart.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/task.hpp"
#include "schedule/job.hpp"

namespace thresh::schedule {

// Defaults, for `total` bytes of input:
//   split size   total / 64, rounded up to a multiple of 64 KiB; at least 64 KiB, at most 16 MiB
//   partitions   one for each 4 MiB begun, at least 1, at most 64;
//                past 256 MiB: one for each 32 MiB begun, at least 64, at most 4096
// An option that is not 0 replaces its default.
std::uint64_t default_split_bytes(std::uint64_t total_bytes) noexcept;
std::uint32_t default_partitions(std::uint64_t total_bytes) noexcept;

// The most splits that a plan may have: split ids are 32 bits, with room to count in them.
inline constexpr std::uint64_t max_splits = std::uint64_t{1} << 31;

// The inputs come out sorted by path; an empty file has no splits. The last split of a file may be shorter.
// Usage failure: the split size would make more than max_splits.
std::variant<JobPlan, Failure> plan_splits(std::vector<InputFile> inputs, const JobOptions& options);

// That every byte of every input is in exactly one split, in order of (file, begin).
std::optional<Failure> check_splits(const JobPlan& plan);

}  // namespace thresh::schedule
