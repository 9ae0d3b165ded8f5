// Shared by the tests of tables, slices and merge: random pairs, and what they must become.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/collector.hpp"
#include "core/slice.hpp"
#include "thresh/hash.hpp"
#include "thresh/job_type.hpp"

namespace thresh::test {

using Pairs = std::vector<std::pair<std::string, std::string>>;  // key, value

inline std::string number_bytes(std::uint64_t value) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &value, 8);
  return bytes;
}
inline std::uint64_t number_of(std::string_view bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), 8);
  return value;
}

// Sums 8-byte numbers.
inline JobType summing_job() {
  JobType job;
  job.name = "summing";
  job.value_size = 8;
  job.combine_fixed = [](char* const* into, const char* const* from, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint64_t sum = number_of({into[i], 8}) + number_of({from[i], 8});
      std::memcpy(into[i], &sum, 8);
    }
  };
  job.weight = [](std::string_view value) { return number_of(value); };
  return job;
}
// Keeps the greatest text, so values change their size.
inline JobType greatest_job() {
  JobType job;
  job.name = "greatest";
  job.combine_bytes = [](std::string& into, std::string_view from) {
    if (std::string_view(into) < from) into.assign(from);
  };
  return job;
}
inline JobType plain_job(std::size_t value_size = 0) {
  JobType job;
  job.name = "plain";
  job.value_size = value_size;
  return job;
}

inline void emit_all(Collector& collector, const Pairs& pairs) {
  EmitBatch batch(collector);
  for (const auto& [key, value] : pairs) {
    batch.add(key, value);
    batch.commit();
  }
  batch.flush();
}

inline Pairs rows_of(const Slice& slice, const RowFormat& format) {
  Pairs rows;
  SliceCursor cursor(slice, format);
  for (Row row; cursor.next(row);) rows.emplace_back(row.key, row.value);
  return rows;
}

// A scratch file in memory.
class MemoryStore final : public SliceStore {
 public:
  std::uint64_t append(const std::vector<std::string_view>& pieces) override {
    const std::uint64_t begin = bytes.size();
    for (const std::string_view piece : pieces) bytes += piece;
    return begin;
  }
  void read(std::uint64_t offset, char* to, std::size_t size) const override {
    if (offset + size > bytes.size()) throw StoreFailed(ExitCode::Io, "past the end");
    std::memcpy(to, bytes.data() + offset, size);
  }
  void release(std::uint64_t offset, std::uint64_t size) noexcept override {
    std::memset(bytes.data() + offset, 0, size);
    released += size;
  }

  std::string bytes;
  std::uint64_t released = 0;
};

}  // namespace thresh::test
