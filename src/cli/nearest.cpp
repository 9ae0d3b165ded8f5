#include "cli/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace thresh::cli {
namespace {

constexpr std::size_t kLongestName = 64;  // what is longer is no misspelt name

std::optional<std::string> abbreviated(std::string_view typed, const std::vector<std::string>& names) {
  const auto begins = [&](const std::string& name) { return name.starts_with(typed); };
  const auto only = std::find_if(names.begin(), names.end(), begins);
  if (typed.empty() || only == names.end() || std::any_of(only + 1, names.end(), begins)) return std::nullopt;
  return *only;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);  // row i - 2
  std::vector<std::size_t> last(b.size() + 1);    // row i - 1
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substituted});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::optional<std::string> nearest(std::string_view typed, const std::vector<std::string>& names) {
  if (typed.size() > kLongestName) return std::nullopt;
  std::size_t best = std::max<std::size_t>(1, typed.size() / 3) + 1;
  std::optional<std::string> found;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(typed, name);
    if (distance < best) {
      best = distance;
      found = name;
    }
  }
  return found ? found : abbreviated(typed, names);
}

}  // namespace thresh::cli
