#include "cli/number.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>

namespace thresh::cli {
namespace {

constexpr std::size_t kMostFractionDigits = 9;

std::size_t count_digits(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; });
  return static_cast<std::size_t>(end - text.begin());
}

// REQUIRES: text consists of digits, at least one.
std::uint64_t read_digits(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) throw BadValue("is too large");
  return value;
}

void refuse_sign(std::string_view text) {
  const bool number_follows = text.size() > 1 && (count_digits(text.substr(1)) > 0 || text[1] == '.');
  if (text.starts_with('-') && number_follows) throw BadValue("is negative");
}

}  // namespace

Quantity read_quantity(std::string_view text, std::string_view hint) {
  refuse_sign(text);
  const std::size_t digits = count_digits(text);
  if (digits == 0) throw BadValue(std::string(hint));
  Quantity number;
  number.whole = read_digits(text.substr(0, digits));
  number.unit = text.substr(digits);
  if (number.unit.starts_with('.')) {
    const std::string_view rest = number.unit.substr(1);
    const std::size_t places = count_digits(rest);
    if (places == 0) throw BadValue(std::string(hint));
    if (places > kMostFractionDigits) throw BadValue("has more than nine digits after the point");
    number.fraction = read_digits(rest.substr(0, places));
    for (std::size_t i = 0; i < places; ++i) number.scale *= 10;
    number.unit = rest.substr(places);
  }
  return number;
}

std::uint64_t scaled(const Quantity& number, std::uint64_t unit, std::uint64_t limit) {
  __extension__ using Wide = unsigned __int128;
  const Wide value =
      static_cast<Wide>(number.whole) * unit + static_cast<Wide>(number.fraction) * unit / number.scale;
  if (value > limit) throw BadValue("is too large");
  return static_cast<std::uint64_t>(value);
}

std::uint64_t parse_count(std::string_view text, std::uint64_t least, std::uint64_t most) {
  refuse_sign(text);
  if (text.empty() || count_digits(text) != text.size()) throw BadValue("is not a whole number");
  const std::uint64_t value = read_digits(text);
  if (value < least) throw BadValue("is too small: at least " + std::to_string(least));
  if (value > most) throw BadValue("is too large: at most " + std::to_string(most));
  return value;
}

}  // namespace thresh::cli
