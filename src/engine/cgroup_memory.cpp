#include "engine/cgroup_memory.hpp"

#include <algorithm>
#include <fstream>

namespace thresh::engine {
namespace {

// What the files of a group are called.
struct Version {
  const char* limit;
  const char* usage;
  const char* of_all_below;  // what the names of such lines in memory.stat begin with
};
constexpr Version kFirst{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_"};
constexpr Version kSecond{"memory.max", "memory.current", ""};

// None for a file that is not there, and for "max".
std::optional<std::uint64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

// Of files, which can be read again. Shared memory is not among it.
std::uint64_t cached_in(const std::string& group, const std::string& begin) {
  std::ifstream file(group + "/memory.stat");
  std::uint64_t cached = 0;
  std::uint64_t bytes = 0;
  for (std::string name; file >> name >> bytes;) {
    if (name == begin + "active_file" || name == begin + "inactive_file") cached += bytes;
  }
  return cached;
}

// The group and those around it: each has a limit of its own.
std::optional<std::uint64_t> least_left(const std::string& root, std::string group, const Version& version) {
  std::optional<std::uint64_t> least;
  for (;;) {
    const std::string directory = root + group;
    const auto limit = number_in(directory + "/" + version.limit);
    const auto usage = number_in(directory + "/" + version.usage);
    if (limit && usage) {
      const std::uint64_t used = *usage - std::min(*usage, cached_in(directory, version.of_all_below));
      const std::uint64_t left = *limit - std::min(*limit, used);
      least = std::min(least.value_or(left), left);
    }
    if (group.empty()) return least;
    group.erase(std::min(group.rfind('/'), group.size() - 1));
  }
}

}  // namespace

std::optional<std::uint64_t> cgroup_memory_left(const std::string& of_process, const std::string& root) {
  std::optional<std::uint64_t> least;
  std::ifstream groups(of_process);
  // "4:memory:/a/b" of the first version, "0::/a/b" of the second. In a container the path may be one of its
  // host's, and the group be seen as the root: that is looked at in any case.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    std::string group = line.substr(second + 1);
    if (group == "/") group.clear();
    std::optional<std::uint64_t> left;
    if (controllers.find(",memory,") != std::string::npos) left = least_left(root + "/memory", group, kFirst);
    if (controllers == ",,") left = least_left(root, group, kSecond);
    if (left) least = std::min(least.value_or(*left), *left);
  }
  return least;
}

}  // namespace thresh::engine
