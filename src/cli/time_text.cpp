#include "cli/time_text.hpp"

#include <fmt/chrono.h>

#include <ctime>

namespace thresh::cli {

std::string time_text(std::int64_t time_ms) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(time_ms / 1000)));
}

}  // namespace thresh::cli
