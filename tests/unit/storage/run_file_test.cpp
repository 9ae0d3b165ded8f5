#include "storage/run_file.hpp"

#include <thread>

#include "scratch.hpp"
#include "storage/hdf5.hpp"
#include "storage/scratch_file.hpp"
#include "support/property.hpp"
#include "support/runs.hpp"

namespace thresh::storage {
namespace {

using namespace test;
using thresh::test::holds;
using thresh::test::KeyValues;
using thresh::test::make_run;
using thresh::test::rows_in;
using thresh::test::u64_bytes;

const RowFormat kNumbers(8);
const RowFormat kTexts(0);

std::string write(const Scratch& scratch, const std::vector<const Run*>& runs, const RowFormat& format) {
  return scratch / write_run_file(scratch.path(), "job", runs, format, true).file;
}

std::vector<PartitionId> all_partitions(const Run& run) {
  std::vector<PartitionId> all;
  for (PartitionId p = 0; p < run.slices.size(); ++p) all.push_back(p);
  return all;
}

// What differs between the run and what the file has as its run number `index`; empty if nothing.
std::string difference(const RunFile& file, std::size_t index, const Run& run, const RowFormat& format) {
  if (file.runs().at(index) != run.summary) return "summary";
  ChunkPool pool;
  const auto slices = file.load(index, all_partitions(run), pool, nullptr, false);
  if (slices.size() != run.slices.size()) return "number of slices";
  for (std::size_t p = 0; p < slices.size(); ++p) {
    const std::string where = " of partition " + std::to_string(p);
    if (rows_in(slices[p], format) != rows_in(run.slices[p], format)) return "rows" + where;
    if (slices[p].measure(format) != run.summary.slices[p]) return "sizes" + where;
  }
  return "";
}

TEST_CASE("names of run files are read back, and other names are none") {
  for (const RunId id : {RunId{0, 0, 0}, RunId{1, 20, 300}, RunId{UINT32_MAX, UINT32_MAX, UINT32_MAX}}) {
    const auto name = parse_run_file_name(run_file_name("0123abc", id));
    REQUIRE(name);
    CHECK(name->job_id == "0123abc");
    CHECK(name->first == id);
  }
  CHECK(run_file_name("j", {1, 2, 3}) == "j.1.2.3.h5");
  for (const char* other : {"", ".h5", "j.1.2.3", "j.1.2.h5", "1.2.3.h5", ".1.2.3.h5", "j.1.2.3.4.h5",
                            "j.01.2.3.h5", "j.1.2.+3.h5", "j.1.2..h5", "j.1.2.4294967296.h5",
                            "tmp.j.1.2.3.h5", "tmp.j.1.2.3.h5.00ff", "a/j.1.2.3.h5"}) {
    CAPTURE(other);
    CHECK_FALSE(parse_run_file_name(other));
  }
}

TEST_CASE("a run that waits to be combined comes back from its file as it was, in memory or not") {
  static const std::string one = u64_bytes(1);
  const RowFormat format(8, one);
  const Scratch scratch;
  ChunkPool pool;
  for (const bool in_memory : {true, false}) {
    ScratchFile store(scratch.path());
    store.open();
    Run run = make_run(pool, RowFormat(8), {1, 2, in_memory ? 3U : 4U}, {{}, {}});
    Slice& slice = run.slices[1];
    slice.set_staged();
    for (const char* key : {"pear", "apple", "pear", "fig"}) slice.append(pool, format, key, one);
    slice.append(pool, format, std::string(300, 'p'), one);
    slice.append(pool, format, "fig", u64_bytes(7));
    if (!in_memory) slice.spill(store, pool, format);
    run.summary.slices[1] = slice.measure(format);
    const RunFile file(write(scratch, {&run}, format), "job", 2, format, nullptr);
    CHECK(difference(file, 0, run, format) == "");
    CHECK(file.load(0, {1}, pool, nullptr, false).at(0).staged());
    CHECK_FALSE(file.load(0, {0}, pool, nullptr, false).at(0).staged());
  }
}

TEST_CASE("a run with values of one size comes back from its file") {
  const Scratch scratch;
  ChunkPool pool;
  const std::string binary("\0\xff\t\n\0", 5);
  const Run run = make_run(pool, kNumbers, {3, 2, 1},
                           {{{"", u64_bytes(0)}, {"apple", u64_bytes(1)}, {binary, u64_bytes(UINT64_MAX)}},
                            {},
                            {{"zebra", u64_bytes(5)}},
                            {}});
  const RunFileStatus status = write_run_file(scratch.path(), "job", {&run}, kNumbers, true);
  CHECK(status.file == "job.3.2.1.h5");
  CHECK(status.bytes == slurp(scratch / status.file).size());
  CHECK(list_directory(scratch.path()) == std::vector<std::string>{status.file});

  Progress progress;
  const RunFile file(scratch / status.file, "job", 4, kNumbers, &progress);
  CHECK(progress.steps() > 0);
  CHECK(file.path() == scratch / status.file);
  REQUIRE(file.runs().size() == 1);
  CHECK(difference(file, 0, run, kNumbers) == "");
}

TEST_CASE("partitions are loaded in the order that is asked for, also more than once and none") {
  const Scratch scratch;
  ChunkPool pool;
  const Run run =
      make_run(pool, kTexts, {1, 1, 0}, {{{"a", "1"}}, {{"b", "22"}, {"c", ""}}, {}, {{"d", "4"}}});
  const RunFile file(write(scratch, {&run}, kTexts), "job", 4, kTexts, nullptr);
  const auto slices = file.load(0, {3, 1, 1, 2, 0}, pool, nullptr, false);
  REQUIRE(slices.size() == 5);
  CHECK(rows_in(slices[0], kTexts) == KeyValues{{"d", "4"}});
  CHECK(rows_in(slices[1], kTexts) == KeyValues{{"b", "22"}, {"c", ""}});
  CHECK(rows_in(slices[2], kTexts) == rows_in(slices[1], kTexts));
  CHECK(slices[3].empty());
  CHECK(rows_in(slices[4], kTexts) == KeyValues{{"a", "1"}});
  CHECK(file.load(0, {}, pool, nullptr, false).empty());
}

TEST_CASE("a bundle keeps its runs apart, whatever their generations and workers") {
  const Scratch scratch;
  ChunkPool pool;
  std::vector<Run> runs;
  for (std::uint32_t i = 0; i < 12; ++i) {
    const std::string text = std::to_string(i);
    runs.push_back(make_run(pool, kTexts, {1 + i % 3, i, i}, {{{"k" + text, text}}, {}, {{text, ""}}}));
  }
  std::vector<const Run*> pointers;
  for (const Run& run : runs) pointers.push_back(&run);
  const RunFile file(write(scratch, pointers, kTexts), "job", 3, kTexts, nullptr);
  REQUIRE(file.runs().size() == runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) CHECK(difference(file, i, runs[i], kTexts) == "");
}

TEST_CASE("rows larger than a chunk and columns larger than a piece come back") {
  const Scratch scratch;
  ChunkPool pool;
  KeyValues many;
  for (int i = 0; i < 300'000; ++i) many.emplace_back("key " + std::to_string(i), std::to_string(i * 7));
  const Run run = make_run(pool, kTexts, {1, 1, 1},
                           {{{"small", "1"}, {"huge", std::string(5 << 20, 'h')}, {"small again", ""}},
                            many,
                            {{std::string(3 << 20, 'k'), "1"}, {"", std::string(70'000, '\0')}}});
  Progress progress;
  const RunFile file(write(scratch, {&run}, kTexts), "job", 3, kTexts, nullptr);
  CHECK(difference(file, 0, run, kTexts) == "");
  CHECK(rows_in(file.load(0, {1}, pool, &progress, false).front(), kTexts) == many);
  CHECK(progress.steps() >= 5);  // a step a piece
}

TEST_CASE(
    "a run in a scratch file is written as one in memory, and is loaded into one when memory is short") {
  const Scratch scratch;
  ScratchFile spilled(scratch.path());
  ChunkPool pool;
  KeyValues many;
  for (int i = 0; i < 50'000; ++i) many.emplace_back("key " + std::to_string(i), std::to_string(i * 7));
  Run run = make_run(pool, kTexts, {1, 1, 1}, {many, {}, {{"a", "b"}}});
  const Run plain = make_run(pool, kTexts, {1, 1, 1}, {many, {}, {{"a", "b"}}});
  for (Slice& slice : run.slices) slice.spill(spilled, pool, kTexts);
  const std::string path = write(scratch, {&run}, kTexts);
  const RunFile file(path, "job", 3, kTexts, nullptr);
  CHECK(difference(file, 0, plain, kTexts) == "");

  const auto slices = file.load(0, {0, 2}, pool, nullptr, false, Overflow(pool, spilled, kTexts, 0));
  CHECK(slices.front().chunks().empty());
  CHECK(rows_in(slices.front(), kTexts) == many);
  CHECK(slices.front().measure(kTexts) == plain.summary.slices[0]);
}

TEST_CASE("a run whose rows were damaged in a scratch file is not written") {
  class Damaged final : public SliceStore {
   public:
    std::uint64_t append(const std::vector<std::string_view>& pieces) override {
      for (const std::string_view piece : pieces) bytes += piece;
      bytes.back() = static_cast<char>(bytes.back() ^ 1);
      return 0;
    }
    void read(std::uint64_t offset, char* to, std::size_t size) const override {
      bytes.copy(to, size, offset);
    }
    void release(std::uint64_t, std::uint64_t) noexcept override {}
    std::string bytes;
  } damaged;
  const Scratch scratch;
  ChunkPool pool;
  Run run = make_run(pool, kTexts, {1, 1, 1}, {{{"a", "b"}, {"c", "d"}}});
  run.slices[0].spill(damaged, pool, kTexts);
  CHECK_THROWS_AS(write(scratch, {&run}, kTexts), Error);
  CHECK(list_directory(scratch.path()).empty());
}

TEST_CASE("any runs come back, and equal runs give equal bytes") {
  holds([] {
    const Scratch scratch;
    const Scratch other;
    const bool fixed = *rc::gen::arbitrary<bool>();
    const std::size_t value_size = fixed ? *rc::gen::element<std::size_t>(1, 3, 8, 16) : 0;
    const RowFormat format(value_size);
    const auto partitions = *rc::gen::inRange<std::uint32_t>(1, 6);
    const auto count = *rc::gen::inRange<std::uint32_t>(1, 4);
    ChunkPool pool;
    std::vector<Run> runs;
    for (std::uint32_t i = 0; i < count; ++i) {
      std::vector<KeyValues> rows(partitions);
      for (KeyValues& slice : rows) {
        slice = *rc::gen::arbitrary<KeyValues>();
        for (auto& [key, value] : slice) {
          if (fixed) value.resize(value_size, 'v');
        }
      }
      runs.push_back(make_run(pool, format, {1, 7, i}, rows));
    }
    std::vector<const Run*> pointers;
    for (const Run& run : runs) pointers.push_back(&run);
    const std::string path = write(scratch, pointers, format);
    const RunFile file(path, "job", partitions, format, nullptr);
    for (std::size_t i = 0; i < runs.size(); ++i) RC_ASSERT(difference(file, i, runs[i], format) == "");
    RC_ASSERT(slurp(path) == slurp(write(other, pointers, format)));
  });
}

TEST_CASE("equal runs give equal bytes at any time") {
  const Scratch scratch;
  const Scratch other;
  ChunkPool pool;
  KeyValues rows;
  for (int i = 0; i < 100'000; ++i) rows.emplace_back(std::to_string(i), u64_bytes(1));
  const Run run = make_run(pool, kNumbers, {1, 1, 1}, {rows, {}});
  const std::string path = write(scratch, {&run}, kNumbers);
  ::sleep(1);  // a time of creation would show
  CHECK(slurp(path) == slurp(write(other, {&run}, kNumbers)));
}

TEST_CASE("run files are written on one thread while another uses other files") {
  const Scratch scratch;
  const auto work = [&scratch](std::uint32_t worker) {
    ChunkPool pool;
    for (std::uint32_t i = 0; i < 30; ++i) {
      KeyValues rows;
      for (int k = 0; k < 5'000; ++k)
        rows.emplace_back(std::to_string(static_cast<unsigned>(k) * (worker + 2)), std::to_string(i));
      const Run run = make_run(pool, kTexts, {1, worker, i}, {rows, {}});
      const RunFile file(write(scratch, {&run}, kTexts), "job", 2, kTexts, nullptr);
      if (const std::string flaw = difference(file, 0, run, kTexts); !flaw.empty()) return flaw;
    }
    return std::string();
  };
  std::string background;
  std::thread thread([&] { background = work(1); });
  const std::string main = work(0);
  thread.join();
  CHECK(background == "");
  CHECK(main == "");
  CHECK(list_directory(scratch.path()).size() == 60);
}

TEST_CASE("the example of docs/format.md is what it says") {
  const Scratch scratch;
  ChunkPool pool;
  std::vector<KeyValues> partitions(2);
  std::uint64_t weight = 0;
  for (const auto& [word, count] : std::vector<std::pair<std::string, std::uint64_t>>{{"be", 2},
                                                                                      {"is", 1},
                                                                                      {"not", 1},
                                                                                      {"or", 1},
                                                                                      {"question", 1},
                                                                                      {"that", 1},
                                                                                      {"the", 1},
                                                                                      {"to", 2}}) {
    const std::uint64_t hash = hash_bytes(word);
    partitions[partition_of(hash, 2)].emplace_back(word, u64_bytes(count));
    weight += weigh(hash, count);
  }
  Run run = make_run(pool, kNumbers, {1, 2, 0}, partitions);
  run.summary.splits = {{4, 2, 10, weight, weight}};
  const H5Reader file(scratch / write_run_file(scratch.path(), "5f0c", {&run}, kNumbers, true).file);
  const auto has = [&file](const std::string& name, const std::vector<std::uint64_t>& numbers) {
    return file.numbers("run0/" + name) == numbers;
  };
  CHECK(has("split_weight", {11497292928107787752U}));
  CHECK(has("slice_rows", {3, 5}));
  CHECK(has("slice_bytes", {44, 78}));
  CHECK(has("slice_hash_sum", {15911431985251897308U, 10769714884121277554U}));
  CHECK(has("key_offsets", {0, 2, 6, 8, 10, 13, 15, 23, 26}));
  H5ColumnReader keys(file, "run0/keys", H5Element::Byte);
  CHECK(keys.bytes(keys.size()) == "bethattoisnotorquestionthe");
}

TEST_CASE("a run whose rows are not those of its summary is not written") {
  const Scratch scratch;
  ChunkPool pool;
  Run run = make_run(pool, kTexts, {1, 1, 1}, {{{"a", "1"}}, {{"b", "2"}}});
  run.slices[1].append(pool, kTexts, "late", "row");
  const Thrown error = thrown_by([&] { write(scratch, {&run}, kTexts); });
  CHECK(error.code == ExitCode::Internal);
  CHECK(list_directory(scratch.path()).empty());
}

}  // namespace
}  // namespace thresh::storage
