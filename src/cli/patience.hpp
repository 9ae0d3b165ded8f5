// When a command that is supervised is run again, and how long after.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace thresh::cli {

// What makes attempts fruitless is often over after some minutes: a node that starts again, a switch, a file
// server. So the number of restarts and the time count, and pauses get longer more quickly then.
class Patience {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Pause = std::chrono::milliseconds;

  Patience(std::uint64_t max_restarts, Pause first_pause)
      : max_restarts_(max_restarts), first_pause_(first_pause), pause_(first_pause) {}

  // An attempt ended at `now` and can have a next one. Returns the pause before that; none to give up.
  std::optional<Pause> after_attempt(bool progress, Time now);
  // "2 attempts, 2 in a row without progress"
  std::string text() const;

 private:
  std::uint64_t max_restarts_;
  Pause first_pause_;
  Pause pause_;  // the next one
  std::uint64_t attempts_ = 0;
  std::uint64_t fruitless_ = 0;  // in a row
  Time first_fruitless_;         // its end
};

}  // namespace thresh::cli
