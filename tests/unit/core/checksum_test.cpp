#include "core/checksum.hpp"

#include <initializer_list>
#include <random>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "thresh/hash.hpp"

namespace {

using thresh::Checksum;

TEST_CASE("the checksum of pieces is the hash of all the bytes, however they are cut") {
  std::mt19937_64 random(7);
  // Up to and beyond the sizes at which XXH3 goes another way: 16, 128, 240, 1024, and what is kept between
  // pieces.
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes.push_back(static_cast<char>(random()));
  for (std::size_t size = 0; size <= bytes.size(); size += 1 + size / 50) {
    const std::string_view all = std::string_view(bytes).substr(0, size);
    for (const std::size_t piece : std::initializer_list<std::size_t>{1, 63, 64, 255, 256, 257, 1024, 4000}) {
      Checksum sum;
      for (std::size_t at = 0; at < size; at += piece) sum.add(all.substr(at, piece));
      CAPTURE(size, piece);
      CHECK(sum.value() == thresh::hash_bytes(all));
    }
  }
}

TEST_CASE("a checksum that was asked for goes on") {
  Checksum sum;
  CHECK(sum.value() == thresh::hash_bytes(""));
  sum.add("one");
  CHECK(sum.value() == thresh::hash_bytes("one"));
  sum.add(" and two");
  CHECK(sum.value() == thresh::hash_bytes("one and two"));
}

}  // namespace
