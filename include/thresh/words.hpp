// Words of a text, fast: 64 bytes at a time where the processor has SSE2.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "thresh/bytes.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace thresh {

// White space as isspace() of the C locale has it: space \t \n \v \f \r. Any other byte, NUL too, is part of
// a word.
constexpr bool is_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

namespace detail {

// The words of `text`, byte by byte.
template <class Use>
void for_each_word_bytewise(std::string_view text, Use&& use) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    while (at != end && is_space(*at)) ++at;
    if (at == end) return;
    const char* const begin = at;
    while (at != end && !is_space(*at)) ++at;
    use(std::string_view(begin, static_cast<std::size_t>(at - begin)));
  }
}

#if defined(__SSE2__)
// Bit i: whether at[i] is white space, for 16 bytes.
inline std::uint64_t spaces_16(const char* at) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i blank = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' '));
  const __m128i from_tab = _mm_sub_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(from_tab, _mm_set1_epi8('\r' - '\t')), from_tab);
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(blank, control)));
}
inline std::uint64_t spaces_64(const char* at) noexcept {
  return spaces_16(at) | spaces_16(at + 16) << 16 | spaces_16(at + 32) << 32 | spaces_16(at + 48) << 48;
}
// Of fewer than 64 bytes; all behind them counts as white space. Where the page does not end before, more
// than `size` bytes are read, and what they are makes no difference: most lines are shorter than 64 bytes.
inline std::uint64_t spaces_of_rest(const char* at, std::size_t size) noexcept {
  if (size == 0) return ~std::uint64_t{0};  // it may be the first of a page that is not there
  const std::uint64_t behind = ~std::uint64_t{0} << size;
#if !defined(THRESH_READS_ARE_CHECKED)
  constexpr std::uintptr_t kLastStartInPage = 4096 - 64;
  if ((reinterpret_cast<std::uintptr_t>(at) & 4095U) <= kLastStartInPage) [[likely]] {
    __asm__("" : "+r"(at));  // where it comes from is not the compiler's business
    return spaces_64(at) | behind;
  }
#endif
  char rest[64] = {};
  std::memcpy(rest, at, size);
  return spaces_64(rest) | behind;
}

// The words of `text`, from the places where white space begins or ends. One place calls `use`, so that the
// compiler puts its code there.
template <class Use>
void for_each_word_masked(std::string_view text, Use&& use) {
  const char* at = text.data();
  std::size_t left = text.size();
  const char* word = at;  // begin of the next word, once it was seen
  bool open = false;      // it was
  while (left > 0 || open) {
    const std::uint64_t spaces = left >= 64 ? spaces_64(at) : spaces_of_rest(at, left);
    const std::uint64_t shifted = spaces << 1 | (open ? 0 : 1);
    std::uint64_t begins = ~spaces & shifted;
    std::uint64_t ends = spaces & ~shifted;
    const auto next_begin = [&] {
      word = at + std::countr_zero(begins);
      begins &= begins - 1;
    };
    if (!open) next_begin();
    for (; ends != 0; ends &= ends - 1) {
      use(std::string_view(word, static_cast<std::size_t>(at + std::countr_zero(ends) - word)));
      next_begin();
    }
    open = spaces >> 63 == 0;
    at += 64;
    left -= std::min<std::size_t>(left, 64);
  }
}
#endif

}  // namespace detail

// Calls use(std::string_view) for each word of `text`, in order. Words are not empty.
template <class Use>
void for_each_word(std::string_view text, Use&& use) {
#if defined(__SSE2__)
  detail::for_each_word_masked(text, std::forward<Use>(use));
#else
  detail::for_each_word_bytewise(text, std::forward<Use>(use));
#endif
}

}  // namespace thresh
