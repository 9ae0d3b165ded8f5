// How keys and values look in a line of output.
#pragma once

#include <array>
#include <bit>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "thresh/bytes.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace thresh {

// Text from the input for a message: in quotes, its first 60 bytes, what is not printable ASCII as \xNN.
inline std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 60;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "'";
  for (const char c : text.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c >= ' ' && c <= '~') {
      out.push_back(c);
    } else {
      out.append({'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]});
    }
  }
  return out + (text.size() > kShown ? "...'" : "'");
}

// Where `wanted` is first in `text`; npos without it. For short texts: the call alone of memchr is as much.
inline std::size_t find_byte(std::string_view text, char wanted) noexcept {
#if defined(__SSE2__) && !defined(THRESH_READS_ARE_CHECKED)
  constexpr std::uintptr_t kLastStartInPage = 4096 - 64;
  const char* at = text.data();
  if (text.empty()) return std::string_view::npos;  // it may lie where nothing can be read
  if ((reinterpret_cast<std::uintptr_t>(at) & 4095U) <= kLastStartInPage) [[likely]] {
    __asm__("" : "+r"(at));  // where it comes from is not the compiler's business
    const __m128i each = _mm_set1_epi8(wanted);
    const auto found = [&](const char* from) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, each)));
      return std::uint64_t{mask};
    };
    // Most fields are short.
    const std::uint64_t begin = found(at);
    const std::uint64_t first =
        begin != 0 ? begin : found(at + 16) << 16 | found(at + 32) << 32 | found(at + 48) << 48;
    if (first != 0) {
      const auto place = static_cast<std::size_t>(std::countr_zero(first));
      return place < text.size() ? place : std::string_view::npos;
    }
    return text.find(wanted, 64);
  }
#endif
  return text.find(wanted);
}

// to_text(out, value) appends what stands in a line of output. A type of a job's author takes part by
// its own to_text(std::string&, const T&) in its namespace.

inline void to_text(std::string& out, std::string_view value) {
  out.append(value);
}
inline void to_text(std::string& out, const std::string& value) {
  out.append(value);
}
inline void to_text(std::string& out, const char* value) {
  out.append(value);
}
inline void to_text(std::string& out, char value) {
  out.push_back(value);
}
void to_text(std::string& out, std::same_as<bool> auto value) {
  out.append(value ? "true" : "false");
}

namespace detail {

template <class T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

using Digits = std::array<char, 64>;  // of any number

// Integers in decimal; floating point in the fewest digits that read back as the same number.
template <Number T>
std::string_view digits_of(T value, Digits& digits) {
  if constexpr (std::unsigned_integral<T>) {
    if (value < 10) {  // most counts
      // Stored at once, as it is read: what is put together from smaller stores is waited for.
      using Bytes [[gnu::vector_size(16)]] = char;
      const Bytes bytes{static_cast<char>('0' + value)};
      std::memcpy(digits.data(), &bytes, sizeof bytes);
      return {digits.data(), 1};
    }
  }
  const auto done = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), static_cast<std::size_t>(done.ptr - digits.data())};
}

}  // namespace detail

template <detail::Number T>
void to_text(std::string& out, T value) {
  detail::Digits digits;
  out.append(detail::digits_of(value, digits));
}

namespace detail {

template <class T>
concept TupleLike = requires {
  std::tuple_size<T>::value;
};

// What to_text of a struct returns if it has none of its own: it wrote the fields.
struct FieldsWritten {};

}  // namespace detail

// The fields of a pair, tuple or array are separated by TABs.
template <detail::TupleLike T>
void to_text(std::string& out, const T& value);
// A struct with key_fields(), unless it has a to_text of its own, is its fields.
template <class T>
requires std::is_class_v<T> && requires(const T& value) {
  value.key_fields();
}
detail::FieldsWritten to_text(std::string& out, const T& value) {
  to_text(out, value.key_fields());
  return {};
}

template <detail::TupleLike T>
void to_text(std::string& out, const T& value) {
  std::apply(
      [&out](const auto&... field) {
        std::size_t index = 0;
        ((index++ > 0 ? out.push_back('\t') : void(), to_text(out, field)), ...);
      },
      value);
}

}  // namespace thresh
