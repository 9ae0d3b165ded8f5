#include "thresh/decimal.hpp"

#include <algorithm>
#include <random>

#include "support/catch.hpp"
#include "support/damage.hpp"
#include "support/errors.hpp"
#include "support/property.hpp"
#include "thresh/value_codec.hpp"

namespace {

using thresh::Decimal;
using thresh::DecimalSum;
using thresh::Int128;
using thresh::Uint128;
using thresh::test::bytes_of;
using thresh::test::contains;
using thresh::test::error_of;
using thresh::test::holds;

template <class T>
std::string text_of(const T& value) {
  std::string text;
  thresh::to_text(text, value);
  return text;
}
std::string again(std::string_view text) {
  return text_of(Decimal::parse(text));
}
std::string sum_of(const std::vector<std::string>& texts) {
  DecimalSum sum;
  for (const std::string& text : texts) sum += DecimalSum(Decimal::parse(text));
  return text_of(sum);
}
std::string refusal(const std::string& text) {
  return error_of([&] { (void)Decimal::parse(text); });
}

// Any decimal: all 128 bits, any number of digits that it can print with.
rc::Gen<Decimal> any_decimal() {
  return rc::gen::map(
      rc::gen::arbitrary<std::tuple<std::int64_t, std::uint64_t, std::uint8_t>>(), [](auto parts) {
        const unsigned digits = std::get<2>(parts) % 19;
        const auto unit = static_cast<Int128>(thresh::detail::kPowersOf10[18 - digits]);
        const Int128 units = Int128{std::get<0>(parts)} * (Int128{1} << 60) + Int128{std::get<1>(parts) >> 8};
        return Decimal(units - units % unit, digits);
      });
}

const std::string kLargest = "170141183460469231731.687303715884105727";

}  // namespace

TEST_CASE("decimals print as they were written") {
  for (const char* text : {"0", "1", "-1", "12.50", "0.000000000000000001", "-0.5", "100", "1.0",
                           "99999999999999999999.999999999999999999"}) {
    CHECK(again(text) == text);
  }
  CHECK(again(kLargest) == kLargest);
  CHECK(again("-" + kLargest) == "-" + kLargest);
  CHECK(again("+7") == "7");
  CHECK(again(".5") == "0.5");
  CHECK(again("5.") == "5");
  CHECK(again("007.10") == "7.10");
  CHECK(again("-0.00") == "0.00");
  CHECK(again(std::string(100, '0') + "1") == "1");
}

TEST_CASE("what is no decimal is refused with the reason") {
  for (const char* text : {"", "-", "+", ".", "-.", "abc", "1e5", "1,5", "1.2.3", " 1", "1 ", "1\r", "--1",
                           "0x10", "inf", "nan", "1_000", "\xff"}) {
    CAPTURE(text);
    CHECK(contains(refusal(text), "is not a decimal number"));
  }
  CHECK(refusal("abc") == "'abc' is not a decimal number");
  CHECK(refusal("a\tb\n") == "'a\\x09b\\x0a' is not a decimal number");
  CHECK(contains(refusal("0.1234567890123456789"), "more than 18 digits after the point"));
  CHECK(contains(refusal("170141183460469231731.687303715884105728"), "beyond the largest number"));
  CHECK(contains(refusal("-170141183460469231732"), "beyond the largest number"));
  CHECK(contains(refusal("18446744073709551616000"), "beyond the largest number"));
  CHECK(contains(refusal(std::string(50, '9')), "beyond the largest number"));
  CHECK(contains(refusal(std::string(500, '9') + ".5"), "beyond the largest number"));
  CHECK(refusal(std::string(500, 'x')).size() < 100);
}

TEST_CASE("decimals read back and keep their order as bytes") {
  holds("text and bytes", [] {
    const Decimal a = *any_decimal();
    const Decimal b = *any_decimal();
    const Decimal parsed = Decimal::parse(text_of(a));
    RC_ASSERT(parsed == a);
    RC_ASSERT(parsed.digits() == a.digits());
    RC_ASSERT(thresh::Codec<Decimal>::read(bytes_of(a)) == a);
    RC_ASSERT((bytes_of(a) < bytes_of(b)) == (a < b));
    RC_ASSERT((bytes_of(a) == bytes_of(b)) == (a == b));
  });
  CHECK(bytes_of(Decimal::parse("1.5")) == bytes_of(Decimal::parse("1.50")));
  CHECK(text_of(thresh::Codec<Decimal>::read(bytes_of(Decimal::parse("1.50")))) == "1.5");
}

TEST_CASE("sums are exact and print with the most digits of what was added") {
  CHECK(sum_of({}) == "0");
  CHECK(sum_of({"0.1", "0.2"}) == "0.3");
  CHECK(sum_of({"1", "-1.00"}) == "0.00");
  CHECK(sum_of({"-3", "1.5"}) == "-1.5");
  CHECK(sum_of({"12.50", "-.5", "1"}) == "13.00");
  CHECK(sum_of(std::vector<std::string>(10, "0.1")) == "1.0");
}

