// What this process took of the machine so far.
#pragma once

#include <cstdint>

namespace thresh::engine {

// Processor time of all threads, in user and system mode.
std::uint64_t cpu_ns();
// The most that was resident at a time.
std::uint64_t peak_memory_bytes();

}  // namespace thresh::engine
