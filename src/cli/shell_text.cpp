#include "cli/shell_text.hpp"

#include <algorithm>
#include <string_view>

#include "core/text.hpp"

namespace thresh::cli {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-+=./:,@%").find(c) != std::string_view::npos;
}

std::string with_each_quote_as(const std::string& instead, const std::string& word) {
  std::string text;
  for (const char c : word) text += c == '\'' ? instead : std::string(1, c);
  return text;
}

std::string quoted(const std::string& word) {
  constexpr std::size_t kAll = std::string::npos;
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return word;
  if (on_one_line(word, kAll) == word) return "'" + with_each_quote_as("'\\''", word) + "'";
  return "$'" + with_each_quote_as("\\'", printable(word, kAll)) + "'";
}

}  // namespace

std::string shell_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += quoted(word);
  }
  return text;
}

}  // namespace thresh::cli
