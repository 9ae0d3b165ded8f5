#include "jobs.hpp"
#include "support/catch.hpp"

namespace {

using namespace thresh::test;

std::string error_of_sum(const std::string& content) {
  return error_of([&] { output_of("sum", content); });
}

}  // namespace

TEST_CASE("sum of the sample table is what it must be") {
  const auto result = run("sum", {data("expenses.tsv")});
  CHECK(result.parts[0] == read_file(data("expected/sum.tsv")));
  CHECK(result.counters.at("empty_lines") == 1);
  CHECK(result.emitted_weight == result.written_weight);
}

TEST_CASE("sum adds exactly and counts") {
  CHECK(output_of("sum", "a\t0.1\na\t0.2\nb\t-1\n") == "a\t0.3\t2\nb\t-1\t1\n");
  CHECK(output_of("sum", "a\t1\r\na\t2.50\r\n") == "a\t3.50\t2\n");
  CHECK(output_of("sum", "").empty());
  CHECK(output_of("sum", "\n\r\n").empty());
  CHECK(output_of("sum", "two words\t1") == "two words\t1\t1\n");
  CHECK(output_of("sum", "\t1\n") == "\t1\t1\n");
}

TEST_CASE("sum names what is wrong with a line") {
  CHECK(error_of_sum("a 1\n") == "no TAB in 'a 1'");
  CHECK(error_of_sum("a\tabc\n") == "'abc' is not a decimal number");
  CHECK(error_of_sum("a\t\n") == "'' is not a decimal number");
  CHECK(error_of_sum("a\t1\t2\n") == "'1\\x092' is not a decimal number");
  CHECK_THROWS_AS(output_of("sum", "a\t1\nb\n"), thresh::RecordFailed);
}

TEST_CASE("sum names the category whose sum is too large") {
  const std::string large = "\t170141183460469231731\n";
  CHECK(error_of_sum("a\t1\nbig" + large + "big" + large) ==
        "key 'big': the sum is beyond the largest number, about 1.7e20");
  CHECK(output_of("sum", "big" + large + "big\t-1\n") == "big\t170141183460469231730\t2\n");
  CHECK(output_of("sum", "big" + large + "big" + large + "big\t-170141183460469231731\n") ==
        "big\t170141183460469231731\t3\n");
}

TEST_CASE("sum ranks by the number, not by its text") {
  const auto result = run_text("sum", "a\t9\nb\t10.0\nc\t-20\nd\t10\ne\t1\n");
  CHECK(result.top(4) == "b\t10.0\t1\nd\t10\t1\na\t9\t1\ne\t1\t1\n");
}
