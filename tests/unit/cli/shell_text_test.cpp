#include "cli/shell_text.hpp"

#include "support/catch.hpp"

namespace thresh::cli {
namespace {

TEST_CASE("a command is shown as a shell takes it") {
  CHECK(shell_text({"mpirun", "-np", "3", "a b", "it's", ""}) == "mpirun -np 3 'a b' 'it'\\''s' ''");
}

}  // namespace
}  // namespace thresh::cli
