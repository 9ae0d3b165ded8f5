// Points in time, as a user reads them.
#pragma once

#include <cstdint>
#include <string>

namespace thresh::cli {

// "2026-03-01 09:30:00 UTC". `time_ms`: since 1970.
std::string time_text(std::int64_t time_ms);

}  // namespace thresh::cli
