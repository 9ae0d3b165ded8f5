#include "cli/overdue.hpp"

#include <string>

#include "support/catch.hpp"

namespace thresh::cli {
namespace {

using namespace std::chrono_literals;
using Sign = Overdue::Sign;

constexpr Overdue::Time kStart{};

TEST_CASE("a job that goes on is never overdue") {
  Overdue overdue;
  CHECK(overdue.look(Sign::None, kStart) == nullptr);
  CHECK(overdue.look(Sign::None, kStart + 100h) == nullptr);
}

TEST_CASE("a command with nothing left to do has some time to end") {
  const auto [sign, most, what] = GENERATE(table<Sign, std::chrono::milliseconds, std::string>(
      {{Sign::Done, 30s, "the job is done"},
       {Sign::Ended, 30s, "the job has ended"},
       {Sign::Gone, 2min, "rank 0 is gone"},
       {Sign::Silent, 15min, "rank 0 shows no sign of life"},
       {Sign::Left, 30s, "the command has ended"}}));
  Overdue overdue;
  CHECK(overdue.look(sign, kStart + 1h) == nullptr);
  CHECK(overdue.look(sign, kStart + 1h + most - 1ms) == nullptr);
  const char* const late = overdue.look(sign, kStart + 1h + most);
  REQUIRE(late != nullptr);
  CHECK(std::string(late).starts_with(what));
}

TEST_CASE("a sign of life starts the time anew") {
  Overdue overdue;
  CHECK(overdue.look(Sign::Gone, kStart) == nullptr);
  CHECK(overdue.look(Sign::None, kStart + 119s) == nullptr);  // another rank took over
  CHECK(overdue.look(Sign::Gone, kStart + 121s) == nullptr);
  CHECK(overdue.look(Sign::Gone, kStart + 240s) == nullptr);
  CHECK(overdue.look(Sign::Gone, kStart + 241s) != nullptr);
}

}  // namespace
}  // namespace thresh::cli
