#include "cli/size.hpp"

#include <rapidcheck.h>

#include <string>

#include "cli/number.hpp"
#include "engine/options.hpp"
#include "support/catch.hpp"

using thresh::cli::BadValue;
using thresh::cli::parse_size;

TEST_CASE("sizes are bytes, or binary multiples with a unit") {
  CHECK(parse_size("1") == 1);
  CHECK(parse_size("4096") == 4096);
  CHECK(parse_size("17B") == 17);
  CHECK(parse_size("64K") == 65536);
  CHECK(parse_size("64k") == 65536);
  CHECK(parse_size("64KB") == 65536);
  CHECK(parse_size("64KiB") == 65536);
  CHECK(parse_size("256M") == 268435456);
  CHECK(parse_size("1.5G") == 1610612736);
  CHECK(parse_size("0.3K") == 307);
  CHECK(parse_size("2T") == 2199023255552);
}

TEST_CASE("what is no size is refused") {
  for (const char* text :
       {"",    " ",   "M",    ".5M", "5.M",  "1.5", "64 K", " 64K", "64K ",   "64KK", "64Kib",
        "64X", "1e3", "0x10", "+5",  "1,5G", "١K",  "nan",  "inf",  "1.2.3M", "--",   "5M\n"}) {
    INFO("'" << text << "'");
    CHECK_THROWS_AS(parse_size(text), BadValue);
  }
}

TEST_CASE("a NUL byte in a size is refused") {
  CHECK_THROWS_AS(parse_size(std::string("64K\0", 4)), BadValue);
}

TEST_CASE("a size that cannot be is refused with the reason") {
  CHECK_THROWS_WITH(parse_size("-5M"), "is negative");
  CHECK_THROWS_WITH(parse_size("-.5M"), "is negative");
  CHECK_THROWS_WITH(parse_size("0"), "is less than a byte");
  CHECK_THROWS_WITH(parse_size("0.0001K"), "is less than a byte");
  CHECK_THROWS_WITH(parse_size("99999999999999999999"), "is too large");
  CHECK_THROWS_WITH(parse_size("9223372036854775808"), "is too large");
  CHECK_THROWS_WITH(parse_size("18446744073709551615T"), "is too large");
  CHECK_THROWS_WITH(parse_size("8388608T"), "is too large");
  CHECK_THROWS_WITH(parse_size("1.0000000001G"), "has more than nine digits after the point");
  CHECK_THROWS_WITH(parse_size("2K", 2047), "is too large: at most 2047");
}

TEST_CASE("the largest size is one byte short of eight exbibytes") {
  CHECK(parse_size("9223372036854775807") == INT64_MAX);
  CHECK(parse_size("8388607T") == std::uint64_t{8388607} << 40U);
  CHECK(parse_size("2K", 2048) == 2048);
}

TEST_CASE("a size reads back as it is shown in the job's shaping options") {
  CHECK(rc::check([] {
    const auto bytes = *rc::gen::inRange<std::uint64_t>(1, std::uint64_t{1} << 20U)
                       << *rc::gen::inRange<std::uint64_t>(0, 40);
    thresh::engine::RunOptions options;
    options.split_bytes = bytes;
    RC_ASSERT(parse_size(thresh::engine::shaping_options(options).at("split-size")) == bytes);
  }));
}

TEST_CASE("thousandths of a unit are exact to the byte below") {
  CHECK(rc::check([] {
    const auto thousandths = *rc::gen::inRange<std::uint64_t>(1000, 1'000'000'000);
    const std::string fraction = std::to_string(1000 + thousandths % 1000).substr(1);
    const std::string text = std::to_string(thousandths / 1000) + "." + fraction + "M";
    RC_ASSERT(parse_size(text) == thousandths * 1048576 / 1000);
  }));
}

TEST_CASE("any bytes are a size or are refused") {
  CHECK(rc::check([](const std::string& text) {
    try {
      const std::uint64_t bytes = parse_size(text);
      RC_ASSERT(bytes >= 1);
      RC_ASSERT(bytes <= std::uint64_t{INT64_MAX});
    } catch (const BadValue&) {
    }
  }));
}

TEST_CASE("any text of the characters that sizes are made of is a size or is refused") {
  CHECK(rc::check([] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::element('0', '1', '9', '.', '-', 'K', 'T', 'i', 'B'));
    try {
      RC_ASSERT(parse_size(text) >= 1);
    } catch (const BadValue&) {
    }
  }));
}
