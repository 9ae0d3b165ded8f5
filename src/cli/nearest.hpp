// Which name a user meant.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thresh::cli {

// Insertions, deletions, substitutions and swaps of neighbours that make one of the other (optimal string
// alignment distance). Quadratic: for names, not for texts.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The name that `typed` most likely stands for: the nearest within a third of its length, else one that it
// abbreviates, if that is one alone. Of equally near ones the first.
std::optional<std::string> nearest(std::string_view typed, const std::vector<std::string>& names);

}  // namespace thresh::cli
