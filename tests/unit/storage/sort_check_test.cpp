#include "storage/sort_check.hpp"

#include "scratch.hpp"
#include "support/catch.hpp"
#include "thresh/hash.hpp"

namespace thresh::storage {
namespace {

using namespace test;

SortFormat records_of(std::size_t bytes, std::uint32_t key_bytes) {
  return {bytes, {1, key_bytes}, false};
}

TEST_CASE("records in order are counted, whatever the order of those with equal keys") {
  const Scratch scratch;
  const InputFile one = listed(scratch.write("a", "a2a1b1"));
  const InputFile two = listed(scratch.write("b", "b0c9"));
  const SortReport report = check_sort({one, two}, records_of(2, 1));
  CHECK_FALSE(report.first_bad);
  CHECK(report.sums.records == 5);
  CHECK(report.repeated_keys == 2);
  CHECK(report.sums.checksum ==
        hash_bytes("a2") + hash_bytes("a1") + hash_bytes("b1") + hash_bytes("b0") + hash_bytes("c9"));
  CHECK(check_sort({two, one}, records_of(2, 1)).sums == report.sums);
}

TEST_CASE("a fall within a file and one between files is named with its offset") {
  const Scratch scratch;
  const InputFile within = listed(scratch.write("a", "a1c1b1a1"));
  const InputFile after = listed(scratch.write("b", "b1"));
  const InputFile before = listed(scratch.write("c", "b0"));
  const SortReport report = check_sort({within}, records_of(2, 2));
  CHECK(report.out_of_order == 2);
  CHECK(report.first_bad == within.path + ", byte 4: the key 'b1' comes after 'c1'");
  CHECK(check_sort({after, before}, records_of(2, 2)).first_bad ==
        before.path + ", byte 0: the key 'b0' comes after 'b1'");
  CHECK_FALSE(check_sort({before, after}, records_of(2, 2)).first_bad);
}

TEST_CASE("lines are compared by the bytes of the key, as unsigned, without their ends") {
  const Scratch scratch;
  const InputFile file = listed(scratch.write("a", "9a\r\n8\n1b\n0\x80\n0"));
  CHECK_FALSE(check_sort({file}, {0, {3, 3}, false}).first_bad);
  CHECK(check_sort({file}, {0, {2, 2}}).first_bad == file.path + ", byte 4: the key '' comes after 'a'");
  CHECK(check_sort({file}, {}).out_of_order == 4);
  const InputFile other_ends = listed(scratch.write("b", "9a\n8\n1b\n0\x80\n0\n"));
  CHECK(check_sort({file}, {}).sums == check_sort({other_ends}, {}).sums);
}

TEST_CASE("a file that is no whole number of records is refused by name") {
  const Scratch scratch;
  const InputFile file = listed(scratch.write("a", "12345"));
  const Thrown error = thrown_by([&] { check_sort({file}, records_of(2, 1)); });
  CHECK(error.code == ExitCode::BadData);
  CHECK(error.says(file.path + " has 5 bytes"));
  CHECK(error.says("at byte 4"));
}

TEST_CASE("keys are remembered over blocks of a large file") {
  const Scratch scratch;
  std::string bytes;
  for (int i = 0; i < 400'000; ++i) bytes += std::to_string(10'000'000 + i);
  const InputFile file = listed(scratch.write("a", bytes));
  CHECK_FALSE(check_sort({file}, records_of(8, 8)).first_bad);
  CHECK(check_sort({file}, records_of(8, 8)).repeated_keys == 0);
}

}  // namespace
}  // namespace thresh::storage
