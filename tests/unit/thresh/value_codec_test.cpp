#include "thresh/value_codec.hpp"

#include <array>
#include <boost/serialization/map.hpp>
#include <boost/serialization/vector.hpp>

#include "support/catch.hpp"
#include "support/damage.hpp"
#include "support/property.hpp"

namespace {

using thresh::ValueCodec;
using thresh::test::holds;

struct Flat {
  std::uint32_t a = 0;
  std::int16_t b = 0;
  std::int16_t c = 0;
  bool operator==(const Flat&) const = default;
};
struct Uneven {
  std::array<std::uint32_t, 5> numbers{};
  bool operator==(const Uneven&) const = default;
};
struct Padded {
  std::uint64_t a = 0;
  std::uint8_t b = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& a& b;
  }
  bool operator==(const Padded&) const = default;
};
using Tags = std::map<std::string, std::vector<int>>;

template <class V>
std::string bytes_of(const V& value) {
  std::string bytes;
  ValueCodec<V>::append(value, bytes);
  return bytes;
}

}  // namespace

TEST_CASE("each kind of value takes the fastest way that fits it") {
  STATIC_REQUIRE(ValueCodec<std::uint64_t>::fixed_size == 8);
  STATIC_REQUIRE(ValueCodec<Flat>::fixed_size == sizeof(Flat));
  STATIC_REQUIRE(ValueCodec<Flat>::in_place);
  STATIC_REQUIRE(ValueCodec<std::string>::in_place);
  STATIC_REQUIRE_FALSE(ValueCodec<Padded>::in_place);
  STATIC_REQUIRE_FALSE(ValueCodec<Tags>::in_place);
  CHECK(bytes_of(std::uint64_t{1}) == std::string("\0\0\0\0\0\0\0\1", 8));
  CHECK(bytes_of(Padded{}).size() == 9);
}

TEST_CASE("values are read as they were written") {
  holds("flat, padded and nested",
        [](std::uint32_t a, std::int16_t b, const Tags& tags, const std::string& text) {
          RC_ASSERT(ValueCodec<Flat>::read(bytes_of(Flat{a, b, b})) == (Flat{a, b, b}));
          const Uneven uneven{{a, ~a, a + 1, 7, a}};
          RC_ASSERT(ValueCodec<Uneven>::read(bytes_of(uneven)) == uneven);
          RC_ASSERT(ValueCodec<Padded>::read(bytes_of(Padded{a, 3})) == (Padded{a, 3}));
          RC_ASSERT(ValueCodec<Tags>::read(bytes_of(tags)) == tags);
          RC_ASSERT(ValueCodec<std::string>::read(bytes_of(text)) == text);
        });
}

TEST_CASE("arithmetic values have the order of their bytes") {
  holds("integers",
        [](std::int32_t a, std::int32_t b) { RC_ASSERT((bytes_of(a) < bytes_of(b)) == (a < b)); });
}

TEST_CASE("values of a wrong size are refused") {
  CHECK_THROWS_AS(ValueCodec<Flat>::read("1234567"), thresh::Error);
  CHECK_THROWS_AS(ValueCodec<std::uint64_t>::read("123456789"), thresh::Error);
  CHECK_THROWS_AS(ValueCodec<Padded>::read(bytes_of(Padded{}) + "x"), thresh::Error);
  holds("damage", [] {
    const Tags tags = *rc::gen::resize(8, rc::gen::arbitrary<Tags>());
    thresh::test::for_each_damage(bytes_of(tags),
                                  [](const std::string& bytes) { (void)ValueCodec<Tags>::read(bytes); });
  });
}
