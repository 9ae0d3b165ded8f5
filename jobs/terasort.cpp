// Sorts: the output is the records of the input, in order over all parts.
#include <cstddef>
#include <string>
#include <string_view>

#include "thresh/job.hpp"

namespace {

// A key of so many bytes at the begin of each record, as the sort benchmarks have it.
constexpr std::size_t kRecordBytes = 100;
constexpr std::size_t kKeyBytes = 10;

constexpr thresh::JobInfo kInfo{
    "terasort", "1", "sorts records of 100 bytes, or lines of text",
    "A record is 100 bytes, of which the first 10 are its key: nothing divides them, and any byte may "
    "occur.\n"
    "The parts, part-00000.bin and so on, hold the records in the order of their keys (bytes from 0 to "
    "255);\n"
    "records of the same key are in the order of the rest. One part goes on where the one before it ended.\n"
    "With --key N[,M] a record is a line of text, its key is bytes N to M of it, and the parts are .txt: "
    "the\n"
    "lines, each ended by LF. Without M the key goes to the end of the line.\n"
    "thresh validate-sort checks the result."};

// Lines, by some of their bytes; lines of the same key by all of them.
struct SortLines {
  using Key = std::string;
  using Value = std::string;
  static constexpr const thresh::JobInfo& info = kInfo;
  static constexpr bool total_order = true;
  static constexpr bool raw_output = true;

  void map(const thresh::Line& line, auto& emit) const { emit(key.of(line.text), line.text); }
  void reduce(std::string_view, thresh::Values<Value>& lines, auto& out) const {
    for (const std::string_view line : lines) out.record(line, "\n");
  }

  thresh::KeyColumns key;
};

struct TeraSort {
  using Key = thresh::FixedBytes<kKeyBytes>;
  using Value = thresh::FixedBytes<kRecordBytes - kKeyBytes>;
  static constexpr const thresh::JobInfo& info = kInfo;
  static constexpr std::size_t record_bytes = kRecordBytes;
  static constexpr bool total_order = true;
  static constexpr bool raw_output = true;

  static SortLines with_key(thresh::KeyColumns key) { return {key}; }

  void map(const thresh::Record& record, auto& emit) const {
    emit(Key(record.bytes.data()), Value(record.bytes.data() + kKeyBytes));
  }
  void reduce(const Key& key, thresh::Values<Value>& rests, auto& out) const {
    for (const Value& rest : rests) out.record(key.view(), rest.view());
  }
};

THRESH_JOB(TeraSort);

}  // namespace
