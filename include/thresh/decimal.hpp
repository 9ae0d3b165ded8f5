// Exact decimal numbers: sums of them do not depend on the order of adding, and nothing is rounded.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "thresh/bytes.hpp"
#include "thresh/codec.hpp"
#include "thresh/errors.hpp"
#include "thresh/short_key.hpp"
#include "thresh/text.hpp"
#include "thresh/value_codec.hpp"

namespace thresh {

namespace detail {

inline constexpr auto kPowersOf10 = [] {
  std::array<std::uint64_t, 20> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = 10 * powers[i - 1];
  return powers;
}();

}  // namespace detail

// A number with up to 18 digits after the point, from about -1.7e20 to 1.7e20 (2^127 units of 10^-18). How
// many digits it was written with is remembered for printing; it is no part of the value or of its encoding.
class Decimal {
 public:
  static constexpr unsigned kMaxDigits = 18;  // after the point

  constexpr Decimal() = default;
  // `units` of 10^-18, to be printed with `digits` after the point.
  constexpr Decimal(Int128 units, unsigned digits) : units_(units), digits_(digits) {}

  // An optional sign, digits, and optionally a point with digits: "-12.50", ".5", "7.". Throws BadRecord that
  // says why the text is no such number.
  [[gnu::always_inline]] static Decimal parse(std::string_view text);

  constexpr Int128 units() const noexcept { return units_; }
  constexpr unsigned digits() const noexcept { return digits_; }

  friend constexpr bool operator==(const Decimal& a, const Decimal& b) { return a.units_ == b.units_; }
  friend constexpr std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
    return a.units_ <=> b.units_;
  }

 private:
  static Decimal parse_any(std::string_view text);

  Int128 units_ = 0;
  unsigned digits_ = 0;
};

namespace detail {

// A number from its digits, in 64 bits as long as it fits.
class DigitReader {
 public:
  // Takes the digits at the front of `text`; returns how many there were.
  std::size_t take(std::string_view text) {
    std::size_t at = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      const auto digit = static_cast<unsigned>(text[at] - '0');
      if (narrow_ <= (UINT64_MAX - 9) / 10) [[likely]] {
        narrow_ = 10 * narrow_ + digit;
      } else {
        if (wide_ == 0) wide_ = narrow_;
        if (wide_ > (~Uint128{0} - 9) / 10) too_large_ = true;
        wide_ = 10 * wide_ + digit;
      }
    }
    return at;
  }
  // The number times `factor`; false if that takes more than 127 bits.
  bool times(std::uint64_t factor, Uint128& product) const {
    const Uint128 number = wide_ != 0 ? wide_ : narrow_;
    return !__builtin_mul_overflow(number, factor, &product) && !too_large_ && product >> 127 == 0;
  }

 private:
  std::uint64_t narrow_ = 0;
  Uint128 wide_ = 0;  // the number, once it is too large for narrow_
  bool too_large_ = false;
};

// Numbers of up to 8 characters, without a loop. False for those that are none, and for texts that need a
// closer look.
[[gnu::always_inline]] inline bool parse_short_number(std::string_view text, std::uint64_t& number,
                                                      unsigned& digits) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kPoint = '.' ^ '0';
  const std::size_t size = text.size();
  if (size - 1 >= 8) return false;
  // A byte a character, the last one in the highest: their values if they are digits, zeros in front.
  std::uint64_t values = (ShortKey::read_8(text) ^ (kOnes * '0')) << 8 * (8 - size);
  // Bit 7 of each byte that is no digit. What it carries into the next byte may be wrong, but then it is not
  // the only one.
  const std::uint64_t others = ((values + kOnes * (0x7f - 9)) | values) & (kOnes << 7);
  digits = 0;
  if (others != 0) {
    const std::uint64_t one = others >> 7;                           // in the byte of the point
    const auto place = static_cast<unsigned>(__builtin_ctzll(one));  // countr_zero looks whether it is 0
    if ((others & (others - 1)) != 0 || (values >> place & 255) != kPoint || size == 1) return false;
    // What is before the point moves up.
    values = (values & -(one << 8)) | (values & (one - 1)) << 8;
    digits = 7 - place / 8;
  }
  // Pairs, then fours and eights of digits are put together (Lemire, "Quickly parsing eight digits", 2018;
  // the first digit is in the lowest byte).
  values = values * 10 + (values >> 8);
  constexpr std::uint64_t kPairs = 0x000000ff000000ffU;
  number = ((values & kPairs) * (100 + (std::uint64_t{1000000} << 32)) +
            (values >> 16 & kPairs) * (1 + (std::uint64_t{10000} << 32))) >>
           32;
  return true;
}

}  // namespace detail

