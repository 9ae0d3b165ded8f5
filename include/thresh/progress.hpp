// How a rank shows that it is alive while user code runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace thresh {

// Tells what a worker got done. step() is called for each group, value of a larger group and I/O block, and
// at_record() for each record, so they cost two relaxed accesses or so; the watchdog thread raises `due`
// every few milliseconds and the next of them then polls the network. Both are for the rank's main thread
// alone.
class Progress {
 public:
  virtual ~Progress() = default;

  void step() {
    steps_.store(steps_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    poll_if_due();
  }
  // The record that begins here is being mapped: what a crash or a hang from now on is blamed on.
  void at_record(const char* begin) {
    record_.store(begin, std::memory_order_relaxed);
    poll_if_due();
  }

  // For signal handlers and other threads too.
  const char* record() const noexcept { return record_.load(std::memory_order_relaxed); }
  std::uint64_t steps() const noexcept { return steps_.load(std::memory_order_relaxed); }
  // Changes with every step and every record.
  using Mark = std::pair<std::uint64_t, const char*>;
  Mark mark() const noexcept { return {steps(), record()}; }
  // Asks for a poll at the next step. Any thread.
  void ask() noexcept { due_.store(true, std::memory_order_relaxed); }

 protected:
  virtual void poll() {}

 private:
  void poll_if_due() {
    if (due_.load(std::memory_order_relaxed)) [[unlikely]] {
      due_.store(false, std::memory_order_relaxed);
      poll();
    }
  }

  std::atomic<const char*> record_{nullptr};
  std::atomic<std::uint64_t> steps_{0};
  std::atomic<bool> due_{false};
};

}  // namespace thresh
