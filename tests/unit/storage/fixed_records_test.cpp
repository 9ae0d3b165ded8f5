// Inputs of records of one size, and the sample of their keys.
#include <rapidcheck.h>

#include "scratch.hpp"
#include "storage/key_sample.hpp"
#include "storage/split_reader.hpp"
#include "support/catch.hpp"
#include "thresh/job.hpp"

namespace thresh::storage {
namespace {

using namespace test;

constexpr std::size_t kBytes = 7;

struct Sevens {
  using Key = std::string;
  using Value = std::uint64_t;
  static constexpr std::size_t record_bytes = kBytes;
  static constexpr bool total_order = true;
  static constexpr JobInfo info{"sevens", "1", "", ""};
  void map(const Record& record, auto& emit) const {
    if (record.bytes[0] == 'X') throw BadRecord("not this one");
    emit(record.bytes, 1);
  }
  void reduce(std::string_view, Values<Value>&, auto&) const {}
};

struct Lines {
  using Key = std::string;
  using Value = std::uint64_t;
  static constexpr JobInfo info{"lines", "1", "", ""};
  void map(const Line& line, auto& emit) const { emit(line.text, 1); }
  void reduce(std::string_view, Values<Value>&, auto&) const {}
};

std::string numbered(std::size_t records) {
  std::string bytes;
  for (std::size_t i = 0; i < records; ++i) bytes += std::to_string(1'000'000 + i * 7919 % records);
  return bytes;
}

JobPlan plan_of(std::vector<InputFile> inputs, std::uint32_t partitions) {
  JobPlan plan;
  plan.inputs = std::move(inputs);
  plan.partitions = partitions;
  return plan;
}

TEST_CASE("the splits of a file of fixed records give each exactly once, wherever they are cut") {
  const Scratch scratch;
  CHECK(rc::check([&] {
    const auto records = *rc::gen::inRange<std::size_t>(0, 40);
    const std::string bytes = numbered(records);
    const InputFile file = listed(scratch.write("input", bytes));
    auto cuts =
        *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, file.size + 1));
    cuts.push_back(0);
    cuts.push_back(file.size);
    std::sort(cuts.begin(), cuts.end());
    std::string all;
    std::vector<char> buffer;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      SplitReader reader(file, {0, cuts[i], cuts[i + 1]}, buffer, kBytes);
      while (const auto block = reader.next()) {
        RC_ASSERT(!block->bytes.empty() && block->bytes.size() % kBytes == 0);
        RC_ASSERT(block->file_offset == all.size());
        RC_ASSERT(block->file_offset + block->bytes.size() < cuts[i + 1] + kBytes);
        RC_ASSERT(block->file_offset >= cuts[i]);
        all += block->bytes;
      }
    }
    RC_ASSERT(all == bytes);
  }));
}

TEST_CASE("blocks of fixed records are whole, however large file and records are") {
  const Scratch scratch;
  const std::string bytes = numbered(500'000);
  const InputFile file = listed(scratch.write("input", bytes));
  for (const std::size_t size : {std::size_t{7}, std::size_t{1'750'000}}) {
    std::vector<char> buffer;
    SplitReader reader(file, {0, 0, file.size}, buffer, size);
    std::string all;
    while (const auto block = reader.next()) {
      CHECK(block->bytes.size() % size == 0);
      all += block->bytes;
    }
    CHECK(all == bytes);
    CHECK(reader.bytes_read() == bytes.size());
  }
}

TEST_CASE("split points are near the quantiles of the keys and always the same") {
  const Scratch scratch;
  const std::string bytes = numbered(300'000);
  const InputFile one = listed(scratch.write("a", bytes.substr(0, 700'000)));
  const InputFile two = listed(scratch.write("b", bytes.substr(700'000)));
  const JobType job = make_job_type<Sevens>();
  CHECK(job.record_bytes == kBytes);
  CHECK(job.total_order);
  Progress progress;
  const auto points = sample_split_points(job, plan_of({one, two}, 4), progress);
  REQUIRE(points.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const int wanted = 1'000'000 + 75'000 * (static_cast<int>(i) + 1);
    CHECK(std::abs(std::stoi(points[i]) - wanted) < 6000);
  }
  CHECK(sample_split_points(job, plan_of({one, two}, 4), progress) == points);
  CHECK(sample_split_points(job, plan_of({one, two}, 1), progress).empty());
}

TEST_CASE("a small input is sampled whole, lines too, and bad records are passed over") {
  const Scratch scratch;
  Progress progress;
  const InputFile empty = listed(scratch.write("0", ""));
  const InputFile lines = listed(scratch.write("a", "d\nb\nc\n"));
  const InputFile more = listed(scratch.write("b", "a"));
  using Points = std::vector<std::string>;
  CHECK(sample_split_points(make_job_type<Lines>(), plan_of({empty, lines, more}, 4), progress) ==
        Points{"b", "c", "d"});
  CHECK(sample_split_points(make_job_type<Lines>(), plan_of({empty}, 3), progress) == Points{"", ""});
  const InputFile bad = listed(scratch.write("c", "bbbbbbbXbbbbbb"));
  CHECK(sample_split_points(make_job_type<Sevens>(), plan_of({bad}, 2), progress) == Points{"bbbbbbb"});
}

}  // namespace
}  // namespace thresh::storage