inline Decimal Decimal::parse(std::string_view text) {
  // Signs come as they like: no branch on them.
  const char sign = text.empty() ? '\0' : text.front();
  const auto minus = static_cast<unsigned>(sign == '-');
  const auto plus = static_cast<unsigned>(sign == '+');
  std::uint64_t number = 0;
  unsigned digits = 0;
  if (detail::parse_short_number(text.substr(minus | plus), number, digits)) [[likely]] {
    // Half by half: compilers keep what has 128 bits in memory, and multiply four halves of it.
    const std::uint64_t with_sign = (number ^ -std::uint64_t{minus}) + minus;
    const std::uint64_t power = detail::kPowersOf10[kMaxDigits - digits];
    const Uint128 product = Uint128{with_sign} * power;
    const auto sign_bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(with_sign) >> 63);
    const std::uint64_t high = static_cast<std::uint64_t>(product >> 64) - (power & sign_bits);
    return {static_cast<Int128>(Uint128{high} << 64 | static_cast<std::uint64_t>(product)), digits};
  }
  return parse_any(text);
}

[[gnu::noinline]] inline Decimal Decimal::parse_any(std::string_view text) {
  const auto refuse = [text](const char* why) { throw BadRecord(quoted(text) + why); };
  std::string_view left = text;
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) left.remove_prefix(1);
  detail::DigitReader number;
  const std::size_t whole = number.take(left);
  left.remove_prefix(whole);
  std::size_t digits = 0;
  if (left.starts_with('.')) {
    digits = number.take(left.substr(1));
    left.remove_prefix(1 + digits);
  }
  if (!left.empty() || whole + digits == 0) refuse(" is not a decimal number");
  if (digits > kMaxDigits) refuse(" has more than 18 digits after the point");
  Uint128 units = 0;
  if (!number.times(detail::kPowersOf10[kMaxDigits - digits], units)) {
    refuse(" is beyond the largest number, about 1.7e20");
  }
  return {static_cast<Int128>(minus ? -units : units), static_cast<unsigned>(digits)};
}

inline void to_text(std::string& out, const Decimal& value) {
  const bool negative = value.units() < 0;
  Uint128 left = negative ? -static_cast<Uint128>(value.units()) : static_cast<Uint128>(value.units());
  left /= detail::kPowersOf10[Decimal::kMaxDigits - value.digits()];
  std::array<char, 48> text;
  char* at = text.data() + text.size();
  for (unsigned written = 0; left != 0 || written <= value.digits(); ++written) {
    if (written == value.digits() && written > 0) *--at = '.';
    *--at = static_cast<char>('0' + static_cast<int>(left % 10));
    left /= 10;
  }
  if (negative) *--at = '-';
  out.append(at, static_cast<std::size_t>(text.data() + text.size() - at));
}

// Decoded, it prints with as many digits as it needs.
template <>
struct Codec<Decimal> {
  static constexpr std::size_t fixed_size = 16;
  static std::size_t size(const Decimal&) noexcept { return fixed_size; }
  static char* write(const Decimal& value, char* at) noexcept {
    return Codec<Int128>::write(value.units(), at);
  }
  static Decimal read(std::string_view bytes) {
    const Int128 units = Codec<Int128>::read(bytes);
    unsigned digits = Decimal::kMaxDigits;
    while (digits > 0 &&
           units % static_cast<Int128>(detail::kPowersOf10[Decimal::kMaxDigits - digits + 1]) == 0) {
      --digits;
    }
    return {units, digits};
  }
};

