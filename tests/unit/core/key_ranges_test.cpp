#include "core/key_ranges.hpp"

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace thresh;

namespace {

using Random = std::mt19937;

std::string text(Random& random, std::string_view letters, std::size_t most) {
  std::string key(random() % (most + 1), ' ');
  for (char& c : key) c = letters[random() % letters.size()];
  return key;
}

// The last range that does not begin behind the key, one by one.
std::size_t expected(const KeyRanges& ranges, std::string_view key) {
  std::size_t at = 0;
  for (std::size_t i = 1; i < KeyRanges::kRanges; ++i) {
    if (ranges.begin(i) <= key) at = i;
  }
  return at;
}

std::size_t found(const KeyRanges& ranges, std::string_view key) {
  return ranges.of(key_prefix(key), key);
}

}  // namespace

TEST_CASE("until they are cut all keys are in the last range") {
  const KeyRanges ranges;
  for (const std::string& key : {std::string(), std::string("a"), std::string(9, '\xff')}) {
    CHECK(found(ranges, key) == KeyRanges::kRanges - 1);
  }
}

TEST_CASE("a key is in the last range that does not begin behind it") {
  using MakeKey = std::function<std::string(Random&)>;
  const std::string bytes("\0\x01\x7f\x80\xff", 5);
  const std::vector<MakeKey> kinds = {
      [](Random& random) { return text(random, "abcdefghijklmnopqrstuvwxyz", 12); },
      [&](Random& random) { return text(random, bytes, 10); },
      [](Random& random) { return text(random, "\xff", 20); },
      [](Random& random) { return std::to_string(random() % 100'000); },
      // Begins of several ranges are within one cell, and are alike to the last byte of the prefix.
      [](Random& random) { return "ab" + text(random, "cd", 3); },
      [](Random& random) { return "abcdefgh" + text(random, "ij", 12); },
      [](Random& random) { return "http://" + text(random, "abc/", 12); },
      // The sample does not begin alike, most of it does.
      [](Random& random) {
        const std::string begin = random() % 40 == 0 ? "" : "www.";
        return begin + text(random, "abcz", 8);
      },
  };
  Random random(7);
  KeyRanges ranges;  // cut anew each time
  std::vector<std::size_t> hits(KeyRanges::kRanges);
  for (const MakeKey& key : kinds) {
    for (const unsigned sampled : {1U, 5U, 30U, 2000U}) {
      std::vector<std::string> keys;
      for (std::size_t i = 0; i < sampled; ++i) keys.push_back(key(random));
      KeySample sample(sampled + 1);  // it keeps all of them
      for (const std::string& k : keys) sample.add(k);
      ranges.cut(std::move(sample));
      for (int i = 0; i < 2000; ++i) keys.push_back(kinds[random() % kinds.size()](random));
      for (std::size_t i = 0; i < KeyRanges::kRanges; ++i) keys.emplace_back(ranges.begin(i));
      for (const std::string& k : keys) {
        const std::size_t range = found(ranges, k);
        CAPTURE(k, sampled);
        REQUIRE(range == expected(ranges, k));
        ++hits[range];
      }
    }
  }
  for (const std::size_t hit : hits) CHECK(hit > 1000);
}
