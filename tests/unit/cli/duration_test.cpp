#include "cli/duration.hpp"

#include <rapidcheck.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "cli/number.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using thresh::cli::BadValue;
using thresh::cli::parse_duration;

TEST_CASE("durations have a unit or are hours, minutes and seconds") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("0.3s") == 300ms);
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("10m") == 10min);
  CHECK(parse_duration("1.5h") == 90min);
  CHECK(parse_duration("2d") == 48h);
  CHECK(parse_duration("1:30:00") == 90min);
  CHECK(parse_duration("0:00:01") == 1s);
  CHECK(parse_duration("100:59:59") == 100h + 59min + 59s);
  CHECK(parse_duration("1000d") == 24000h);
  CHECK(parse_duration("24000:00:00") == 24000h);
}

TEST_CASE("what is no duration is refused") {
  for (const char* text :
       {"",           "s",      "10",     "0",      ".3s",     "3.s",     "10 m",    "10M",       "10min",
        "1h30m",      "1:30",   "1:3:00", "1:30:0", "1:60:00", "1:00:60", "1:-1:00", "1.5:00:00", "1:30:00s",
        "1:30:00:00", ":30:00", "+1s",    "1e3s",   "0x1s",    "s10",     "--",      "10m\n"}) {
    INFO("'" << text << "'");
    CHECK_THROWS_AS(parse_duration(text), BadValue);
  }
}

TEST_CASE("a duration that cannot be is refused with the reason") {
  CHECK_THROWS_WITH(parse_duration("-5s"), "is negative");
  CHECK_THROWS_WITH(parse_duration("-1:00:00"), "is negative");
  CHECK_THROWS_WITH(parse_duration("0s"), "is less than a millisecond");
  CHECK_THROWS_WITH(parse_duration("0:00:00"), "is less than a millisecond");
  CHECK_THROWS_WITH(parse_duration("0.0004s"), "is less than a millisecond");
  CHECK_THROWS_WITH(parse_duration("99999999999999999999s"), "is too large");
  CHECK_THROWS_WITH(parse_duration("18446744073709551615d"), "is too large");
  CHECK_THROWS_WITH(parse_duration("1000.1d"), "is too large");
  CHECK_THROWS_WITH(parse_duration("24000:00:01"), "is too large");
  CHECK_THROWS_WITH(parse_duration("18446744073709551615:00:00"), "is too large");
}

TEST_CASE("a duration in milliseconds reads the same in seconds and by the clock") {
  CHECK(rc::check([] {
    const auto ms = *rc::gen::inRange<std::int64_t>(1, 100'000'000);
    const std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
    RC_ASSERT(parse_duration(std::to_string(ms) + "ms") == std::chrono::milliseconds(ms));
    RC_ASSERT(parse_duration(std::to_string(ms / 1000) + "." + fraction + "s") ==
              std::chrono::milliseconds(ms));
  }));
  CHECK(rc::check([] {
    const auto s = *rc::gen::inRange<std::int64_t>(1, 1'000'000);
    char clock[64];
    std::snprintf(clock, sizeof clock, "%lld:%02lld:%02lld", static_cast<long long>(s / 3600),
                  static_cast<long long>(s / 60 % 60), static_cast<long long>(s % 60));
    RC_ASSERT(parse_duration(clock) == std::chrono::seconds(s));
  }));
}

TEST_CASE("any bytes are a duration or are refused") {
  CHECK(rc::check([](const std::string& text) {
    try {
      RC_ASSERT(parse_duration(text) >= 1ms);
    } catch (const BadValue&) {
    }
  }));
}

TEST_CASE("any text of the characters that durations are made of is a duration or is refused") {
  CHECK(rc::check([] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::element('0', '5', '9', '.', ':', '-', 'm', 's', 'h', 'd'));
    try {
      const auto time = parse_duration(text);
      RC_ASSERT(time >= 1ms);
      RC_ASSERT(time <= thresh::cli::kLongestDuration);
    } catch (const BadValue&) {
    }
  }));
}
