// What this process took of the machine so far.
#pragma once

#include <cstdint>

#include "comm/mpi.hpp"

namespace thresh::engine {

// Processor time of all threads, in user and system mode.
std::uint64_t cpu_ns();
// The most that was resident at a time.
std::uint64_t peak_memory_bytes();
// Those that it may run on; all that there can be, if the system does not say.
comm::CpuSet own_cpus();

}  // namespace thresh::engine
