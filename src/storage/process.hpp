// What the system says about a process of this host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace thresh::storage {

// The content of a file of /proc or /sys without its last newline; empty if it cannot be read.
std::string small_file(const std::string& path);

struct ProcessState {
  // Of /proc/PID/stat: R runs, S sleeps, D waits for a disk, T is stopped, Z and X are dead.
  char state = '?';
  std::string start_time;       // since boot, in ticks: tells a process from a later one of the same id
  std::uint64_t cpu_ticks = 0;  // what all its threads took so far, of sysconf(_SC_CLK_TCK) a second

  bool dead() const noexcept { return state == 'Z' || state == 'X'; }
};

// None if /proc does not know the process, or hides it as it is another user's.
std::optional<ProcessState> process_state(std::uint64_t pid);
// Whether there is a process of this id, hidden or not.
bool process_exists(std::uint64_t pid);

}  // namespace thresh::storage
