// Bytes of a size that is known when the job is compiled, as keys and values.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "thresh/codec.hpp"

namespace thresh {

// A view of kSize bytes, in their order as unsigned numbers. Borrows them: what a reducer is given lives
// until it takes the next value, as a string value does.
template <std::size_t kSize>
class FixedBytes {
 public:
  static_assert(kSize > 0);

  // REQUIRES: kSize bytes at `data`.
  explicit FixedBytes(const char* data) noexcept : data_(data) {}

  std::string_view view() const noexcept { return {data_, kSize}; }
  operator std::string_view() const noexcept { return view(); }

 private:
  const char* data_;
};

template <std::size_t kSize>
struct Codec<FixedBytes<kSize>> {
  static constexpr std::size_t fixed_size = kSize;
  static std::size_t size(const FixedBytes<kSize>&) noexcept { return kSize; }
  static char* write(const FixedBytes<kSize>& value, char* at) noexcept {
    std::memcpy(at, value.view().data(), kSize);
    return at + kSize;
  }
  static FixedBytes<kSize> read(std::string_view bytes) {
    detail::need_size(bytes, kSize);
    return FixedBytes<kSize>(bytes.data());
  }
};

}  // namespace thresh
