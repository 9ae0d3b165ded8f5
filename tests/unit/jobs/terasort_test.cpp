#include "jobs.hpp"
#include "support/catch.hpp"

using namespace thresh::test;

namespace {

std::string record(std::string_view key, char rest) {
  return std::string(key) + std::string(90, rest);
}

}  // namespace

TEST_CASE("terasort sorts records by key, then by the rest, as unsigned bytes") {
  const std::string low("\0\0\0\0\0\0\0\0\0\0", 10);
  const std::string high("\xff\n\t\r\n\xff\xff\xff\xff\xff", 10);
  const std::string bytes =
      record(high, 'a') + record("0123456789", '\xf0') + record(low, '\n') + record("0123456789", 'a');
  const auto result = run_text("terasort", bytes);
  CHECK(result.parts[0] ==
        record(low, '\n') + record("0123456789", 'a') + record("0123456789", '\xf0') + record(high, 'a'));
  CHECK(result.records == 4);
  CHECK(result.lines == 4);
  CHECK(result.groups == 3);
}

TEST_CASE("terasort with a key sorts lines, those of equal keys by all of their bytes") {
  const thresh::JobType by_key = job("terasort").with_key({2, 3});
  const TemporaryDirectory directory;
  const auto file = directory.write("input", "zab\nyaa\r\n\nb\nxab tail\nxab\nxab");
  CHECK(thresh::oracle::run_oracle(by_key, {file}, 1, false).parts[0] ==
        "\nb\nyaa\nxab\nxab\nxab tail\nzab\n");
}