// A sum of decimals, in 184 bits: 2^56 of them cannot overflow it. Prints with as many digits after the point
// as the longest of them had. Three words without padding, so that a struct of sums and counts travels as it
// lies in memory: to swap its bytes on the way into a table and out of it was a tenth of the job `sum`. By
// itself, and in pairs and tuples, it has a codec.
class DecimalSum {
 public:
  constexpr DecimalSum() = default;
  explicit constexpr DecimalSum(const Decimal& value)
      : low_(static_cast<std::uint64_t>(value.units())),
        middle_(static_cast<std::uint64_t>(value.units() >> 64)),
        top_((static_cast<std::uint64_t>(value.units() >> 127) & ~kDigits) | value.digits()) {}

  constexpr DecimalSum& operator+=(const DecimalSum& other) {
    // Word by word: compilers keep what has 128 bits in memory.
    const bool carry_low = __builtin_add_overflow(low_, other.low_, &low_);
    const bool carry_middle = __builtin_add_overflow(middle_, other.middle_, &middle_);
    const bool carried = __builtin_add_overflow(middle_, std::uint64_t{carry_low}, &middle_);
    const std::uint64_t carry = carry_middle || carried ? kDigits + 1 : 0;
    // Of the digits the greater number stays.
    top_ = top_ + other.top_ - std::min(top_ & kDigits, other.top_ & kDigits) + carry;
    return *this;
  }
  // The sum modulo 2^64 units of 10^-18: linear, so it can serve as a conserved weight.
  constexpr std::uint64_t low_bits() const noexcept { return low_; }
  // Throws BadRecord if the sum is beyond the range of Decimal, Error for bytes that are no sum.
  Decimal total() const {
    const auto total = static_cast<Int128>(units());
    if ((top_ | kDigits) != (total < 0 ? ~std::uint64_t{0} : kDigits)) {
      throw BadRecord("the sum is beyond the largest number, about 1.7e20");
    }
    const auto digits = static_cast<unsigned>(top_ & kDigits);
    if (digits > Decimal::kMaxDigits) refuse_bytes("a decimal sum with too many digits");
    return {total, digits};
  }
  bool operator==(const DecimalSum&) const = default;

 private:
  friend struct Codec<DecimalSum>;
  static constexpr std::uint64_t kDigits = 255;  // these bits of top_

  constexpr Uint128 units() const noexcept { return Uint128{middle_} << 64 | low_; }

  std::uint64_t low_ = 0;
  std::uint64_t middle_ = 0;
  std::uint64_t top_ = 0;  // the highest 56 bits of the sum, and the digits
};
static_assert(detail::FlatStruct<DecimalSum>);

inline void to_text(std::string& out, const DecimalSum& sum) {
  to_text(out, sum.total());
}

template <>
struct Codec<DecimalSum> {
  static constexpr std::size_t fixed_size = 25;
  static std::size_t size(const DecimalSum&) noexcept { return fixed_size; }
  static char* write(const DecimalSum& sum, char* at) noexcept {
    at = Codec<std::int64_t>::write(static_cast<std::int64_t>(sum.top_) >> 8, at);
    at = Codec<Uint128>::write(sum.units(), at);
    *at = static_cast<char>(sum.top_ & DecimalSum::kDigits);
    return at + 1;
  }
  static DecimalSum read(std::string_view bytes) {
    detail::need_size(bytes, fixed_size);
    const std::int64_t high = Codec<std::int64_t>::read(bytes.substr(0, 8));
    const auto units = Codec<Uint128>::read(bytes.substr(8, 16));
    const auto digits = static_cast<unsigned char>(bytes[24]);
    DecimalSum sum;
    sum.low_ = static_cast<std::uint64_t>(units);
    sum.middle_ = static_cast<std::uint64_t>(units >> 64);
    sum.top_ = static_cast<std::uint64_t>(high) << 8 | digits;
    if (digits > Decimal::kMaxDigits || static_cast<std::int64_t>(sum.top_) >> 8 != high) {
      refuse_bytes("no decimal sum");
    }
    return sum;
  }
};

}  // namespace thresh
