// A job that is right, for the files here to get wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "thresh/job.hpp"

struct RightJob {
  using Key = std::string;
  using Value = std::uint64_t;
  static constexpr thresh::JobInfo info{"right", "1", "", ""};
  void map(const thresh::Line& line, auto& emit) const { emit(line.text, 1); }
  void reduce(std::string_view key, thresh::Values<Value>& values, auto& out) const {
    for (const Value value : values) out(key, value);
  }
};
