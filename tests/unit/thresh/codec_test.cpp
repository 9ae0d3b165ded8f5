#include "thresh/codec.hpp"

#include <cmath>
#include <limits>
#include <map>

#include "support/catch.hpp"
#include "support/damage.hpp"
#include "support/property.hpp"
#include "thresh/decimal.hpp"
#include "thresh/value_codec.hpp"

namespace {

using thresh::Codec;
using thresh::test::bytes_of;
using thresh::test::holds;

enum class Colour : std::int8_t { Red = -3, Green = 0, Blue = 7 };

struct Visit {
  std::string host;
  std::int32_t day = 0;
  auto key_fields() const { return std::tie(host, day); }
  bool operator==(const Visit&) const = default;
  auto operator<=>(const Visit&) const = default;
};

// Not default-constructible, its fields private: decoded through the hook.
class Range {
 public:
  Range(std::uint16_t first, std::uint16_t last) : first_(first), last_(last) {}
  auto key_fields() const { return std::tuple(first_, last_); }
  static Range from_key_fields(std::uint16_t first, std::uint16_t last) { return {first, last}; }
  bool operator==(const Range&) const = default;

 private:
  std::uint16_t first_;
  std::uint16_t last_;
};

// A codec of an author's own, neither of fixed size nor prefix-free.
struct Upper {
  std::string text;
  bool operator==(const Upper&) const = default;
};

int sign(int n) {
  return (n > 0) - (n < 0);
}
template <class T>
int order(const T& a, const T& b) {
  return (b < a) - (a < b);
}

template <class T>
void check_pair(const T& a, const T& b) {
  const std::string encoded = bytes_of(a);
  RC_ASSERT(encoded.size() == Codec<T>::size(a));
  RC_ASSERT(Codec<T>::fixed_size == 0 || Codec<T>::fixed_size == encoded.size());
  RC_ASSERT(Codec<T>::read(encoded) == a);
  RC_ASSERT(sign(encoded.compare(bytes_of(b))) == order(a, b));
}

template <class T>
void check_type() {
  holds("encodings keep the order and read back", [](const T& a, const T& b) {
    check_pair(a, b);
    check_pair(a, a);
  });
}

// Each of these types from the same two numbers: a property for each would take a minute to compile.
template <class... T>
void check_integers() {
  holds("encodings keep the order and read back", [](std::int64_t a, std::int64_t b) {
    (check_pair(static_cast<T>(a), static_cast<T>(b)), ...);
    (check_pair(static_cast<T>(a), static_cast<T>(a)), ...);
  });
}

// Text of few letters, so that beginnings, NULs and equal strings are common.
struct Text : std::string {
  using std::string::string;
};

}  // namespace

template <>
struct thresh::Codec<Upper> {
  static constexpr std::size_t fixed_size = 0;
  static std::size_t size(const Upper& value) { return value.text.size(); }
  static char* write(const Upper& value, char* at) {
    return std::copy(value.text.begin(), value.text.end(), at);
  }
  static Upper read(std::string_view bytes) { return {std::string(bytes)}; }
};

namespace rc {
template <>
struct Arbitrary<Text> {
  static Gen<Text> arbitrary() {
    return gen::container<Text>(gen::element('\0', '\1', '\2', 'a', 'b', '\xff'));
  }
};
template <>
struct Arbitrary<Colour> {
  static Gen<Colour> arbitrary() { return gen::element(Colour::Red, Colour::Green, Colour::Blue); }
};
template <>
struct Arbitrary<Visit> {
  static Gen<Visit> arbitrary() {
    return gen::map(gen::arbitrary<std::pair<Text, std::int32_t>>(), [](auto fields) {
      return Visit{fields.first, fields.second};
    });
  }
};
}  // namespace rc

TEST_CASE("integers of every width keep their order as bytes") {
  check_integers<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t,
                 std::int64_t, std::uint64_t, long long, char, bool>();
  check_type<Colour>();
}

TEST_CASE("128-bit integers keep their order as bytes") {
  using thresh::Int128;
  using thresh::Uint128;
  holds("signed and unsigned", [](std::int64_t a, std::uint64_t b, std::int64_t c, std::uint64_t d) {
    check_pair<Uint128>(Uint128{b} << 64 | d, Uint128{d} << 64 | b);
    check_pair<Int128>(Int128{a} * (Int128{1} << 63) + Int128{c}, Int128{c} * (Int128{1} << 63) + Int128{a});
  });
}

TEST_CASE("the extremes of integers are the extremes of bytes") {
  CHECK(bytes_of(std::numeric_limits<std::int64_t>::min()) == std::string(8, '\0'));
  CHECK(bytes_of(std::numeric_limits<std::int64_t>::max()) == std::string(8, '\xff'));
  CHECK(bytes_of(std::uint32_t{0x01020304}) == "\1\2\3\4");
}

TEST_CASE("an encoding of a number that is never written is refused: another NaN, or the other zero") {
  CHECK_THROWS_AS(Codec<double>::read(std::string("\xff\xff\xff\x46\0\0\0\x40", 8)), thresh::Error);
  CHECK_THROWS_AS(Codec<double>::read(std::string("\x7f\xff\xff\xff\xff\xff\xff\xff", 8)), thresh::Error);
  CHECK_THROWS_AS(Codec<float>::read(std::string("\x7f\xff\xff\xff", 4)), thresh::Error);
  CHECK(Codec<float>::read(std::string("\x80\0\0\0", 4)) == 0.0F);
}

