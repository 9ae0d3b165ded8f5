#include "schedule/split_planner.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "thresh/errors.hpp"

namespace thresh::schedule {
namespace {

constexpr std::uint64_t KiB = 1024;
constexpr std::uint64_t MiB = 1024 * KiB;

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) noexcept {
  return a / b + (a % b != 0 ? 1 : 0);
}

// Sizes are sums of file sizes: they saturate rather than wrap, should a file system lie.
std::uint64_t total_of(const std::vector<InputFile>& inputs) noexcept {
  std::uint64_t total = 0;
  for (const InputFile& input : inputs) total += std::min(input.size, UINT64_MAX - total);
  return total;
}

Failure broken(const JobPlan& plan, const Split& split, const std::string& what) {
  const std::string path = split.file < plan.inputs.size() ? plan.inputs[split.file].path : "no file";
  return Failure{static_cast<int>(ExitCode::Internal), "splits of the input: " + what + ": " + path +
                                                           ", bytes " + std::to_string(split.begin) + " to " +
                                                           std::to_string(split.end)};
}

}  // namespace

std::uint64_t default_split_bytes(std::uint64_t total_bytes) noexcept {
  const std::uint64_t share = divide_up(total_bytes, 64);
  if (share >= 16 * MiB) return 16 * MiB;
  return std::max(divide_up(share, 64 * KiB) * (64 * KiB), 64 * KiB);
}

std::uint32_t default_partitions(std::uint64_t total_bytes) noexcept {
  if (total_bytes <= 256 * MiB) {
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(divide_up(total_bytes, 4 * MiB), 1, 64));
  }
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(divide_up(total_bytes, 32 * MiB), 64, 4096));
}

std::variant<JobPlan, Failure> plan_splits(std::vector<InputFile> inputs, const JobOptions& options) {
  JobPlan plan;
  plan.inputs = std::move(inputs);
  std::sort(plan.inputs.begin(), plan.inputs.end(),
            [](const InputFile& a, const InputFile& b) { return a.path < b.path; });
  const std::uint64_t total = total_of(plan.inputs);
  const std::uint64_t size = options.split_bytes != 0 ? options.split_bytes : default_split_bytes(total);
  plan.partitions = options.partitions != 0 ? options.partitions : default_partitions(total);

  std::uint64_t count = 0;
  for (const InputFile& input : plan.inputs) {
    count += divide_up(input.size, size);
    if (count > max_splits) {
      return Failure{static_cast<int>(ExitCode::Usage),
                     "a split size of " + std::to_string(size) + " bytes would make more than " +
                         std::to_string(max_splits) + " splits; choose a larger --split-size"};
    }
  }
  plan.splits.reserve(count);
  for (std::uint32_t file = 0; file < plan.inputs.size(); ++file) {
    const std::uint64_t end = plan.inputs[file].size;
    for (std::uint64_t begin = 0; begin < end;) {
      const std::uint64_t next = begin + std::min(size, end - begin);
      plan.splits.push_back(Split{file, begin, next});
      begin = next;
    }
  }
  return plan;
}

std::optional<Failure> check_splits(const JobPlan& plan) {
  std::size_t at = 0;
  for (std::uint32_t file = 0; file < plan.inputs.size(); ++file) {
    std::uint64_t covered = 0;
    for (; at < plan.splits.size() && plan.splits[at].file == file; ++at) {
      const Split& split = plan.splits[at];
      if (split.begin != covered) return broken(plan, split, "a gap or an overlap before");
      if (split.end <= split.begin) return broken(plan, split, "an empty split");
      if (split.end > plan.inputs[file].size) return broken(plan, split, "past the end of the file");
      covered = split.end;
    }
    if (covered != plan.inputs[file].size) {
      return broken(plan, Split{file, covered, plan.inputs[file].size}, "in no split");
    }
  }
  if (at != plan.splits.size()) return broken(plan, plan.splits[at], "out of order");
  return std::nullopt;
}

}  // namespace thresh::schedule
