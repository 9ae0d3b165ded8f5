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
#include "thresh/job.hpp"

namespace thresh::test {

using Pairs = std::vector<std::pair<std::string, std::string>>;  // key, value

inline std::string number_bytes(std::uint64_t value) {
  std::string bytes;
  ValueCodec<std::uint64_t>::append(value, bytes);
  return bytes;
}
inline std::uint64_t number_of(std::string_view bytes) {
  return ValueCodec<std::uint64_t>::read(bytes);
}

// Sums 8-byte numbers.
struct Summing {
  using Key = std::string;
  using Value = std::uint64_t;
  static constexpr JobInfo info{"summing", "1", "", ""};
  void map(const Line& line, auto& emit) const { emit(line.text, 1); }
  static Value combine(Value a, Value b) { return a + b; }
  static std::uint64_t weight(const Value& value) { return value; }
  void reduce(std::string_view key, Values<Value>& values, auto& out) const {
    Value sum = 0;
    for (const Value value : values) sum += value;
    out(key, sum);
  }
};
inline JobType summing_job() {
  return make_job_type<Summing>();
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
