#include "cli/patience.hpp"

#include "support/catch.hpp"

namespace thresh::cli {
namespace {

using namespace std::chrono_literals;
using Pause = Patience::Pause;

constexpr Patience::Time kStart{};

TEST_CASE("pauses double as long as attempts get on, up to a minute") {
  Patience patience(1000, 1s);
  for (const Pause pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    CHECK(patience.after_attempt(true, kStart) == pause);
  }
}

TEST_CASE("a first pause above a minute stays as it is") {
  Patience patience(1000, 2min);
  for (int i = 0; i < 3; ++i) CHECK(patience.after_attempt(false, kStart) == Pause(2min));
}

TEST_CASE("a launcher that fails for some minutes does not end the job") {
  Patience patience(5, 1s);
  Patience::Time now = kStart;
  CHECK(patience.after_attempt(true, now) == Pause(1s));
  now += 1s;
  for (const Pause pause : {2s, 8s, 32s, 60s}) {
    CHECK(patience.after_attempt(false, now) == pause);
    now += pause;
  }
  CHECK(now - kStart > 100s);
  CHECK_FALSE(patience.after_attempt(false, now));  // the restarts are used up
  CHECK(patience.text() == "6 attempts, 5 in a row without progress");
}

TEST_CASE("ten minutes of attempts without progress are enough") {
  Patience patience(1000, 1s);
  CHECK(patience.after_attempt(false, kStart));
  CHECK(patience.after_attempt(false, kStart + 599s));
  CHECK_FALSE(patience.after_attempt(false, kStart + 600s));
  CHECK(patience.text() == "3 attempts, 3 in a row without progress");
}

TEST_CASE("one long attempt without progress is not enough") {
  Patience patience(1000, 1s);
  CHECK(patience.after_attempt(true, kStart));
  CHECK(patience.after_attempt(false, kStart + 3h));
  CHECK(patience.after_attempt(false, kStart + 3h + 1s));
}

TEST_CASE("progress starts the ten minutes anew") {
  Patience patience(1000, 1s);
  CHECK(patience.after_attempt(false, kStart));
  CHECK(patience.after_attempt(true, kStart + 500s));
  CHECK(patience.after_attempt(false, kStart + 700s));
  CHECK(patience.after_attempt(false, kStart + 1200s));
  CHECK_FALSE(patience.after_attempt(false, kStart + 1300s));
}

TEST_CASE("restarts count, whether attempts get on or not") {
  Patience none(0, 1s);
  CHECK_FALSE(none.after_attempt(true, kStart));
  CHECK(none.text() == "1 attempt");
  Patience one(1, 1s);
  CHECK(one.after_attempt(true, kStart));
  CHECK_FALSE(one.after_attempt(true, kStart));
}

}  // namespace
}  // namespace thresh::cli
