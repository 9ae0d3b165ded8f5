// What a command that reads all that there is has come to.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "storage/reading.hpp"

namespace thresh::cli {

// A line on stderr, if that is a terminal: a file that takes a while, and how much was read before it.
class ReadingDisplay {
 public:
  ReadingDisplay();
  // Clears the line.
  ~ReadingDisplay();
  ReadingDisplay(const ReadingDisplay&) = delete;
  ReadingDisplay& operator=(const ReadingDisplay&) = delete;

  // Shows this, which it borrows.
  storage::BeforeReading before_reading();

 private:
  void show(const std::string& path, std::uint64_t bytes);

  bool watched_;
  bool drawn_ = false;
  std::uint64_t bytes_read_ = 0;
  std::optional<std::chrono::steady_clock::time_point> shown_;  // or begun, the last time
};

}  // namespace thresh::cli
