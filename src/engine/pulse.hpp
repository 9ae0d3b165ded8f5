// The rank's one progress counter, and the short sleeps of its waiting loops.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include "thresh/progress.hpp"

namespace thresh::engine {

// Counts every step of user code and every turn of a waiting loop; polls through callbacks. A rank that is
// both coordinator and worker has both.
class Pulse final : public Progress {
 public:
  void on_worker_poll(std::function<void()> poll) { worker_poll_ = std::move(poll); }
  void on_coordinator_poll(std::function<void()> poll) { coordinator_poll_ = std::move(poll); }

 protected:
  void poll() override {
    if (worker_poll_) worker_poll_();
    if (coordinator_poll_) coordinator_poll_();
  }

 private:
  std::function<void()> worker_poll_;
  std::function<void()> coordinator_poll_;
};

// Sleeps longer the longer nothing happens. A spinning MPI_Probe on rank 0 slowed two workers on two cores by
// half; probing between sleeps not at all.
class Backoff {
 public:
  explicit Backoff(std::chrono::microseconds most) : Backoff(most, most) {}
  // `in_long_wait`: most of one nap when nothing has happened for a tenth of a second.
  Backoff(std::chrono::microseconds most, std::chrono::microseconds in_long_wait)
      : most_(most), in_long_wait_(in_long_wait) {}
  void idle() {
    std::this_thread::sleep_for(next_);
    next_ = std::min(2 * next_, napped_ < kLongWait ? most_ : in_long_wait_);
    napped_ += next_;
  }
  void reset() {
    next_ = kFirst;
    napped_ = {};
  }

 private:
  static constexpr std::chrono::microseconds kFirst{20};
  static constexpr std::chrono::milliseconds kLongWait{100};
  std::chrono::microseconds most_;
  std::chrono::microseconds in_long_wait_;
  std::chrono::microseconds next_ = kFirst;
  std::chrono::microseconds napped_{};
};

// How long a waiting loop has been at it since something moved, beyond what that may take, in a counter that
// others look at; 0 once it is over. A process that was stopped did not wait meanwhile: a turn counts for
// little.
class Stillness {
 public:
  // Borrows the counter.
  explicit Stillness(std::uint64_t& ms) : ms_(&ms) { *ms_ = 0; }
  Stillness(const Stillness&) = delete;
  Stillness& operator=(const Stillness&) = delete;
  ~Stillness() { *ms_ = 0; }

  void turn(bool moved, std::chrono::milliseconds may_take) {
    const Clock::time_point now = Clock::now();
    still_ = moved ? Clock::duration{0} : still_ + std::min<Clock::duration>(now - before_, kMostOfTurn);
    before_ = now;
    *ms_ = still_ > may_take ? static_cast<std::uint64_t>((still_ - may_take) / std::chrono::milliseconds(1))
                             : 0;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kMostOfTurn{100};

  std::uint64_t* ms_;
  Clock::duration still_{0};
  Clock::time_point before_ = Clock::now();
};

// The longest nap of a worker that waits. A look costs some 10 us, so that 64 workers on two cores that
// looked every 200 us took all of both; what waiting longer costs a job is a few naps, one at each end of a
// phase.
inline std::chrono::microseconds longest_nap(int ranks) {
  return std::clamp(std::chrono::microseconds(50) * ranks, std::chrono::microseconds(200),
                    std::chrono::microseconds(2000));
}

}  // namespace thresh::engine
