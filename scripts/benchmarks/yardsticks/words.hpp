// Words of a text and their keys, as fast as SSE2 allows. White space is what isspace() of the C locale says.
#pragma once

#include <emmintrin.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

inline bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// A word of up to 20 bytes, padded with zeros. `tag` is its length, which tells words apart that end with NUL
// bytes.
struct alignas(8) WordKey {
  static constexpr std::size_t kMost = 20;
  char bytes[kMost];
  std::uint32_t tag;
};
static_assert(sizeof(WordKey) == 24);

namespace detail {

inline constexpr auto kMasks = [] {
  std::array<std::uint8_t, 64> masks{};
  for (std::size_t i = 0; i < 32; ++i) masks[i] = 0xff;
  return masks;
}();

}  // namespace detail

// The last `size` of 16 bytes are zero in what it returns.
inline __m128i first_bytes(__m128i bytes, std::size_t size) {
  const auto* mask = detail::kMasks.data() + 32 - size;
  return _mm_and_si128(bytes, _mm_loadu_si128(reinterpret_cast<const __m128i*>(mask)));
}

// A key with its hash, in registers or on the way to a table.
struct HashedKey {
  __m128i front;       // the first 16 bytes
  std::uint64_t back;  // the last 4 and the tag
  std::uint64_t hash;
};

inline HashedKey hashed(__m128i front, std::uint64_t back) {
  const auto low = static_cast<std::uint64_t>(_mm_cvtsi128_si64(front));
  const auto high = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(front, front)));
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{low ^ 0x9e3779b97f4a7c15U ^ back} * (high ^ 0xd6e8feb86659fd93U ^ (back << 17));
  const auto folded = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  return {front, back, folded * 0x2545f4914f6cdd1dU};
}

// REQUIRES: 20 bytes can be read at word.data(); word.size() is at most 20.
inline HashedKey hashed(const char* word, std::size_t size) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(word));
  const auto tag = static_cast<std::uint64_t>(size) << 32;
  if (size <= 16) [[likely]]
    return hashed(first_bytes(bytes, size), tag);
  std::uint32_t tail = 0;
  std::memcpy(&tail, word + 16, sizeof tail);
  tail &= 0xffffffffU >> 8 * (20 - size);
  return hashed(bytes, tag | tail);
}

inline bool same(const HashedKey& key, const WordKey& other) {
  const __m128i front = _mm_load_si128(reinterpret_cast<const __m128i*>(other.bytes));
  std::uint64_t back = 0;
  std::memcpy(&back, other.bytes + 16, sizeof back);
  return _mm_movemask_epi8(_mm_cmpeq_epi8(front, key.front)) == 0xffff && back == key.back;
}

inline void store(const HashedKey& key, WordKey& to) {
  _mm_store_si128(reinterpret_cast<__m128i*>(to.bytes), key.front);
  std::memcpy(to.bytes + 16, &key.back, sizeof key.back);
}

inline HashedKey hashed(const WordKey& key) {
  std::uint64_t back = 0;
  std::memcpy(&back, key.bytes + 16, sizeof back);
  return hashed(_mm_load_si128(reinterpret_cast<const __m128i*>(key.bytes)), back);
}

inline std::uint64_t spaces_16(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i blank = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' '));
  const __m128i from_tab = _mm_sub_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(from_tab, _mm_set1_epi8('\r' - '\t')), from_tab);
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(blank, control)));
}

// Where bits are set in the masks of a tile, as numbers. Eight at a time whether they are there or not: a
// loop that ends with the last bit would be mispredicted in every mask.
template <std::size_t kTile>
class Positions {
 public:
  void clear() { count_ = 0; }
  void add(std::uint64_t mask, std::uint32_t base) {
    const auto bits = static_cast<std::size_t>(std::popcount(mask));
    for (std::size_t done = 0; done < bits; done += 8) {
      for (std::size_t i = 0; i < 8; ++i) {
        at_[count_ + done + i] = base + static_cast<std::uint32_t>(std::countr_zero(mask));
        mask &= mask - 1;
      }
    }
    count_ += bits;
  }
  void push(std::uint32_t position) { at_[count_++] = position; }
  std::size_t size() const { return count_; }
  std::uint32_t operator[](std::size_t i) const { return at_[i]; }

 private:
  std::size_t count_ = 0;
  std::array<std::uint32_t, kTile + 16> at_;
};

// Calls use(begin, size) for each word. REQUIRES: 64 bytes behind `text` can be read.
template <class Use>
void for_each_word(std::string_view text, Use&& use) {
  constexpr std::size_t kTile = 4096;
  Positions<kTile> edges;         // where words begin and end, in turn
  std::uint64_t after_space = 1;  // whether the byte before is white space
  const char* const data = text.data();
  const char* open = nullptr;  // a word that began in an earlier tile
  for (std::size_t tile = 0; tile < text.size(); tile += kTile) {
    edges.clear();
    const std::size_t size = std::min(kTile, text.size() - tile);
    for (std::size_t at = 0; at < size; at += 64) {
      const char* const bytes = data + tile + at;
      std::uint64_t spaces = spaces_16(bytes) | spaces_16(bytes + 16) << 16 | spaces_16(bytes + 32) << 32 |
                             spaces_16(bytes + 48) << 48;
      if (size - at < 64) spaces |= ~std::uint64_t{0} << (size - at);  // nothing is behind the end
      edges.add(spaces ^ (spaces << 1 | after_space), static_cast<std::uint32_t>(at));
      after_space = spaces >> 63;
    }
    const char* const base = data + tile;
    std::size_t i = 0;
    if (open != nullptr && edges.size() > 0) {
      use(open, static_cast<std::size_t>(base + edges[0] - open));
      open = nullptr;
      i = 1;
    }
    for (; i + 1 < edges.size(); i += 2) use(base + edges[i], std::size_t{edges[i + 1] - edges[i]});
    if (i < edges.size()) open = base + edges[i];
  }
  if (open != nullptr) use(open, static_cast<std::size_t>(data + text.size() - open));
}

// A number in decimal digits at `to`; returns where it ends.
inline char* put_number(char* to, std::uint64_t number) {
  if (number < 10) {  // most counts of rare words
    *to = static_cast<char>('0' + number);
    return to + 1;
  }
  std::array<char, 20> digits;
  std::size_t at = digits.size();
  for (; number != 0; number /= 10) digits[--at] = static_cast<char>('0' + number % 10);
  std::memcpy(to, digits.data() + at, digits.size() - at);
  return to + (digits.size() - at);
}
