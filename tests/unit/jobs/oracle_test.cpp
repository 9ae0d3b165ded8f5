// The oracle itself, on jobs made for it; the jobs' own tests compare it with hand-made results.
#include "support/oracle.hpp"

#include <sstream>

#include "jobs.hpp"
#include "support/catch.hpp"
#include "thresh/hash.hpp"
#include "thresh/job.hpp"

namespace {

using namespace thresh::test;
using thresh::oracle::run_oracle;

// Each line becomes a line: its first character the separator of key and value.
struct Echo {
  using Key = std::string;
  using Value = std::string;
  static constexpr thresh::JobInfo info{"echo", "1", "", ""};
  void map(const thresh::Line& line, auto& emit) const {
    std::string text(line.text);
    for (char& c : text) {
      if (c == 'N') c = '\n';
    }
    const auto at = text.find('|');
    emit(std::string_view(text).substr(0, at), std::string_view(text).substr(at + 1));
  }
  void reduce(std::string_view key, thresh::Values<Value>& values, auto& out) const {
    for (const std::string_view value : values) out(key, value);
  }
};

std::string echo(const std::string& content, bool escape) {
  const TemporaryDirectory directory;
  return run_oracle(thresh::make_job_type<Echo>(), {directory.write("f", content)}, 1, escape).parts[0];
}

std::vector<std::string> sample(const std::string& job_name) {
  if (job_name == "sum") return {data("expenses.tsv")};
  return {data("texts/genesis-1.txt"), data("texts/sonnets.txt"), data("texts/corbeau-et-renard.txt")};
}

}  // namespace

TEST_CASE("the oracle writes keys and values in order of their bytes") {
  CHECK(echo("b|2\na|z\nb|10\na|\n", false) == "a\t\na\tz\nb\t10\nb\t2\n");
}

TEST_CASE("the oracle refuses or escapes what a line cannot hold") {
  CHECK(echo("k|v\tw\n", false) == "k\tv\tw\n");
  CHECK_THROWS_AS(echo("k\tl|v\n", false), thresh::Error);
  CHECK_THROWS_AS(echo("kNl|v\n", false), thresh::Error);
  CHECK_THROWS_AS(echo("k|vNw\n", false), thresh::Error);
  CHECK(echo("k\tNl\\|v\tNw\rx\\\n", true) == "k\\t\\nl\\\\\tv\t\\nw\\rx\\\\\n");
}

TEST_CASE("partitions are shares of the keys, each in order") {
  for (const std::string job_name : {"wordcount", "sum", "inverted-index"}) {
    const auto whole = run_oracle(job(job_name), sample(job_name), 1, false);
    const auto parts = run_oracle(job(job_name), sample(job_name), 7, false).parts;
    REQUIRE(parts.size() == 7);
    std::vector<std::string> lines;
    for (std::uint32_t p = 0; p < 7; ++p) {
      std::istringstream in(parts[p]);
      std::string last;
      for (std::string line; std::getline(in, line);) {
        const std::string key = line.substr(0, line.find('\t'));
        CHECK(thresh::partition_of(thresh::hash_key(key), 7) == p);
        CHECK((last.empty() || last < key));
        last = key;
        lines.push_back(line + "\n");
      }
    }
    std::sort(lines.begin(), lines.end());
    std::string sorted;
    for (const std::string& line : lines) sorted += line;
    std::istringstream in(whole.parts[0]);
    std::vector<std::string> expected;
    for (std::string line; std::getline(in, line);) expected.push_back(line + "\n");
    std::sort(expected.begin(), expected.end());
    CHECK(lines == expected);
  }
}

TEST_CASE("combining in any way gives the same") {
  for (const std::string job_name : {"wordcount", "sum", "inverted-index"}) {
    const auto plain = run_oracle(job(job_name), sample(job_name), 3, false);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const auto combined = run_oracle(job(job_name), sample(job_name), 3, false, seed);
      CHECK(combined.parts == plain.parts);
      CHECK(combined.written_weight == plain.emitted_weight);
    }
  }
}

TEST_CASE("the order in which files are named does not matter") {
  auto files = sample("inverted-index");
  const auto forward = run_oracle(job("inverted-index"), files, 2, false);
  std::reverse(files.begin(), files.end());
  CHECK(run_oracle(job("inverted-index"), files, 2, false).parts == forward.parts);
}

TEST_CASE("a file that cannot be read is an error") {
  CHECK_THROWS_AS(run_oracle(job("wordcount"), {"/nonexistent"}, 1, false), thresh::Error);
}
