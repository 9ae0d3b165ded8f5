// Integers to bytes and back, and short copies. Everything that Thresh stores or sends passes through here.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "thresh/errors.hpp"

// Set when every read is checked against the object that it is from.
#if defined(__SANITIZE_ADDRESS__)
#define THRESH_READS_ARE_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define THRESH_READS_ARE_CHECKED 1
#endif
#endif

namespace thresh {

static_assert(std::endian::native == std::endian::little, "thresh: only little-endian hosts are supported");

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

namespace detail {

inline std::uint8_t swap_bytes(std::uint8_t u) noexcept {
  return u;
}
inline std::uint16_t swap_bytes(std::uint16_t u) noexcept {
  return __builtin_bswap16(u);
}
inline std::uint32_t swap_bytes(std::uint32_t u) noexcept {
  return __builtin_bswap32(u);
}
inline std::uint64_t swap_bytes(std::uint64_t u) noexcept {
  return __builtin_bswap64(u);
}
inline Uint128 swap_bytes(Uint128 u) noexcept {
  return (static_cast<Uint128>(__builtin_bswap64(static_cast<std::uint64_t>(u))) << 64) |
         __builtin_bswap64(static_cast<std::uint64_t>(u >> 64));
}

// The unsigned integer of a size in bytes.
template <std::size_t kSize>
using UintOfSize = std::conditional_t<
    kSize == 1, std::uint8_t,
    std::conditional_t<kSize == 2, std::uint16_t,
                       std::conditional_t<kSize == 4, std::uint32_t,
                                          std::conditional_t<kSize == 8, std::uint64_t, Uint128>>>>;

}  // namespace detail

template <class U>
void store_little(char* at, U u) noexcept {
  std::memcpy(at, &u, sizeof u);
}
template <class U>
U load_little(const char* at) noexcept {
  U u;
  std::memcpy(&u, at, sizeof u);
  return u;
}
template <class U>
void store_big(char* at, U u) noexcept {
  store_little(at, detail::swap_bytes(u));
}
template <class U>
U load_big(const char* at) noexcept {
  return detail::swap_bytes(load_little<U>(at));
}

// memcpy for sizes that are mostly small and vary: no call up to 16 bytes.
inline void copy_short(char* to, const char* from, std::size_t size) noexcept {
  if (size > 16) [[unlikely]] {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    const auto head = load_little<std::uint64_t>(from);
    const auto tail = load_little<std::uint64_t>(from + size - 8);
    store_little(to, head);
    store_little(to + size - 8, tail);
  } else if (size >= 4) {
    const auto head = load_little<std::uint32_t>(from);
    const auto tail = load_little<std::uint32_t>(from + size - 4);
    store_little(to, head);
    store_little(to + size - 4, tail);
  } else if (size > 0) {
    const char first = from[0];
    const char middle = from[size / 2];
    const char last = from[size - 1];
    to[0] = first;
    to[size / 2] = middle;
    to[size - 1] = last;
  }
}

// As copy_short, where 16 bytes from `to` on may be overwritten, whatever the size: no branch on the size.
// Bytes behind `from` are read too, in the same page alone, and their values are never used.
inline void copy_over(char* to, const char* from, std::size_t size) noexcept {
#if defined(THRESH_READS_ARE_CHECKED)
  copy_short(to, from, size);
#else
  constexpr std::uintptr_t kLastStartInPage = 4096 - 16;
  if (size - 1 < 16 && (reinterpret_cast<std::uintptr_t>(from) & 4095U) <= kLastStartInPage) [[likely]] {
    __asm__("" : "+r"(from));  // where it comes from is not the compiler's business
    std::memcpy(to, from, 16);
  } else if (size > 0) {
    std::memcpy(to, from, size);
  }
#endif
}

// The same where 16 bytes from `from` on can be read: no look at the page that they are in.
inline void copy_readable(char* to, const char* from, std::size_t size) noexcept {
  std::memcpy(to, from, 16);
  if (size > 16) [[unlikely]]
    std::memcpy(to + 16, from + 16, size - 16);
}

// Bytes that are not what their type says: a bug or damage that no checksum caught.
[[noreturn, gnu::cold, gnu::noinline]] inline void refuse_bytes(const std::string& what) {
  throw Error(ExitCode::Internal, "cannot decode: " + what);
}
[[noreturn, gnu::cold, gnu::noinline]] inline void refuse_size(std::size_t have, std::size_t want) {
  refuse_bytes(std::to_string(have) + " bytes where " + std::to_string(want) + " are needed");
}

}  // namespace thresh
