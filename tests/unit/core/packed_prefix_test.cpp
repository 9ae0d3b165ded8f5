#include "core/packed_prefix.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/row.hpp"
#include "support/catch.hpp"

using namespace thresh;

namespace {

using Prefixes = std::vector<std::uint64_t>;

PackedPrefix packed_of(const Prefixes& prefixes) {
  return PackedPrefix(prefixes.size(), [&](std::size_t i) { return prefixes[i]; });
}

unsigned bits_of(std::initializer_list<std::string_view> keys) {
  Prefixes prefixes;
  for (const std::string_view key : keys) prefixes.push_back(key_prefix(key));
  return packed_of(prefixes).bits();
}

Prefixes random_prefixes(std::mt19937_64& random) {
  // At each place bytes from `least` on, as many values as there are, perhaps zeros: often few, at the ends
  // too.
  std::array<unsigned, 8> least;
  std::array<unsigned, 8> values;
  std::array<bool, 8> zeros;
  for (std::size_t i = 0; i < 8; ++i) {
    values[i] = 1 + static_cast<unsigned>(random() % (random() % 2 == 0 ? 4 : 256));
    least[i] = static_cast<unsigned>(random() % (257 - values[i]));
    zeros[i] = random() % 3 == 0;
  }
  Prefixes prefixes(1 + random() % 300);
  for (std::uint64_t& prefix : prefixes) {
    for (std::size_t i = 0; i < 8; ++i) {
      const std::uint64_t byte = zeros[i] && random() % 2 == 0 ? 0 : least[i] + random() % values[i];
      prefix = prefix << 8 | byte;
    }
  }
  std::sort(prefixes.begin(), prefixes.end());
  return prefixes;
}

}  // namespace

TEST_CASE("prefixes are packed into as few bits as tell their bytes apart") {
  CHECK(bits_of({"same", "same"}) == 0);
  CHECK(bits_of({"", ""}) == 0);
  CHECK(bits_of({"a", "b"}) == 1);
  CHECK(bits_of({"", "z"}) == 1);  // the end of a key is a value like others
  CHECK(bits_of({"azazazaz", "zazazaza"}) == 8 * 5);
  CHECK(bits_of({"a", "azazazaz", "zazazaza"}) == 8 * 5);
  CHECK(bits_of({"2026-11-01", "2026-12-30"}) == 1);
  CHECK(bits_of({"09090909", "90909090"}) == 8 * 4);
  CHECK(bits_of({std::string_view("\0\0\0\0\0\0\0\0", 8), "\xff\xff\xff\xff\xff\xff\xff\xff"}) == 8);
  CHECK(bits_of({"\x01\x01\x01\x01\x01\x01\x01\x01", "\xff\xff\xff\xff\xff\xff\xff\xff", ""}) == 64);
}

TEST_CASE("what bits tell of the byte that they end in is known where its number is its lowest bits") {
  const auto told = [](std::string_view a, std::string_view b, unsigned most) {
    return packed_of({key_prefix(a), key_prefix(b)}).told(most);
  };
  CHECK(told("azazazaz", "zazazaza", 5) == 0xff00'0000'0000'0000);
  CHECK(told("azazazaz", "zazazaza", 7) == 0xff18'0000'0000'0000);
  CHECK(told("azazazaz", "zazazaza", 8 * 5) == 0xffff'ffff'ffff'ffff);
  CHECK(told("aa", "zz", 8) == 0xff1c'0000'0000'0000);
  CHECK(told("a\x7f", "z\x81", 6) == 0xff00'0000'0000'0000);  // 0 to 2
}

TEST_CASE("packed prefixes order as prefixes do") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    const Prefixes prefixes = random_prefixes(random);
    const PackedPrefix packed = packed_of(prefixes);
    bool in_order = true;
    bool fits = true;
    for (std::size_t i = 0; packed.bits() > 0 && i < prefixes.size(); ++i) {
      const std::uint64_t bits = packed.of(prefixes[i]);
      fits = fits && (packed.bits() == 64 || bits >> packed.bits() == 0);
      if (i == 0) continue;
      const std::uint64_t before = packed.of(prefixes[i - 1]);
      in_order = in_order && (prefixes[i - 1] < prefixes[i] ? before < bits : before == bits);
    }
    CAPTURE(round);
    CHECK(in_order);
    CHECK(fits);
    CHECK((packed.bits() == 0) == (prefixes.front() == prefixes.back()));
  }
}

TEST_CASE("what some of the bits tell is the same where they are, and is in order") {
  std::mt19937_64 random(2);
  for (int round = 0; round < 1000; ++round) {
    const Prefixes prefixes = random_prefixes(random);
    const PackedPrefix packed = packed_of(prefixes);
    for (unsigned most = 1; most <= packed.bits(); ++most) {
      const std::uint64_t told = packed.told(most);
      const unsigned rest = packed.bits() - most;
      bool same = true;
      bool apart = true;
      std::vector<std::uint64_t> seen{prefixes[0] & told};
      for (std::size_t i = 1; i < prefixes.size(); ++i) {
        const bool equal = packed.of(prefixes[i - 1]) >> rest == packed.of(prefixes[i]) >> rest;
        const bool looks_equal = ((prefixes[i - 1] ^ prefixes[i]) & told) == 0;
        if (equal && !looks_equal) same = false;
        if (rest == 0 && looks_equal && !equal) apart = false;
        if (!looks_equal) seen.push_back(prefixes[i] & told);
      }
      std::sort(seen.begin(), seen.end());
      CAPTURE(round, most);
      CHECK(same);
      CHECK(apart);
      CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());  // each is in one place
    }
  }
}
