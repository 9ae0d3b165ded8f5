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

// Finds the ends of lines some KiB at a time: a search for each line costs more than many lines are long, and
// it stops at a place that no processor predicts.
class LineCutter {
 public:
  explicit LineCutter(std::string_view block) : at_(block.data()), end_(at_ + block.size()), found_to_(at_) {}

  // The next line, without its LF; a CR before the LF does not belong to it either. False at the end. The
  // last line may lack its LF.
  bool next(std::string_view& line) {
    if (next_ == count_ && !look_further()) {
      if (at_ == end_) return false;
      line = {at_, static_cast<std::size_t>(end_ - at_)};
      at_ = end_;
      return true;
    }
    const char* const newline = base_ + ends_[next_++];
    const char* to = newline;
    if (to != at_ && to[-1] == '\r') --to;
    line = {at_, static_cast<std::size_t>(to - at_)};
    at_ = newline + 1;
    return true;
  }

 private:
  static constexpr std::size_t kTile = 4096;
  static constexpr unsigned kUnrolled = 4;  // ends of 64 bytes that are looked for without a branch

  // Fills ends_ from the next tile that has any; false if there is none.
  bool look_further() {
    next_ = count_ = 0;
    while (count_ == 0 && found_to_ != end_) {
      base_ = found_to_;
      const std::size_t size = std::min(kTile, static_cast<std::size_t>(end_ - base_));
      std::size_t at = 0;
      for (; at + 64 <= size; at += 64) add(newlines_64(base_ + at), at);
      if (at < size) {
        char rest[64] = {};
        std::memcpy(rest, base_ + at, size - at);
        add(newlines_64(rest), at);
      }
      found_to_ += size;
    }
    return count_ > 0;
  }

  void add(std::uint64_t mask, std::size_t at) {
    std::uint16_t* to = ends_.data() + count_;
    // Writes wherever it is, goes on only if there was an end.
    const auto put = [&] {
      *to = static_cast<std::uint16_t>(at + static_cast<std::size_t>(std::countr_zero(mask)));
      to += mask != 0 ? 1 : 0;
      mask &= mask - 1;
    };
    for (unsigned i = 0; i < kUnrolled; ++i) put();
    while (mask != 0) put();
    count_ = static_cast<std::size_t>(to - ends_.data());
  }

#if defined(__SSE2__)
  // Bit i: whether at[i] is LF.
  static std::uint64_t newlines_64(const char* at) noexcept {
    const auto of_16 = [](const char* from) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
      return std::uint64_t{static_cast<std::uint32_t>(mask)};
    };
    return of_16(at) | of_16(at + 16) << 16 | of_16(at + 32) << 32 | of_16(at + 48) << 48;
  }
#else
  static std::uint64_t newlines_64(const char* at) noexcept {
    std::uint64_t mask = 0;
    for (unsigned i = 0; i < 64; ++i) mask |= std::uint64_t{at[i] == '\n'} << i;
    return mask;
  }
#endif

  const char* at_;  // begin of the next line
  const char* end_;
  const char* found_to_;        // ends of lines before this are in ends_, or were
  const char* base_ = nullptr;  // what ends_ counts from
  std::size_t next_ = 0;        // of ends_
  std::size_t count_ = 0;
  std::array<std::uint16_t, kTile + 1> ends_;
};

}  // namespace thresh
