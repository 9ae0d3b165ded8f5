// How a rank shows that it is alive while user code runs.
#pragma once

#include <atomic>
#include <cstdint>

namespace thresh {

// Counts what a worker got done. step() is called for each record, group, value of a larger group and I/O
// block, so it costs two relaxed accesses; the watchdog thread raises `due` every few milliseconds and the
// next step then polls the network. step() is for the rank's main thread alone.
class Progress {
 public:
  virtual ~Progress() = default;

  void step() {
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (due_.load(std::memory_order_relaxed)) [[unlikely]] {
      due_.store(false, std::memory_order_relaxed);
      poll();
    }
  }
  std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
  // Asks for a poll at the next step. Any thread.
  void ask() noexcept { due_.store(true, std::memory_order_relaxed); }

 protected:
  virtual void poll() {}

 private:
  std::atomic<std::uint64_t> count_{0};
  std::atomic<bool> due_{false};
};

}  // namespace thresh
