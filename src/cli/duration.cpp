#include "cli/duration.hpp"

#include <cstdint>
#include <string>

#include "cli/number.hpp"

namespace thresh::cli {
namespace {

constexpr std::string_view kHint =
    "is not a duration: write a number with ms, s, m, h or d, as in 0.3s or 10m, or H:MM:SS";
constexpr auto kMost = static_cast<std::uint64_t>(kLongestDuration.count());

std::uint64_t unit_ms(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m") return 60 * 1000;
  if (unit == "h") return 60 * 60 * 1000;
  if (unit == "d") return 24 * 60 * 60 * 1000;
  throw BadValue(std::string(kHint));
}

// Takes "MM" or "SS" with a colon before it.
std::uint64_t sixtieths(std::string_view& rest) {
  const auto digit = [&](std::size_t i) { return rest[i] >= '0' && rest[i] <= '9'; };
  if (rest.size() < 3 || rest[0] != ':' || !digit(1) || !digit(2) || rest[1] > '5')
    throw BadValue(std::string(kHint));
  const int value = (rest[1] - '0') * 10 + (rest[2] - '0');
  rest.remove_prefix(3);
  return static_cast<std::uint64_t>(value);
}

std::uint64_t clock_ms(const Quantity& hours) {
  std::string_view rest = hours.unit;
  const std::uint64_t minutes = sixtieths(rest);
  const std::uint64_t seconds = sixtieths(rest);
  if (!rest.empty() || hours.scale != 1) throw BadValue(std::string(kHint));
  return scaled(hours, unit_ms("h"), kMost) + minutes * unit_ms("m") + seconds * unit_ms("s");
}

}  // namespace

std::chrono::milliseconds parse_duration(std::string_view text) {
  const Quantity number = read_quantity(text, kHint);
  const std::uint64_t ms =
      number.unit.starts_with(':') ? clock_ms(number) : scaled(number, unit_ms(number.unit), kMost);
  if (ms > kMost) throw BadValue("is too large");
  if (ms == 0) throw BadValue("is less than a millisecond");
  return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(ms));
}

}  // namespace thresh::cli
