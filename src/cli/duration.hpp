// Durations, as a user writes them.
#pragma once

#include <chrono>
#include <string_view>

namespace thresh::cli {

constexpr std::chrono::milliseconds kLongestDuration = std::chrono::hours(24 * 1000);

// "250ms", "0.3s", "10m", "1.5h", "2d" or hours:minutes:seconds as in "1:30:00". A fraction of a millisecond
// is dropped. A number without a unit is refused: seconds here, minutes in Slurm. So are zero and more than
// kLongestDuration. Throws BadValue.
std::chrono::milliseconds parse_duration(std::string_view text);

}  // namespace thresh::cli
