// Writes a run file and what is in it: run_file_main DIRECTORY VALUE_SIZE. The name of the file is the first
// line of the output; then a line "run GENERATION.WORKER.SEQUENCE: SPLITS" for each run, a line
// "partition P: ROWS" for each of its partitions and a line "KEY VALUE" for each row, both in hexadecimal.
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "storage/run_file.hpp"
#include "support/runs.hpp"

using namespace thresh;
using test::KeyValues;

namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
    text += digits;
  }
  return text;
}

KeyValues some_rows(std::uint32_t seed, std::size_t value_size) {
  KeyValues rows;
  for (std::uint32_t i = 0; i < 200 * (seed % 3); ++i) {
    const std::uint64_t number = hash_bytes(std::to_string(i), seed);
    const std::string bytes = test::u64_bytes(number);
    const std::size_t wanted = value_size == 0 ? number % 30 : value_size;
    std::string value;
    while (value.size() < wanted) value += bytes;
    value.resize(wanted);
    rows.emplace_back(i % 2 == 0 ? "key " + std::to_string(number) : bytes.substr(0, number % 9), value);
  }
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const auto value_size = static_cast<std::size_t>(std::strtoull(argv[2], nullptr, 10));
  const RowFormat format(value_size);
  ChunkPool pool;
  std::vector<Run> runs;
  for (std::uint32_t i = 0; i < 3; ++i) {
    std::vector<KeyValues> partitions;
    for (std::uint32_t p = 0; p < 4; ++p) partitions.push_back(some_rows(i + p, value_size));
    runs.push_back(test::make_run(pool, format, {1 + i, 7, i}, partitions));
  }
  std::cout << storage::write_run_file(argv[1], "job", {&runs[0], &runs[1], &runs[2]}, format, true).file
            << '\n';
  for (const Run& run : runs) {
    const RunId& id = run.summary.id;
    std::cout << "run " << id.generation << '.' << id.worker << '.' << id.sequence << ':';
    for (const SplitSignature& split : run.summary.splits) std::cout << ' ' << split.split;
    std::cout << '\n';
    for (std::size_t p = 0; p < run.slices.size(); ++p) {
      const KeyValues rows = test::rows_in(run.slices[p], format);
      std::cout << "partition " << p << ": " << rows.size() << '\n';
      for (const auto& [key, value] : rows) std::cout << hex(key) << ' ' << hex(value) << '\n';
    }
  }
}
