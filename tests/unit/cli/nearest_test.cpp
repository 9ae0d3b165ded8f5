#include "cli/nearest.hpp"

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "support/catch.hpp"

using thresh::cli::edit_distance;
using thresh::cli::nearest;

TEST_CASE("a swap of neighbours is one edit") {
  CHECK(edit_distance("spilt-size", "split-size") == 1);
  CHECK(edit_distance("ab", "ba") == 1);
}

TEST_CASE("insertions, deletions and substitutions are one edit each") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("wordcont", "wordcount") == 1);
  CHECK(edit_distance("wordcounts", "wordcount") == 1);
  CHECK(edit_distance("wardcount", "wordcount") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the distance is symmetric and bounded by the longer name") {
  CHECK(rc::check([](const std::string& a, const std::string& b) {
    const std::size_t distance = edit_distance(a, b);
    RC_ASSERT(distance == edit_distance(b, a));
    RC_ASSERT(distance <= std::max(a.size(), b.size()));
    RC_ASSERT((distance == 0) == (a == b));
    RC_ASSERT(edit_distance(a, a + b) == b.size());
  }));
}

TEST_CASE("a misspelt name finds the right one") {
  const std::vector<std::string> names{"list", "help", "inverted-index", "sum", "wordcount"};
  CHECK(nearest("wordcuont", names) == "wordcount");
  CHECK(nearest("invertedindex", names) == "inverted-index");
  CHECK(nearest("sun", names) == "sum");
  CHECK(nearest("lits", names) == "list");
}

TEST_CASE("an abbreviation finds the name if there is one alone") {
  const std::vector<std::string> names{"files-from", "fresh", "partitions", "progress"};
  CHECK(nearest("part", names) == "partitions");
  CHECK(nearest("fi", names) == "files-from");
  CHECK_FALSE(nearest("f", names));
  CHECK_FALSE(nearest("", names));
}

TEST_CASE("nothing is suggested for what is not like any name") {
  const std::vector<std::string> names{"list", "sum", "wordcount"};
  CHECK_FALSE(nearest("book.txt", names));
  CHECK_FALSE(nearest("x", {}));
  CHECK_FALSE(nearest(std::string(1'000'000, 'w'), names));
}
