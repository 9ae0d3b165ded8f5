#include "engine/process_usage.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <ctime>

namespace thresh::engine {

std::uint64_t cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024U;
}

comm::CpuSet own_cpus() {
  comm::CpuSet cpus{};
  // The C library's set is as the system's: a bit a CPU, in words.
  if (sched_getaffinity(0, sizeof cpus, reinterpret_cast<cpu_set_t*>(cpus.data())) != 0)
    cpus.fill(~std::uint64_t{0});
  return cpus;
}

}  // namespace thresh::engine
