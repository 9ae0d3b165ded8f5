// How a (key, value) pair lies in memory and on the wire.
//
//   fixed-size values:    value, u32 key size, key
//   values that vary:     u32 value size, u32 key size, value, key
//
// Little-endian (the build refuses other hosts), not aligned.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "thresh/short_key.hpp"

namespace thresh {

static_assert(std::endian::native == std::endian::little, "rows travel as they lie in memory");

struct Row {
  std::string_view key;
  std::string_view value;
};

inline std::uint32_t load_u32(const char* at) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// The first 8 bytes of a key as a number that orders like them; shorter keys are padded with zeros, so
// equal prefixes say nothing about the rest.
inline std::uint64_t key_prefix(std::string_view key) noexcept {
  return ShortKey::of(key.substr(0, 8)).prefix();
}

class RowFormat {
 public:
  // 0: values vary in size.
  explicit RowFormat(std::size_t value_size) : value_size_(value_size) {}

  std::size_t value_size() const noexcept { return value_size_; }
  std::size_t row_size(std::size_t key_size, std::size_t value_size) const noexcept {
    return header_size() + key_size + value_size;
  }
  // REQUIRES: row_size() bytes at `to`. Returns where the value is.
  char* write(char* to, std::string_view key, std::string_view value) const noexcept {
    const auto key_size = static_cast<std::uint32_t>(key.size());
    char* value_at = to;
    if (value_size_ == 0) {
      const auto size = static_cast<std::uint32_t>(value.size());
      std::memcpy(to, &size, 4);
      std::memcpy(to + 4, &key_size, 4);
      value_at = to + 8;
      copy(value_at, value);
      copy(value_at + value.size(), key);
    } else {
      std::memcpy(to, value.data(), value_size_);
      std::memcpy(to + value_size_, &key_size, 4);
      copy(to + value_size_ + 4, key);
    }
    return value_at;
  }
  // REQUIRES: a whole row at `at`.
  Row read(const char* at) const noexcept {
    if (value_size_ == 0) {
      const std::uint32_t value_size = load_u32(at);
      const std::uint32_t key_size = load_u32(at + 4);
      return {{at + 8 + value_size, key_size}, {at + 8, value_size}};
    }
    const std::uint32_t key_size = load_u32(at + value_size_);
    return {{at + value_size_ + 4, key_size}, {at, value_size_}};
  }
  // The size that the row at the begin of `bytes` says it has, or 0 if too little of it is there.
  std::size_t claimed_size(std::string_view bytes) const noexcept {
    if (bytes.size() < header_size() + value_size_) return 0;
    const std::size_t values = value_size_ == 0 ? load_u32(bytes.data()) : value_size_;
    return row_size(load_u32(bytes.data() + (value_size_ == 0 ? 4 : value_size_)), values);
  }
  // The same, 0 if a whole row is not there.
  std::size_t checked_size(std::string_view bytes) const noexcept {
    const std::size_t size = claimed_size(bytes);
    return size <= bytes.size() ? size : 0;
  }

 private:
  std::size_t header_size() const noexcept { return value_size_ == 0 ? 8 : 4; }
  static void copy(char* to, std::string_view from) noexcept {
    if (!from.empty()) std::memcpy(to, from.data(), from.size());
  }

  std::size_t value_size_;
};

}  // namespace thresh
