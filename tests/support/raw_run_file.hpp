// A run file as its datasets and attributes, so that a test can write one that no run would give.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/slice.hpp"
#include "storage/hdf5.hpp"

namespace thresh::test {

struct RawRun {
  std::map<std::string, std::uint64_t> attributes{
      {"generation", 1}, {"worker", 2}, {"sequence", 3}, {"staged", 0}};
  std::map<std::string, std::vector<std::uint64_t>> numbers;
  std::map<std::string, std::string> bytes;
  std::map<std::string, std::vector<std::string>> strings{{"counter", {}}};
};

struct RawRunFile {
  std::map<std::string, std::string> texts{{"format", "thresh run"}, {"job_id", "job"}};
  std::map<std::string, std::uint64_t> attributes{{"schema", 4},     {"generation", 1}, {"worker", 2},
                                                  {"partitions", 2}, {"value_size", 0}, {"runs", 1}};
  std::vector<RawRun> runs;
};

// Of job "job", with two partitions, values that vary and one run: a=1, bb=22 in partition 0, c= in
// partition 1.
inline RawRunFile good_raw_file() {
  const RowFormat format(0);
  ChunkPool pool;
  Slice slices[2];
  slices[0].append(pool, format, "a", "1");
  slices[0].append(pool, format, "bb", "22");
  slices[1].append(pool, format, "c", "");
  RawRun run;
  for (const Slice& slice : slices) {
    const SliceSize size = slice.measure(format);
    run.numbers["slice_rows"].push_back(size.rows);
    run.numbers["slice_bytes"].push_back(size.bytes);
    run.numbers["slice_hash_sum"].push_back(size.hash_sum);
  }
  for (const char* name : {"split", "split_records", "split_emits", "split_hash_sum", "split_weight"}) {
    run.numbers[name] = {4, 5};
  }
  run.numbers["counter_value"] = {};
  run.bytes = {{"keys", "abbc"}, {"values", "122"}};
  run.numbers["key_offsets"] = {0, 1, 3, 4};
  run.numbers["value_offsets"] = {0, 1, 3, 3};
  RawRunFile file;
  file.runs.push_back(run);
  return file;
}

// REQUIRES: no file at `path`.
inline void write_raw_file(const std::string& path, const RawRunFile& raw) {
  storage::H5Writer file(path);
  for (const auto& [name, text] : raw.texts) file.text(name, text);
  for (const auto& [name, number] : raw.attributes) file.number(name, number);
  for (std::size_t i = 0; i < raw.runs.size(); ++i) {
    const std::string group = "run" + std::to_string(i) + "/";
    file.group(group);
    for (const auto& [name, number] : raw.runs[i].attributes) file.number(group + name, number);
    for (const auto& [name, numbers] : raw.runs[i].numbers) file.numbers(group + name, numbers);
    for (const auto& [name, strings] : raw.runs[i].strings) file.strings(group + name, strings);
    for (const auto& [name, bytes] : raw.runs[i].bytes) {
      storage::H5ColumnWriter column(file, group + name, storage::H5Element::Byte, bytes.size());
      column.bytes(bytes);
      column.finish();
    }
  }
  file.finish(false);
}

}  // namespace thresh::test
