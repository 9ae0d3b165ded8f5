// When a command that has nothing left to do, and does not end, is to be killed.
#pragma once

#include <chrono>

namespace thresh::cli {

class Overdue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // What a look at the command and its job shows.
  enum class Sign {
    None,    // the job goes on
    Done,    // the job is done
    Ended,   // it ended without a result, and rank 0 told why
    Gone,    // rank 0 does not exist any more, and told nothing
    Silent,  // rank 0 is elsewhere, or stands still: it shows no life, which proves nothing
    Left,    // the command has ended, and something that it started has not
  };

  // A look at `now` showed the sign. Returns what is wrong if that has lasted too long; null if not.
  const char* look(Sign sign, Time now);

 private:
  Sign sign_ = Sign::None;
  Time since_;
};

}  // namespace thresh::cli
