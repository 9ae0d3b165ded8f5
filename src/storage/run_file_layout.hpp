// What the writer and the reader of run files agree on; docs/format.md says the rest.
#pragma once

#include <cstdint>
#include <string>

#include "core/row.hpp"

namespace thresh::storage {

inline constexpr char kRunFileFormat[] = "thresh run";
inline constexpr std::uint64_t kRunFileSchema = 4;

// The group of the run with this number in the file.
inline std::string run_group(std::size_t run) {
  return "run" + std::to_string(run) + "/";
}

// Bytes of a row besides its key and its value.
inline std::uint64_t row_overhead(const RowFormat& format) {
  return format.row_size(0, 0);
}

}  // namespace thresh::storage
