// The first 16 bytes of a key as two numbers, for comparing, copying and hashing without a branch on its
// size.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "thresh/bytes.hpp"

namespace thresh {

namespace detail {

// The 16 bytes from kKeepBytes + 16 - n on keep the first n of 16 bytes.
inline constexpr char kKeepBytes[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

}  // namespace detail

class ShortKey {
 public:
  static constexpr std::size_t kBytes = 16;

  ShortKey() = default;
  // REQUIRES: 16 bytes from `at` on can be read; those past `size` do not count.
  ShortKey(const char* at, std::size_t size) noexcept
      : ShortKey(Short{}, at, size < kBytes ? size : kBytes) {}
  // From 16 bytes, those behind the key zeros.
  static ShortKey padded(const char* at) noexcept {
    ShortKey out;
    out.low_ = load_little<std::uint64_t>(at);
    out.high_ = load_little<std::uint64_t>(at + 8);
    return out;
  }
  // The same as the first where nothing may be read behind the key, or behind the page that it ends in: what
  // is read there makes no difference. REQUIRES: at most 16 bytes.
  static ShortKey read(std::string_view key) noexcept {
    if (key.empty() || !readable<kBytes>(key.data())) [[unlikely]]
      return of(key);
    return {Short{}, hidden(key.data()), key.size()};
  }
  // The first 8 bytes, those behind the text whatever they are, as a number: the first is the lowest byte.
  // REQUIRES: 1 to 8 bytes.
  static std::uint64_t read_8(std::string_view text) noexcept {
    if (!readable<8>(text.data())) [[unlikely]]
      return of(text).low();
    return load_little<std::uint64_t>(hidden(text.data()));
  }
  // The same where nothing behind the key may be read.
  static ShortKey of(std::string_view key) noexcept {
    const char* at = key.data();
    const std::size_t size = key.size();
    ShortKey out;
    if (size >= 8) {
      out.low_ = load_little<std::uint64_t>(at);
      if (size >= kBytes) {
        out.high_ = load_little<std::uint64_t>(at + 8);
      } else if (size > 8) {
        out.high_ = load_little<std::uint64_t>(at + size - 8) >> 8 * (kBytes - size);
      }
    } else if (size >= 4) {
      const std::uint64_t tail = load_little<std::uint32_t>(at + size - 4);
      out.low_ = load_little<std::uint32_t>(at) | tail << 8 * (size - 4);
    } else if (size > 0) {
      const auto byte = [at](std::size_t i) {
        return std::uint64_t{static_cast<unsigned char>(at[i])} << 8 * i;
      };
      out.low_ = byte(0) | byte(size / 2) | byte(size - 1);
    }
    return out;
  }

  // Whether the 16 bytes from `at` on are the same.
  bool equals(const char* at) const noexcept {
    return ((load_little<std::uint64_t>(at) ^ low_) | (load_little<std::uint64_t>(at + 8) ^ high_)) == 0;
  }
  bool operator==(const ShortKey&) const = default;
  void store(char* to) const noexcept {
    store_little(to, low_);
    store_little(to + 8, high_);
  }

  std::uint64_t low() const noexcept { return low_; }
  std::uint64_t high() const noexcept { return high_; }
  // The first 8 bytes as a number that orders like them.
  std::uint64_t prefix() const noexcept { return detail::swap_bytes(low_); }

 private:
  // Whether so many bytes can be read where there is one.
  template <std::size_t kRead>
  static bool readable(const char* at) noexcept {
#if defined(THRESH_READS_ARE_CHECKED)
    return static_cast<void>(at), false;
#else
    return (reinterpret_cast<std::uintptr_t>(at) & 4095U) <= 4096 - kRead;
#endif
  }
  // Where it comes from is not the compiler's business.
  static const char* hidden(const char* at) noexcept {
    __asm__("" : "+r"(at));
    return at;
  }

  struct Short {};  // at most 16 bytes: a look at whether they are 16 became a branch
  ShortKey(Short, const char* at, std::size_t size) noexcept {
    const char* keep = detail::kKeepBytes + kBytes - size;
    low_ = load_little<std::uint64_t>(at) & load_little<std::uint64_t>(keep);
    high_ = load_little<std::uint64_t>(at + 8) & load_little<std::uint64_t>(keep + 8);
  }

  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
};

}  // namespace thresh
