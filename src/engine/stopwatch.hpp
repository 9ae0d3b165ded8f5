// How long something took, added to a counter.
#pragma once

#include <chrono>
#include <cstdint>

namespace thresh::engine {

// Adds the time of its life to a counter of the worker's statistics.
class Stopwatch {
 public:
  explicit Stopwatch(std::uint64_t& total_ns) : total_ns_(&total_ns), begin_(Clock::now()) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    *total_ns_ += static_cast<std::uint64_t>((Clock::now() - begin_) / std::chrono::nanoseconds(1));
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::uint64_t* total_ns_;
  Clock::time_point begin_;
};

}  // namespace thresh::engine
