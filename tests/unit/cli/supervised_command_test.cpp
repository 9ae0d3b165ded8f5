#include "cli/supervised_command.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"

namespace thresh::cli {
namespace {

using Words = std::vector<std::string>;

std::string output_of(const Words& words) {
  return understand(words).output;
}

TEST_CASE("the output directory is found in every form that thresh takes") {
  const Words before{"mpirun", "-np", "3", "/opt/bin/thresh", "wordcount", "in"};
  const auto with = [&before](const Words& more) {
    Words words = before;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  CHECK(output_of(with({"-o", "out"})) == "out");
  CHECK(output_of(with({"-oout"})) == "out");
  CHECK(output_of(with({"--output", "out"})) == "out");
  CHECK(output_of(with({"--output=out", "--top", "5"})) == "out");
  CHECK(output_of(before).empty());
  CHECK(output_of(with({"-o"})).empty());
  CHECK(output_of(with({"--", "-o", "out"})).empty());
}

TEST_CASE("a launcher's own options are not taken for those of the job") {
  CHECK(output_of({"srun", "-o", "log", "thresh", "sum", "in", "-o", "out"}) == "out");
  CHECK(output_of({"srun", "--output=log", "thresh", "sum", "in"}).empty());
  CHECK(output_of({"mpirun", "-oversubscribe", "./script", "-o", "out"}) == "out");
  CHECK(output_of({"mpirun", "-oversubscribe", "./script"}).empty());
}

TEST_CASE("the launcher is named without its folder") {
  CHECK(understand({"/usr/bin/mpirun", "thresh"}).launcher == "mpirun");
  CHECK(understand({"thresh"}).launcher == "thresh");
}

TEST_CASE("--fresh and --overwrite count where they are the job's") {
  CHECK(understand({"thresh", "sum", "in", "--overwrite"}).overwrite);
  CHECK_FALSE(understand({"thresh", "sum", "--", "--overwrite"}).overwrite);
  CHECK(without_fresh({"x", "--fresh", "thresh", "--fresh", "in", "--", "--fresh"}) ==
        Words{"x", "--fresh", "thresh", "in", "--", "--fresh"});
  CHECK(without_fresh({"./script", "--fresh"}) == Words{"./script"});
}

TEST_CASE("--max-time is found and changed where it is the job's, in both forms") {
  using namespace std::chrono_literals;
  CHECK(understand({"x", "--max-time", "9s", "thresh", "sum", "--max-time", "1.5h"}).max_time == 5'400'000ms);
  CHECK(understand({"thresh", "--max-time=2s"}).max_time == 2s);
  CHECK_FALSE(understand({"x", "--max-time", "9s", "thresh", "sum"}).max_time);
  CHECK_FALSE(understand({"thresh", "--max-time", "soon"}).max_time);
  CHECK_FALSE(understand({"./script", "--max-time", "2h"}).max_time);
  CHECK(with_max_time({"x", "--max-time", "9s", "thresh", "sum", "--max-time", "9s", "--max-time=8s", "in",
                       "--", "--max-time", "7s"},
                      1500ms) == Words{"x", "--max-time", "9s", "thresh", "sum", "--max-time", "1500ms",
                                       "--max-time=1500ms", "in", "--", "--max-time", "7s"});
  CHECK(with_max_time({"thresh", "sum", "--max-time"}, 1s) == Words{"thresh", "sum", "--max-time"});
}

TEST_CASE("--spares goes with its number, in both forms") {
  CHECK(without_spares({"thresh", "sum", "--spares", "2", "in"}) == Words{"thresh", "sum", "in"});
  CHECK(without_spares({"x", "--spares=1", "thresh", "sum", "--spares=2", "in", "--", "--spares"}) ==
        Words{"x", "--spares=1", "thresh", "sum", "in", "--", "--spares"});
}

TEST_CASE("names of inputs from standard input are refused") {
  for (const Words& words :
       {Words{"thresh", "sum", "--files-from", "-"}, Words{"thresh", "--files-from=-"}}) {
    CHECK(test::contains(test::error_of([&] { understand(words); }), "standard input"));
  }
  CHECK(test::error_of([] { understand({"thresh", "sum", "--files-from", "list"}); }).empty());
}

}  // namespace
}  // namespace thresh::cli
