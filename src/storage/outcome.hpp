// .thresh/outcome.json: why the last run of a job ended without a result. A launcher's exit code can lie,
// this cannot; but a run that was killed leaves none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/task.hpp"

namespace thresh::storage {

struct Outcome {
  std::string job_id;
  Generation generation = 0;
  int code = 0;  // an ExitCode
  std::string text;
  std::int64_t time_ms = 0;  // since 1970, of the host that wrote it
  bool operator==(const Outcome&) const = default;
};

// The text of the file.
std::string make_outcome(const Outcome& outcome);
// `path` is for messages. Throws Error{BadData} if the text is not a whole outcome.
Outcome parse_outcome(std::string_view text, const std::string& path);
// None if there is no such file. Throws Error{BadData} if it is damaged, Error{Io} if it cannot be read.
std::optional<Outcome> read_outcome(const std::string& path);

}  // namespace thresh::storage
