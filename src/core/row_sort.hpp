// Sorting rows by (key, value) through small references, so that rows are moved once.
#pragma once

#include <cstdint>
#include <vector>

#include "core/row.hpp"

namespace thresh {

struct RowRef {
  std::uint64_t prefix;  // key_prefix of the row's key
  const char* row;
};

// Orders by the bytes of the key, then by the bytes of the value.
void sort_rows(std::vector<RowRef>& rows, const RowFormat& format);

}  // namespace thresh
