#include "engine/memory_budget.hpp"

#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "engine/cgroup_memory.hpp"

namespace thresh::engine {
namespace {

// A combine table names 2^19 chunks of 64 KiB, which rows of 33 KiB fill by half: it is sealed in time.
constexpr std::uint64_t kMostTableBytes = std::uint64_t{8} << 30;

}  // namespace

std::uint64_t default_memory_budget(std::size_t ranks) {
  constexpr std::uint64_t kLeast = std::uint64_t{64} << 20;
  std::uint64_t available_kib = 0;
  std::ifstream meminfo("/proc/meminfo");
  for (std::string name; meminfo >> name; meminfo.ignore(std::numeric_limits<std::streamsize>::max(), '\n')) {
    if (name == "MemAvailable:" && meminfo >> available_kib) break;
  }
  const std::uint64_t available = available_kib * 1024;
  const std::uint64_t allowed = std::min(available, cgroup_memory_left().value_or(available));
  return std::max(kLeast, allowed / 2 / std::max<std::uint64_t>(1, ranks));
}

void give_freed_memory_back() {
  constexpr int kLargeBytes = 1 << 20;
  // Setting either also stops the library from raising them by itself.
  mallopt(M_MMAP_THRESHOLD, kLargeBytes);
  mallopt(M_TRIM_THRESHOLD, 4 * kLargeBytes);
}

MemoryPlan::MemoryPlan(std::uint64_t memory_bytes)
    : table_bytes(std::min(memory_bytes / 4, kMostTableBytes)),
      runs_bytes(memory_bytes / 4),
      wave_bytes(memory_bytes / 4),
      rows_bytes(memory_bytes / 2),
      loaded_bytes(memory_bytes / 8 * 3),
      stream_bytes(memory_bytes / 8),
      refs_bytes(memory_bytes / 4),
      round_bytes(memory_bytes / 8) {}

}  // namespace thresh::engine
