// Cuts a block into lines.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "thresh/bytes.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace thresh {

namespace detail {

inline constexpr std::size_t kLineTile = 4096;

#if defined(__SSE2__)
// Bit i: whether at[i] is LF.
inline std::uint64_t newlines_64(const char* at) noexcept {
  const auto of_16 = [](const char* from) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
    return std::uint64_t{static_cast<std::uint32_t>(mask)};
  };
  return of_16(at) | of_16(at + 16) << 16 | of_16(at + 32) << 32 | of_16(at + 48) << 48;
}
#else
inline std::uint64_t newlines_64(const char* at) noexcept {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < 64; ++i) mask |= std::uint64_t{at[i] == '\n'} << i;
  return mask;
}
#endif

// Writes where LF is in the tile to `ends`; returns how many there are. REQUIRES: at most kLineTile bytes,
// and room for one more of them.
[[gnu::noinline]] inline std::size_t find_line_ends(std::string_view tile, std::uint16_t* ends) noexcept {
  constexpr unsigned kUnrolled = 4;  // ends of 64 bytes that are looked for without a branch
  std::uint16_t* to = ends;
  const auto add = [&to](std::uint64_t mask, std::size_t at) {
    // Writes wherever it is, goes on only if there was an end.
    const auto put = [&] {
      *to = static_cast<std::uint16_t>(at + static_cast<std::size_t>(std::countr_zero(mask)));
      to += mask != 0 ? 1 : 0;
      mask &= mask - 1;
    };
    for (unsigned i = 0; i < kUnrolled; ++i) put();
    while (mask != 0) put();
  };
  std::size_t at = 0;
  for (; at + 64 <= tile.size(); at += 64) add(newlines_64(tile.data() + at), at);
  if (at < tile.size()) {
    char rest[64] = {};
    std::memcpy(rest, tile.data() + at, tile.size() - at);
    add(newlines_64(rest), at);
  }
  return static_cast<std::size_t>(to - ends);
}

}  // namespace detail

// Calls use(line) for each line of the block, without its LF; a CR before the LF does not belong to it
// either. The last line may lack its LF. `use` is called in one place, so that the compiler puts its code
// there. Returns how many lines there are.
//
// The ends of lines are found some KiB at a time: a search for each line costs more than many lines are long,
// and it stops at a place that no processor predicts.
template <class Use>
[[gnu::always_inline]] inline std::uint64_t for_each_line(std::string_view block, Use&& use) {
  std::array<std::uint16_t, detail::kLineTile + 1> ends;
  const char* line = block.data();
  const char* const block_end = line + block.size();
  const char* tile_end = line;
  std::uint64_t lines = 0;
  for (const char* tile = line; tile != block_end; tile = tile_end) {
    const std::size_t size = std::min(detail::kLineTile, static_cast<std::size_t>(block_end - tile));
    tile_end = tile + size;
    std::size_t count = detail::find_line_ends({tile, size}, ends.data());
    if (tile_end == block_end && block_end[-1] != '\n') ends[count++] = static_cast<std::uint16_t>(size);
    lines += count;
    const std::uint16_t* const last = ends.data() + count;
    for (const std::uint16_t* end = ends.data(); end != last; ++end) {
      const char* const newline = tile + *end;
      const char* to = newline;
      if (to != line && to[-1] == '\r' && newline != block_end) --to;
      use(std::string_view(line, static_cast<std::size_t>(to - line)));
      line = newline + 1;
    }
  }
  return lines;
}

}  // namespace thresh
