#include "engine/memory_budget.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace thresh::engine {

std::uint64_t default_memory_budget(int ranks_of_this_node) {
  constexpr std::uint64_t kLeast = std::uint64_t{64} << 20;
  std::uint64_t available_kib = 0;
  std::ifstream meminfo("/proc/meminfo");
  for (std::string name; meminfo >> name; meminfo.ignore(std::numeric_limits<std::streamsize>::max(), '\n')) {
    if (name == "MemAvailable:" && meminfo >> available_kib) break;
  }
  const auto ranks = static_cast<std::uint64_t>(std::max(1, ranks_of_this_node));
  return std::max(kLeast, available_kib * 1024 / 2 / ranks);
}

}  // namespace thresh::engine
