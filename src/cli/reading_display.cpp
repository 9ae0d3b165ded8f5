#include "cli/reading_display.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "core/text.hpp"
#include "engine/progress_display.hpp"

namespace thresh::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 200ms;
constexpr std::uint64_t kLargeBytes = std::uint64_t{256} << 20;  // takes long enough to be told of at once

// The end of a long one, as a line that does not fit a terminal cannot be cleared.
std::string name_of(const std::string& path) {
  constexpr std::size_t kMostBytes = 32;
  const std::string name = path.substr(path.rfind('/') + 1);
  return printable(name.size() <= kMostBytes ? name : "..." + name.substr(name.size() - kMostBytes));
}

}  // namespace

ReadingDisplay::ReadingDisplay() : watched_(isatty(STDERR_FILENO) == 1) {}

ReadingDisplay::~ReadingDisplay() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

storage::BeforeReading ReadingDisplay::before_reading() {
  return [this](const std::string& path, std::uint64_t bytes) { show(path, bytes); };
}

void ReadingDisplay::show(const std::string& path, std::uint64_t bytes) {
  if (!watched_) return;
  const auto now = std::chrono::steady_clock::now();
  if (!shown_) shown_ = now;
  if (now - *shown_ >= kInterval || bytes >= kLargeBytes) {
    shown_ = now;
    drawn_ = true;
    fmt::print(stderr, "\r\033[Kreading {} ({}); {} before it", name_of(path), engine::human_bytes(bytes),
               engine::human_bytes(bytes_read_));
    std::fflush(stderr);
  }
  bytes_read_ += bytes;
}

}  // namespace thresh::cli
