// Decimal numbers of a text and their sums, exact, as the job `sum` has them.
#pragma once

#include <smmintrin.h>
#include <tmmintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "files.hpp"
#include "words.hpp"

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

inline constexpr unsigned kMostDigits = 18;  // after the point; sums count units of 10^-18
inline constexpr auto kPowers = [] {
  std::array<std::uint64_t, kMostDigits + 1> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = 10 * powers[i - 1];
  return powers;
}();

struct Number {
  Int128 units;
  std::uint32_t digits;  // after the point
};

struct Total {
  Int128 units = 0;
  std::uint64_t count = 0;
  std::uint32_t digits = 0;

  void add(const Total& other) {
    if (__builtin_add_overflow(units, other.units, &units)) fail("a sum is beyond 1.7e20");
    count += other.count;
    digits = std::max(digits, other.digits);
  }
};

// Any number that the job takes, a digit at a time.
inline Number parse_slowly(std::string_view text) {
  const auto refuse = [text] { fail("no decimal number: " + std::string(text)); };
  std::string_view left = text;
  if (!left.empty() && (left[0] == '-' || left[0] == '+')) left.remove_prefix(1);
  Int128 number = 0;
  std::uint32_t digits = 0;
  bool point = false, any = false;
  for (const char c : left) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') refuse();
    any = true;
    if (point) ++digits;
    if (__builtin_mul_overflow(number, Int128{10}, &number) ||
        __builtin_add_overflow(number, Int128{c - '0'}, &number)) {
      refuse();
    }
  }
  if (!any || digits > kMostDigits) refuse();
  if (__builtin_mul_overflow(number, static_cast<Int128>(kPowers[kMostDigits - digits]), &number)) refuse();
  return {text[0] == '-' ? -number : number, digits};
}

// A number of at most 16 characters without a loop. REQUIRES: 16 bytes before its end can be read.
inline Number parse(const char* begin, const char* end) {
  const bool negative = *begin == '-';
  const char* const first = begin + (negative ? 1 : 0);
  const auto size = static_cast<std::size_t>(end - first);
  if (size > 16 || size == 0) return parse_slowly({begin, end});

  // The text at the end of 16 bytes, what is before it zeros.
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16));
  const __m128i index = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128i ours = _mm_cmpgt_epi8(index, _mm_set1_epi8(static_cast<char>(15 - size)));
  const __m128i points = _mm_and_si128(ours, _mm_cmpeq_epi8(text, _mm_set1_epi8('.')));
  __m128i values = _mm_and_si128(ours, _mm_sub_epi8(text, _mm_set1_epi8('0')));
  const auto point_mask = static_cast<unsigned>(_mm_movemask_epi8(points));
  std::uint32_t digits = 0;
  if (point_mask != 0) {
    // What is before the point moves up by one and covers it. Of two points one stays and is no digit.
    const unsigned at = static_cast<unsigned>(std::countr_zero(point_mask));
    digits = 15 - at;
    const __m128i behind = _mm_cmpgt_epi8(index, _mm_set1_epi8(static_cast<char>(at)));
    values = _mm_blendv_epi8(_mm_slli_si128(values, 1), values, behind);
    if (size == 1) return parse_slowly({begin, end});
  }
  if (_mm_movemask_epi8(_mm_cmpgt_epi8(_mm_min_epu8(values, _mm_set1_epi8(10)), _mm_set1_epi8(9))) != 0) {
    return parse_slowly({begin, end});
  }
  // Pairs, then fours, then eights of digits become numbers.
  const __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi16(10 | 1 << 8));
  const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(100 | 1 << 16));
  const __m128i packed = _mm_packus_epi32(fours, fours);
  const __m128i eights = _mm_madd_epi16(packed, _mm_set1_epi32(10000 | 1 << 16));
  const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  const std::uint64_t number = (both & 0xffffffffU) * 100000000U + (both >> 32);
  const auto magnitude = static_cast<Int128>(Uint128{number} * kPowers[kMostDigits - digits]);
  const auto sign = -static_cast<Int128>(negative);  // a branch would be wrong half of the time
  return {(magnitude ^ sign) - sign, digits};
}

inline char* put_sum(char* to, const Total& total) {
  Uint128 left = total.units < 0 ? -static_cast<Uint128>(total.units) : static_cast<Uint128>(total.units);
  if (total.units < 0) *to++ = '-';
  left /= kPowers[kMostDigits - total.digits];
  std::array<char, 48> text;
  std::size_t at = text.size();
  for (std::uint32_t written = 0; left != 0 || written <= total.digits; ++written) {
    if (written == total.digits && written > 0) text[--at] = '.';
    text[--at] = static_cast<char>('0' + static_cast<int>(left % 10));
    left /= 10;
  }
  std::memcpy(to, text.data() + at, text.size() - at);
  return to + (text.size() - at);
}

// The line of output of a category.
inline void write_total(Lines& lines, std::string_view category, const Total& total) {
  char* at = lines.room(category.size() + 80);
  std::memcpy(at, category.data(), category.size());
  at += category.size();
  *at++ = '\t';
  at = put_sum(at, total);
  *at++ = '\t';
  at = put_number(at, total.count);
  *at++ = '\n';
  lines.done(at);
}
