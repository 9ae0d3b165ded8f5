#include "storage/outcome.hpp"

#include "scratch.hpp"
#include "support/property.hpp"

namespace thresh::storage {
namespace {

using namespace test;
using thresh::test::holds;

TEST_CASE("an outcome comes back from its text, whatever bytes it holds") {
  holds([](const std::string& text, Generation generation, int code, std::int64_t time_ms) {
    const Outcome outcome{std::string(32, 'a'), generation, code, text, time_ms};
    RC_ASSERT(parse_outcome(make_outcome(outcome), "outcome.json") == outcome);
  });
}

TEST_CASE("an outcome that is damaged anywhere is refused by name, or it is the same") {
  const Outcome outcome{std::string(32, 'b'), 3, 75, "worker 3 on \xff was lost\n", 1'700'000'000'123};
  const std::string text = make_outcome(outcome);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string broken = text;
    broken[i] = static_cast<char>(broken[i] ^ (1 << (i % 8)));
    Outcome again;
    const Thrown error = thrown_by([&] { again = parse_outcome(broken, "x/outcome.json"); });
    if (again == outcome) continue;
    CHECK(error.code == ExitCode::BadData);
    CHECK(error.says("x/outcome.json"));
  }
}

TEST_CASE("where there is no outcome none is read") {
  const Scratch scratch;
  CHECK_FALSE(read_outcome(scratch / "outcome.json"));
  CHECK_FALSE(read_outcome(scratch / "no/such/folder/outcome.json"));
  scratch.write("outcome.json", "{}");
  CHECK(thrown_by([&] { read_outcome(scratch / "outcome.json"); }).code == ExitCode::BadData);
}

}  // namespace
}  // namespace thresh::storage
