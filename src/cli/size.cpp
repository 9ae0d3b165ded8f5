#include "cli/size.hpp"

#include <string>

#include "cli/number.hpp"
#include "engine/options.hpp"

namespace thresh::cli {
namespace {

constexpr std::string_view kHint = "is not a size: write bytes, or a number with K, M, G or T, as in 64M";

std::uint64_t unit_bytes(std::string_view unit) {
  if (unit.empty() || unit == "B") return 1;
  constexpr std::string_view kLetters = "KMGT";
  const char upper = unit[0] >= 'a' && unit[0] <= 'z' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
  const std::size_t at = kLetters.find(upper);
  const std::string_view rest = unit.substr(1);
  if (at == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "iB"))
    throw BadValue(std::string(kHint));
  return std::uint64_t{1} << (10 * (at + 1));
}

}  // namespace

std::uint64_t parse_size(std::string_view text, std::uint64_t most) {
  const Quantity number = read_quantity(text, kHint);
  const std::uint64_t unit = unit_bytes(number.unit);
  if (unit == 1 && number.scale != 1) throw BadValue("is not a whole number of bytes");
  const std::uint64_t bytes = scaled(number, unit, INT64_MAX);
  if (bytes > most) throw BadValue("is too large: at most " + engine::size_text(most));
  if (bytes == 0) throw BadValue("is less than a byte");
  return bytes;
}

}  // namespace thresh::cli