TEST_CASE("a sum may leave the range on its way") {
  CHECK(sum_of({kLargest, kLargest, "-" + kLargest}) == kLargest);
  CHECK(sum_of({"-" + kLargest, "-" + kLargest, kLargest, kLargest, "3"}) == "3.000000000000000000");
  CHECK(sum_of({"-" + kLargest, "-0.000000000000000001"}) == "-170141183460469231731.687303715884105728");
  CHECK(contains(error_of([] { sum_of({kLargest, "0.000000000000000001"}); }), "the sum is beyond"));
  CHECK(contains(error_of([] { sum_of({"-" + kLargest, "-0.000000000000000002"}); }), "the sum is beyond"));
}

TEST_CASE("a sum does not depend on the order or the grouping of adding") {
  holds("shuffled and grouped", [](std::uint32_t seed) {
    auto numbers = *rc::gen::container<std::vector<Decimal>>(any_decimal());
    DecimalSum forward;
    for (const Decimal& number : numbers) forward += DecimalSum(number);
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937(seed));
    DecimalSum first;
    DecimalSum second;
    for (std::size_t i = 0; i < numbers.size(); ++i) (i % 3 == 0 ? first : second) += DecimalSum(numbers[i]);
    first += second;
    RC_ASSERT(first == forward);
    RC_ASSERT(bytes_of(first) == bytes_of(forward));
    RC_ASSERT(thresh::Codec<DecimalSum>::read(bytes_of(first)) == first);
    std::uint64_t low_bits = 0;
    for (const Decimal& number : numbers) low_bits += DecimalSum(number).low_bits();
    RC_ASSERT(low_bits == first.low_bits());
  });
}

TEST_CASE("sums keep their order as bytes") {
  holds("by value", [] {
    const DecimalSum a(*any_decimal());
    const DecimalSum b(*any_decimal());
    if (a.total() < b.total()) RC_ASSERT(bytes_of(a) < bytes_of(b));
  });
}

TEST_CASE("a sum in a struct travels as it lies, and bytes that are no sum print nothing") {
  struct Total {
    DecimalSum sum;
    std::uint64_t count = 0;
  };
  using Values = thresh::ValueCodec<Total>;
  const auto printed = [](const std::string& bytes) {
    return error_of([&] { text_of(Values::read(bytes).sum); });
  };
  STATIC_REQUIRE(Values::fixed_size == sizeof(Total));
  std::string bytes;
  Values::append({DecimalSum(Decimal::parse("-1.5")), 1}, bytes);
  CHECK(printed(bytes) == "");
  CHECK(Values::read(bytes).sum == DecimalSum(Decimal::parse("-1.5")));
  bytes[16] = 19;
  CHECK(contains(printed(bytes), "too many digits"));
  CHECK(contains(printed(std::string(32, '\7')), "the sum is beyond"));
}

TEST_CASE("short numbers are read as long ones are") {
  // The same number with zeros in front is too long for the short way.
  holds([] {
    const auto whole = *rc::gen::container<std::string>(rc::gen::inRange('0', ':'));
    const auto part = *rc::gen::container<std::string>(rc::gen::inRange('0', ':'));
    const auto form = *rc::gen::inRange(0, 3);
    std::string text = whole.substr(0, 9);
    if (form > 0) text += '.';
    if (form > 1) text += part.substr(0, 7);
    RC_PRE(text != "" && text != ".");
    const auto number = thresh::Decimal::parse(text);
    const auto longer = thresh::Decimal::parse("000000000" + text);
    RC_ASSERT(number == longer);
    RC_ASSERT(number.digits() == longer.digits());
  });
}

TEST_CASE("short texts that are no numbers are refused, whatever byte is wrong") {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t at = 0; at < 8; ++at) {
      std::string text = "12345678";
      text[at] = static_cast<char>(byte);
      const bool number =
          (byte >= '0' && byte <= '9') || byte == '.' || (at == 0 && (byte == '-' || byte == '+'));
      CHECK(thresh::test::error_of([&] { thresh::Decimal::parse(text); }).empty() == number);
      text = "1.345678";
      text[at] = static_cast<char>(byte);
      const bool again = (byte >= '0' && byte <= '9') || (at == 1 && byte == '.') ||
                         (at == 0 && (byte == '-' || byte == '+'));
      CHECK(thresh::test::error_of([&] { thresh::Decimal::parse(text); }).empty() == again);
    }
  }
  for (const char* text : {"", ".", "-", "+.", "1..", "..1", "-.-", " 1", "1 "}) {
    CHECK_FALSE(thresh::test::error_of([&] { thresh::Decimal::parse(text); }).empty());
  }
}
