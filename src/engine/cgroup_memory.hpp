// How much memory the control groups of this process leave it: those of a container, or of a Slurm job with
// ConstrainRAMSpace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace thresh::engine {

// Bytes: the least that any group of this process may still take, what files cached in memory take not
// counted (Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst). None without a limit, or
// where groups cannot be seen. `of_process`: /proc/self/cgroup; `root`: where the groups are.
std::optional<std::uint64_t> cgroup_memory_left(const std::string& of_process = "/proc/self/cgroup",
                                                const std::string& root = "/sys/fs/cgroup");

}  // namespace thresh::engine
