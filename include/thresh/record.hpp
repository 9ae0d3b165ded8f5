// Input records, as a job's map sees them.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace thresh {

// Names an input record without knowing how many records came before its split. Orders as
// (file, position). A reducer turns it into a Location with Context::locate.
struct RecordId {
  std::uint32_t split = 0;
  std::uint64_t record = 0;  // counted from 0 within the split
  auto operator<=>(const RecordId&) const = default;
};

// Where a record is for a person: a file and the number of its line (or record) counted from 1.
struct Location {
  std::string_view path;  // lives as long as the job
  std::uint64_t line = 0;
};

// A line of text without its LF or CRLF. The text lives until map returns.
struct Line {
  std::string_view text;
  RecordId id;
};

// A record of fixed size, in a job that declares `static constexpr std::size_t record_bytes`. The bytes live
// until map returns.
struct Record {
  std::string_view bytes;
  RecordId id;
};

}  // namespace thresh
