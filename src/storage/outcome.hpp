// .thresh/outcome.json: why the last run ended without a result.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/task.hpp"

namespace thresh::storage {

struct Outcome {
  std::string job_id;
  Generation generation = 0;
  int code = 0;  // what it ended with
  std::string text;
  std::int64_t time_ms = 0;  // since the epoch
};

std::string make_outcome(const Outcome& outcome);
// Throws Error{BadData} naming `path` if the text is not whole.
Outcome parse_outcome(std::string_view text, const std::string& path);

}  // namespace thresh::storage
