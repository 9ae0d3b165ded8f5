// Reads records in order: whether their keys do not fall, and what they are as a whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.hpp"
#include "storage/reading.hpp"
#include "thresh/key_columns.hpp"

namespace thresh::storage {

// How files are to be read.
struct SortFormat {
  std::size_t record_bytes = 0;  // 0: records are lines, without their LF or CRLF
  KeyColumns key;                // of a record
  bool ends_with_lf = false;     // lines do, alone: a CR before it is theirs, as in what thresh writes
};

// Equal for equal records in any order; different records give the same sums with odds of 2^-64.
struct RecordSums {
  std::uint64_t records = 0;
  std::uint64_t checksum = 0;  // sum of the records' XXH3, modulo 2^64
  bool operator==(const RecordSums&) const = default;
};

struct SortReport {
  RecordSums sums;
  std::uint64_t repeated_keys = 0;       // records with the key of the one before them
  std::uint64_t out_of_order = 0;        // records with a key below that of the one before them
  std::optional<std::string> first_bad;  // the first of these, with file and offset
};

// The files in this order, as if they were one. Throws Error{BadData} for a file that is no whole number of
// records, and what SplitReader throws.
SortReport check_sort(const std::vector<InputFile>& files, const SortFormat& format,
                      const BeforeReading& before_reading = {});

}  // namespace thresh::storage
