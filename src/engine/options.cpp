#include "engine/options.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace thresh::engine {
namespace {

std::string key_text(const KeyColumns& key) {
  std::string text = std::to_string(key.first);
  if (key.last != KeyColumns().last) text += "," + std::to_string(key.last);
  return text;
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::pair<unsigned, const char*>, 4> kUnits{
      {{40, "T"}, {30, "G"}, {20, "M"}, {10, "K"}}};
  for (const auto& [shift, unit] : kUnits) {
    if (bytes != 0 && (bytes >> shift) << shift == bytes) return std::to_string(bytes >> shift) + unit;
  }
  return std::to_string(bytes);
}

std::chrono::milliseconds time_for_saving(std::chrono::milliseconds max_time) {
  using std::chrono::milliseconds;
  return std::min(max_time / 2, std::clamp(max_time / 10, milliseconds(1000), milliseconds(60'000)));
}

std::string scratch_directory(const RunOptions& options) {
  if (!options.scratch.empty()) return options.scratch;
  const char* temporary = std::getenv("TMPDIR");
  return temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
}

std::map<std::string, std::string> shaping_options(const RunOptions& options) {
  return {
      {"split-size", options.split_bytes == 0 ? "auto" : size_text(options.split_bytes)},
      {"partitions", options.partitions == 0 ? "auto" : std::to_string(options.partitions)},
      {"max-bad-records", std::to_string(options.max_bad_records)},
      {"key", options.key ? key_text(*options.key) : "none"},
      {"escape", options.escape ? "on" : "off"},
  };
}

}  // namespace thresh::engine
