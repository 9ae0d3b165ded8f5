// How a (key, value) pair lies in memory and on the wire.
//
//   fixed-size values:        value, u32 key size, key
//   values that vary:         u32 value size, u32 key size, value, key
//   that wait to be combined: u8 key size (127: a u32 with it follows) and a flag, value, key. With the flag,
//                             128, the value is the usual one of the job and not there
//
// Little-endian (the build refuses other hosts), not aligned. In counting jobs nearly all emits have the same
// value, and 9 bytes instead of 20 are what lets 17.5 million distinct words stay below 1.1 GB.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "thresh/hash.hpp"
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
  static constexpr std::size_t kLongKey = 127;
  static constexpr std::size_t kUsual = 128;

  // 0: values vary in size. `usual`: a value that most rows have, or empty; lives for ever.
  explicit RowFormat(std::size_t value_size, std::string_view usual = {})
      : value_size_(value_size), usual_(usual) {}

  // How rows of such a job lie that wait to be combined. REQUIRES: value_size() > 0.
  RowFormat staged() const noexcept {
    RowFormat format = *this;
    format.staged_ = true;
    return format;
  }

  std::size_t value_size() const noexcept { return value_size_; }
  // Empty if there is none.
  std::string_view usual() const noexcept { return usual_; }

  std::size_t row_size(std::string_view key, std::string_view value) const noexcept {
    if (staged_)
      return 1 + (key.size() < kLongKey ? 0 : 4) + (value == usual_ ? 0 : value_size_) + key.size();
    return row_size(key.size(), value.size());
  }
  // The same from sizes alone. REQUIRES: not staged.
  std::size_t row_size(std::size_t key_size, std::size_t value_size) const noexcept {
    return header_size() + key_size + value_size;
  }
  // REQUIRES: row_size() bytes at `to`. Returns where the value is, if it is there.
  char* write(char* to, std::string_view key, std::string_view value) const noexcept {
    const auto key_size = static_cast<std::uint32_t>(key.size());
    if (staged_) return write_staged(to, key, value);
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
  // REQUIRES: a whole row at `at`. It ends where its key ends.
  Row read(const char* at) const noexcept {
    if (staged_) return read_staged(at);
    if (value_size_ == 0) {
      const std::uint32_t value_size = load_u32(at);
      const std::uint32_t key_size = load_u32(at + 4);
      return {{at + 8 + value_size, key_size}, {at + 8, value_size}};
    }
    const std::uint32_t key_size = load_u32(at + value_size_);
    return {{at + value_size_ + 4, key_size}, {at, value_size_}};
  }
  // REQUIRES: a whole staged row at `at`, of this format.
  Row read_staged(const char* at) const noexcept {
    const auto head = static_cast<unsigned char>(*at++);
    std::size_t key_size = head & kLongKey;
    if (key_size == kLongKey) [[unlikely]] {
      key_size = load_u32(at);
      at += 4;
    }
    // Both ways at once: what returns in two places is put together in memory.
    const bool usual = (head & kUsual) != 0;
    const char* const value = usual ? usual_.data() : at;
    at += usual ? 0 : value_size_;
    return {{at, key_size}, {value, value_size_}};
  }
  // The size that the row at the begin of `bytes` says it has, or 0 if too little of it is there.
  std::size_t claimed_size(std::string_view bytes) const noexcept {
    if (staged_) return claimed_size_staged(bytes);
    if (bytes.size() < header_size() + value_size_) return 0;
    const std::size_t values = value_size_ == 0 ? load_u32(bytes.data()) : value_size_;
    return row_size(load_u32(bytes.data() + (value_size_ == 0 ? 4 : value_size_)), values);
  }
  // The same, 0 if a whole row is not there.
  std::size_t checked_size(std::string_view bytes) const noexcept {
    const std::size_t size = claimed_size(bytes);
    return size <= bytes.size() ? size : 0;
  }
  // What a row counts for in the ledger, however it lies.
  std::uint64_t hash(std::uint64_t key_hash, std::string_view value) const noexcept {
    return value_size_ == 8 ? weigh(key_hash, factor_of(value.data())) : hash_bytes(value, key_hash);
  }
  // Of a value of 8 bytes.
  static std::uint64_t factor_of(const char* value) noexcept {
    constexpr std::uint64_t kNotZero = 0x9e3779b97f4a7c15U;  // a value of 0 is to count too
    std::uint64_t number = 0;
    std::memcpy(&number, value, sizeof number);
    return number + kNotZero;
  }

 private:
  std::size_t header_size() const noexcept { return value_size_ == 0 ? 8 : 4; }
  static void copy(char* to, std::string_view from) noexcept {
    if (!from.empty()) std::memcpy(to, from.data(), from.size());
  }
  char* write_staged(char* to, std::string_view key, std::string_view value) const noexcept {
    const bool usual = value == usual_;
    const std::size_t head = key.size() < kLongKey ? key.size() : kLongKey;
    *to++ = static_cast<char>(head | (usual ? kUsual : 0));
    if (head == kLongKey) {
      const auto key_size = static_cast<std::uint32_t>(key.size());
      std::memcpy(to, &key_size, 4);
      to += 4;
    }
    char* const value_at = to;
    if (!usual) {
      copy(to, value);
      to += value_size_;
    }
    copy(to, key);
    return value_at;
  }
  std::size_t claimed_size_staged(std::string_view bytes) const noexcept {
    if (bytes.empty()) return 0;
    const auto head = static_cast<unsigned char>(bytes.front());
    const bool usual = (head & kUsual) != 0;
    if (usual && usual_.empty()) return 0;
    const std::size_t value = usual ? 0 : value_size_;
    const std::size_t key = head & kLongKey;
    if (key != kLongKey) return 1 + value + key;
    return bytes.size() < 5 ? 0 : 5 + value + load_u32(bytes.data() + 1);
  }

  std::size_t value_size_;
  std::string_view usual_;
  bool staged_ = false;
};

}  // namespace thresh
