#include "thresh/hash.hpp"

#include <array>
#include <set>
#include <string>

#include "support/catch.hpp"
#include "support/property.hpp"

using namespace thresh;
using namespace thresh::test;

TEST_CASE("the hash of a key is the one that the format says") {
  CHECK(hash_key("") == 0xb481b83451f48e30U);
  CHECK(hash_key("the") == 0x4e41332126fb4ba9U);
  CHECK(hash_key("sixteen bytes...") == 0x30865e24ecdc0205U);
  CHECK(hash_key("a key of more than sixteen bytes") == hash_bytes("a key of more than sixteen bytes"));
}

TEST_CASE("a key hashes the same wherever it lies and whatever is behind it") {
  holds([](const std::string& key, const std::string& behind) {
    const std::string text = key + behind + std::string(16, '\xff');
    RC_ASSERT(ShortKey(text.data(), key.size()) == ShortKey::of(key));
    if (key.size() <= ShortKey::kBytes) {
      RC_ASSERT(hash_short_key({text.data(), key.size()}, key.size()) == hash_key(key));
    }
  });
}

TEST_CASE("keys that differ in trailing NULs or in one bit have other hashes") {
  std::set<std::uint64_t> seen;
  std::size_t keys = 0;
  for (std::size_t size = 0; size <= 17; ++size) {
    const std::string zeros(size, '\0');
    seen.insert(hash_key(zeros));
    ++keys;
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      std::string key = zeros;
      key[bit / 8] = static_cast<char>(1U << bit % 8);
      seen.insert(hash_key(key));
      ++keys;
    }
  }
  CHECK(seen.size() == keys);
}

TEST_CASE("partitions of numbered keys are of nearly the same size") {
  std::array<int, 64> sizes{};
  for (int i = 0; i < 64'000; ++i) ++sizes[partition_of(hash_key("key" + std::to_string(i)), 64)];
  for (const int size : sizes) {
    CHECK(size > 800);
    CHECK(size < 1200);
  }
}