TEST_CASE("floating point keeps its order, with one zero and one NaN after infinity") {
  check_type<double>();
  check_type<float>();
  CHECK(bytes_of(-0.0) == bytes_of(0.0));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(bytes_of(nan) == bytes_of(-nan));
  CHECK(bytes_of(std::numeric_limits<double>::signaling_NaN()) == bytes_of(nan));
  CHECK(bytes_of(infinity) < bytes_of(nan));
  CHECK(std::isnan(Codec<double>::read(bytes_of(nan))));
  const std::vector<double> rising = {-infinity, -1e300, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1e300, infinity};
  for (std::size_t i = 1; i < rising.size(); ++i) CHECK(bytes_of(rising[i - 1]) < bytes_of(rising[i]));
}

TEST_CASE("a string is its own encoding") {
  const std::string text("a\0b", 3);
  CHECK(bytes_of(text) == text);
  CHECK(bytes_of(std::string_view(text)) == text);
  CHECK(Codec<std::string>::read(text) == text);
  holds("strings keep their order", [](const Text& a, const Text& b) { check_pair<std::string>(a, b); });
}

TEST_CASE("strings inside pairs, tuples and arrays keep the order of the whole") {
  holds("pairs of strings", [](const Text& a, const Text& b, const Text& c, const Text& d) {
    check_pair(std::pair<std::string, std::string>(a, b), std::pair<std::string, std::string>(c, d));
    check_pair(std::pair<std::string, std::string>(a, b), std::pair<std::string, std::string>(a, d));
    check_pair(std::array<std::string, 2>{a, b}, std::array<std::string, 2>{c, d});
  });
  holds("mixed tuples", [](const Text& a, std::int16_t n, const Text& b, bool f) {
    using Mixed = std::tuple<std::string, std::int16_t, std::pair<std::string, bool>>;
    check_pair(Mixed{a, n, {b, f}}, Mixed{b, n, {a, f}});
    check_pair(Mixed{a, n, {b, f}}, Mixed{a, n, {a, f}});
  });
}

TEST_CASE("what is of fixed size stays so inside a composite") {
  STATIC_REQUIRE(Codec<std::pair<std::int32_t, double>>::fixed_size == 12);
  STATIC_REQUIRE(Codec<std::array<std::uint16_t, 3>>::fixed_size == 6);
  STATIC_REQUIRE(Codec<std::tuple<std::string, int>>::fixed_size == 0);
  STATIC_REQUIRE(Codec<thresh::RecordId>::fixed_size == 12);
  CHECK(bytes_of(std::tuple<>()).empty());
  CHECK(bytes_of(std::pair<std::string, std::string>("a", "")) == std::string("a\0\0\0\0", 5));
}

TEST_CASE("a struct with key_fields is a key") {
  check_type<Visit>();
  CHECK(Codec<Range>::read(bytes_of(Range(3, 9))) == Range(3, 9));
  STATIC_REQUIRE(Codec<Range>::fixed_size == 4);
  using Nested = std::pair<Visit, Upper>;
  CHECK(Codec<Nested>::read(bytes_of(Nested{{"h", 1}, {"x"}})) == Nested{{"h", 1}, {"x"}});
}

TEST_CASE("a codec of the author's own is escaped inside a composite") {
  holds("pairs", [](const Text& a, const Text& b, std::int8_t n) {
    const auto make = [n](const Text& text) { return std::pair<Upper, std::int8_t>({text}, n); };
    RC_ASSERT((Codec<std::pair<Upper, std::int8_t>>::read(bytes_of(make(a))) == make(a)));
    RC_ASSERT(sign(bytes_of(make(a)).compare(bytes_of(make(b)))) == sign(a.compare(b)));
  });
}

TEST_CASE("views of strings encode as the strings do") {
  using Key = std::tuple<std::string, int>;
  STATIC_REQUIRE(std::is_same_v<thresh::View<Key>, std::tuple<std::string_view, int>>);
  CHECK(bytes_of(thresh::View<Key>("a", 3)) == bytes_of(Key("a", 3)));
}

TEST_CASE("types without an order have no codec") {
  struct Plain {
    int a;
  };
  STATIC_REQUIRE_FALSE(thresh::Encodable<Plain>);
  STATIC_REQUIRE_FALSE(thresh::Encodable<std::pair<int, Plain>>);
  STATIC_REQUIRE_FALSE(thresh::Encodable<int*>);
  STATIC_REQUIRE_FALSE(thresh::Encodable<long double>);
  STATIC_REQUIRE_FALSE(thresh::Encodable<std::map<int, int>>);
}

TEST_CASE("bytes that are no encoding are refused or give some value") {
  const auto any = [](const std::string& bytes) {
    thresh::test::decodes_or_throws([&] { (void)Codec<bool>::read(bytes); });
    thresh::test::decodes_or_throws([&] { (void)Codec<std::int64_t>::read(bytes); });
    thresh::test::decodes_or_throws([&] { (void)Codec<double>::read(bytes); });
    thresh::test::decodes_or_throws([&] { (void)Codec<Visit>::read(bytes); });
    thresh::test::decodes_or_throws([&] { (void)Codec<std::array<std::string, 3>>::read(bytes); });
    thresh::test::decodes_or_throws([&] { (void)Codec<std::pair<Upper, Upper>>::read(bytes); });
    thresh::test::decodes_or_throws([&] { (void)Codec<thresh::DecimalSum>::read(bytes); });
  };
  holds("random bytes", [&](const std::string& bytes, const Text& text) {
    any(bytes);
    any(text);
  });
  holds("truncated and damaged encodings", [](const Visit& visit) {
    thresh::test::for_each_damage(bytes_of(visit),
                                  [](const std::string& bytes) { (void)Codec<Visit>::read(bytes); });
  });
  CHECK_THROWS_AS(Codec<std::int32_t>::read("abc"), thresh::Error);
  CHECK_THROWS_AS((Codec<std::pair<bool, bool>>::read(std::string(3, '\0'))), thresh::Error);
}
