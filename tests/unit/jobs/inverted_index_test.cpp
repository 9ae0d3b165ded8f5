#include "jobs.hpp"
#include "support/catch.hpp"

using namespace thresh::test;

TEST_CASE("inverted-index of the sample texts is what it must be") {
  const auto files = {data("texts/sonnets.txt"), data("texts/genesis-1.txt")};
  std::string expected = read_file(data("expected/inverted-index.tsv"));
  const std::string relative = "data/texts/";
  for (auto at = expected.find(relative); at != std::string::npos; at = expected.find(relative, at)) {
    expected.replace(at, relative.size(), data("texts/"));
    at += data("texts/").size();
  }
  CHECK(run("inverted-index", files).parts[0] == expected);
}

TEST_CASE("inverted-index lists each line once, by file and line number") {
  const TemporaryDirectory directory;
  std::string many;
  for (int i = 1; i <= 12; ++i) many += i % 5 == 0 ? "a b a\r\n" : "\n";
  const std::string b = directory.write("b", many);
  const std::string a = directory.write("a", "\nb");
  CHECK(run("inverted-index", {b, a}).parts[0] ==
        "a\t" + b + ":5 " + b + ":10\n" + "b\t" + a + ":2 " + b + ":5 " + b + ":10\n");
}

TEST_CASE("places can be told apart whatever the names of the files") {
  const TemporaryDirectory directory;
  const std::string odd = directory.write("a b\tc\nd\\e:7", "word");
  CHECK(run("inverted-index", {odd}).parts[0] == "word\t" + directory.path() + "/a\\sb\\tc\\nd\\\\e:7:1\n");
}

TEST_CASE("inverted-index ranks by the number of places") {
  const auto result = run_text("inverted-index", "x y\nx x\nx z y\n");
  CHECK(result.top(1).substr(0, 2) == "x\t");
  CHECK(result.top(2).find("\ny\t") != std::string::npos);
}
