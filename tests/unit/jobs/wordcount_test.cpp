#include <algorithm>
#include <cstdio>

#include "jobs.hpp"
#include "support/catch.hpp"
#include "support/property.hpp"

namespace {

using namespace thresh::test;

std::vector<std::string> texts() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(data("texts"))) files.push_back(entry.path());
  return files;
}

// What the shell makes of files, each followed by a newline.
std::string shell_wordcount(const std::string& files) {
  const std::string command = "export LC_ALL=C; for f in " + files +
                              "; do cat \"$f\"; echo; done | tr -s '[:space:]' '\\n' | " +
                              "sed '/^$/d' | sort | uniq -c | sed 's/^ *\\([0-9]*\\) \\(.*\\)$/\\2\\t\\1/'";
  FILE* const pipe = ::popen(command.c_str(), "r");
  std::string text;
  char buffer[4096];
  while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, size);
  ::pclose(pipe);
  return text;
}

}  // namespace

TEST_CASE("wordcount of the sample texts is what it must be") {
  CHECK(run("wordcount", texts()).parts[0] == read_file(data("expected/wordcount.tsv")));
}

TEST_CASE("wordcount agrees with tr, sort and uniq") {
  CHECK(run("wordcount", texts()).parts[0] == shell_wordcount(data("texts/*")));
  const TemporaryDirectory directory;
  thresh::test::holds("random text", [&] {
    const auto letters = rc::gen::element('a', 'b', ' ', '\t', '\n', '\r', '\v', '\f', '\xe4', '\x01');
    const auto text = *rc::gen::resize(60, rc::gen::container<std::string>(letters));
    const std::string file = directory.write("text", text);
    if (text.size() % 10 == 0) RC_ASSERT(run("wordcount", {file}).parts[0] == shell_wordcount(file));
  });
}

TEST_CASE("wordcount takes whatever bytes there are") {
  CHECK(output_of("wordcount", "").empty());
  CHECK(output_of("wordcount", "\n\n \t\r\n").empty());
  CHECK(output_of("wordcount", "a") == "a\t1\n");
  CHECK(output_of("wordcount", "b a\r\nb") == "a\t1\nb\t2\n");
  CHECK(output_of("wordcount", std::string_view("a\0b a\0b", 7)) == std::string("a\0b\t2\n", 6));
  CHECK(output_of("wordcount", std::string(100000, 'x')) == std::string(100000, 'x') + "\t1\n");
}

TEST_CASE("wordcount orders words by their unsigned bytes and ranks by count") {
  const auto result = run_text("wordcount", "\xff z Z z \xc3\xa9 a a");
  CHECK(result.parts[0] == "Z\t1\na\t2\nz\t2\n\xc3\xa9\t1\n\xff\t1\n");
  CHECK(result.top(3) == "a\t2\nz\t2\nZ\t1\n");
  CHECK(result.emits == 7);
  CHECK(result.groups == 5);
  CHECK(result.emitted_weight == result.written_weight);
}
