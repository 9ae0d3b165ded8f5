// Prefixes of keys as numbers of few bits that order as they do, for sorting by digits.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace thresh {

// Of the bytes at each place it takes as many bits as tell them apart: 5 of letters, 4 of decimal digits,
// none of what is the same in all. A zero, with which shorter keys are padded, is the number before the least
// of the others, so that keys which end at that place do not cost two more bits.
class PackedPrefix {
 public:
  // For the prefixes prefix_of(0) to prefix_of(count - 1).
  template <typename PrefixOf>
  PackedPrefix(std::size_t count, const PrefixOf& prefix_of);

  // How many bits of() takes. None if all prefixes are the same.
  unsigned bits() const noexcept { return bits_; }
  // REQUIRES: the prefix is one of them, and bits() > 0.
  std::uint64_t of(std::uint64_t prefix) const noexcept;

  // Bits of prefixes that are the same where the highest `most` bits of of() are. Where these end within a
  // byte, its bits are among them only if its number is the lowest bits of the byte. REQUIRES: bits() > 0.
  std::uint64_t told(unsigned most) const noexcept {
    std::uint64_t told = 0;
    for (std::size_t i = kBytes; i-- > 0;) {
      const unsigned width = widths_[i];
      if (width > most) {
        const unsigned numbers = 1U << width;
        const std::uint64_t taken = numbers - (numbers >> most);
        if (offsets_[i] % numbers == 0) told |= taken << 8 * i;
        break;
      }
      if (width > 0) told |= std::uint64_t{UINT8_MAX} << 8 * i;
      most -= width;
    }
    return told;
  }

 private:
  static constexpr std::size_t kBytes = sizeof(std::uint64_t);
  using Bytes = std::array<std::uint8_t, kBytes>;  // of a prefix, the last one first

  // Of the bytes at each place: the least, the least but for zeros, the most.
  void pack(const Bytes& least, const Bytes& least_other, const Bytes& most) noexcept {
    if (least == most) return;
    for (std::size_t i = 0; i < kBytes; ++i) {
      const unsigned offset = most[i] == 0 ? 0U : least_other[i] - (least[i] == 0 ? 1U : 0U);
      widths_[i] = static_cast<unsigned>(std::bit_width(most[i] - offset));
      // Numbers that are the lowest bits of the bytes, where these take no more.
      const unsigned even = offset >> widths_[i] << widths_[i];
      offsets_[i] = static_cast<std::uint8_t>(most[i] - even < 1U << widths_[i] ? even : offset);
      places_[i] = bits_;
      bits_ += widths_[i];
    }
#if defined(__SSE2__)
    const auto pair = [this](std::size_t i) { return 1 << (16 + widths_[i]) | 1; };
    pairs_ = _mm_set_epi32(pair(6), pair(4), pair(2), pair(0));
    const auto quad = [this](std::size_t i) { return std::int64_t{1} << (widths_[i] + widths_[i + 1]); };
    quads_ = _mm_set_epi64x(quad(4), quad(0));
#endif
  }

  unsigned bits_ = 0;
  Bytes offsets_;                        // what the number 0 stands for
  std::array<unsigned, kBytes> widths_;  // bits of the numbers
  std::array<unsigned, kBytes> places_;  // where they begin, from the lowest bit on
#if defined(__SSE2__)
  __m128i pairs_;  // by what numbers are multiplied before two next to each other are added
  __m128i quads_;  // and the upper ones of two such sums
#endif
};

#if defined(__SSE2__)

template <typename PrefixOf>
PackedPrefix::PackedPrefix(std::size_t count, const PrefixOf& prefix_of) {
  const __m128i zero = _mm_setzero_si128();
  __m128i least = _mm_set1_epi8(-1);
  __m128i least_other = least;
  __m128i most = zero;
  for (std::size_t i = 0; i < count; ++i) {
    const __m128i bytes = _mm_cvtsi64_si128(static_cast<std::int64_t>(prefix_of(i)));
    least = _mm_min_epu8(least, bytes);
    least_other = _mm_min_epu8(least_other, _mm_or_si128(bytes, _mm_cmpeq_epi8(bytes, zero)));
    most = _mm_max_epu8(most, bytes);
  }
  const auto bytes_of = [](__m128i bytes) { return std::bit_cast<Bytes>(_mm_cvtsi128_si64(bytes)); };
  pack(bytes_of(least), bytes_of(least_other), bytes_of(most));
}

// Eight numbers become four, two and one; a multiplication is a shift that each of them has for itself.
inline std::uint64_t PackedPrefix::of(std::uint64_t prefix) const noexcept {
  const __m128i offsets = _mm_cvtsi64_si128(std::bit_cast<std::int64_t>(offsets_));
  const __m128i numbers = _mm_subs_epu8(_mm_cvtsi64_si128(static_cast<std::int64_t>(prefix)), offsets);
  const __m128i four = _mm_madd_epi16(_mm_unpacklo_epi8(numbers, _mm_setzero_si128()), pairs_);
  const __m128i lower = _mm_and_si128(four, _mm_set1_epi64x(UINT32_MAX));
  const __m128i two = _mm_or_si128(lower, _mm_mul_epu32(_mm_srli_epi64(four, 32), quads_));
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(two)) |
         static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(two, two))) << places_[4];
}

#else

template <typename PrefixOf>
PackedPrefix::PackedPrefix(std::size_t count, const PrefixOf& prefix_of) {
  Bytes least;
  least.fill(UINT8_MAX);
  Bytes least_other = least;
  Bytes most{};
  for (std::size_t i = 0; i < count; ++i) {
    const auto bytes = std::bit_cast<Bytes>(std::uint64_t{prefix_of(i)});
    for (std::size_t b = 0; b < kBytes; ++b) {
      least[b] = std::min(least[b], bytes[b]);
      if (bytes[b] != 0) least_other[b] = std::min(least_other[b], bytes[b]);
      most[b] = std::max(most[b], bytes[b]);
    }
  }
  pack(least, least_other, most);
}

inline std::uint64_t PackedPrefix::of(std::uint64_t prefix) const noexcept {
  const auto bytes = std::bit_cast<Bytes>(prefix);
  std::uint64_t packed = 0;
  for (std::size_t b = 0; b < kBytes; ++b) {
    const auto number = static_cast<std::uint64_t>(bytes[b] > offsets_[b] ? bytes[b] - offsets_[b] : 0);
    packed |= number << places_[b];
  }
  return packed;
}

#endif

}  // namespace thresh
