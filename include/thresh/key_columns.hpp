// Which bytes of a record are its key, as a user says it: --key N,M.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace thresh {

// Bytes `first` to `last` of a record, counted from 1, both included.
struct KeyColumns {
  std::uint32_t first = 1;
  std::uint32_t last = UINT32_MAX;  // the end of the record, if that comes before it
  bool operator==(const KeyColumns&) const = default;

  // Shorter, or empty, where the record ends before them.
  std::string_view of(std::string_view record) const noexcept {
    const std::size_t begin = std::min<std::size_t>(first - 1, record.size());
    return record.substr(begin, std::size_t{last} - first + 1);
  }
};

}  // namespace thresh
