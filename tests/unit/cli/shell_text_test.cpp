#include "cli/shell_text.hpp"

#include "support/catch.hpp"

namespace thresh::cli {
namespace {

TEST_CASE("a command is shown as a shell takes it") {
  CHECK(shell_text({"mpirun", "-np", "3", "a b", "it's", ""}) == "mpirun -np 3 'a b' 'it'\\''s' ''");
}

TEST_CASE("a name that cannot be shown as it is stays the same name when it is typed") {
  CHECK(shell_text({"a\nb", "it's\t\\", "\xff_", "\xc2\x9b"}) ==
        R"($'a\nb' $'it\'s\t\\' $'\xff_' $'\xc2\x9b')");
  // A backslash and UTF-8 need no more than quotes.
  CHECK(shell_text({R"(a\b)", "\xc3\xbc"}) == "'a\\b' '\xc3\xbc'");
}

}  // namespace
}  // namespace thresh::cli
