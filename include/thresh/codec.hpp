// Order-preserving encodings: the order of the bytes (unsigned, shorter first) is the order of the type, and
// equal values have one encoding. Every key needs one; values use one where there is one.
//
// A codec is a specialisation of Codec<T> with
//   static constexpr std::size_t fixed_size;            bytes of every encoding; 0 if they vary
//   static std::size_t size(const T&);                  bytes that write() fills
//   static char* write(const T&, char* at);             returns the end of what it wrote
//   static T read(std::string_view bytes);              all of `bytes`; throws Error if they are no T
// and, where no encoding is the beginning of another one,
//   static constexpr bool prefix_free = true;
//   static T read_prefix(std::string_view& bytes);      takes its bytes off the front
//
// A struct of the job's author gets one from its fields: `auto key_fields() const { return std::tie(a, b); }`
// (order: by these fields, in this order). It is decoded into a default-constructed object, or with
// `static T from_key_fields(A, B)` if it has that.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "thresh/bytes.hpp"
#include "thresh/record.hpp"

namespace thresh {

template <class T>
struct Codec;

template <class T>
concept Encodable = requires(const T& value, char* at, std::string_view bytes) {
  { Codec<T>::fixed_size } -> std::convertible_to<std::size_t>;
  { Codec<T>::size(value) } -> std::same_as<std::size_t>;
  { Codec<T>::write(value, at) } -> std::same_as<char*>;
  Codec<T>::read(bytes);
};

namespace detail {

template <class T>
concept Integer =
    (std::integral<T> && !std::same_as<T, bool>) || std::same_as<T, Int128> || std::same_as<T, Uint128>;

template <class T>
inline constexpr bool kIsSigned = std::is_signed_v<T> || std::same_as<T, Int128>;

inline void need_size(std::string_view bytes, std::size_t size) {
  if (bytes.size() != size) [[unlikely]] {
    refuse_size(bytes.size(), size);
  }
}

}  // namespace detail

// Big-endian, the sign bit flipped.
template <detail::Integer T>
struct Codec<T> {
  using U = detail::UintOfSize<sizeof(T)>;
  static constexpr std::size_t fixed_size = sizeof(T);
  static constexpr U sign_bit = detail::kIsSigned<T> ? static_cast<U>(U{1} << (8 * sizeof(T) - 1)) : U{0};

  static std::size_t size(const T&) noexcept { return fixed_size; }
  static char* write(const T& value, char* at) noexcept {
    store_big(at, static_cast<U>(static_cast<U>(value) ^ sign_bit));
    return at + fixed_size;
  }
  static T read(std::string_view bytes) {
    detail::need_size(bytes, fixed_size);
    return static_cast<T>(static_cast<U>(load_big<U>(bytes.data()) ^ sign_bit));
  }
};

template <>
struct Codec<bool> {
  static constexpr std::size_t fixed_size = 1;
  static std::size_t size(const bool&) noexcept { return 1; }
  static char* write(const bool& value, char* at) noexcept {
    *at = value ? 1 : 0;
    return at + 1;
  }
  static bool read(std::string_view bytes) {
    detail::need_size(bytes, 1);
    if (bytes[0] != 0 && bytes[0] != 1) refuse_bytes("a bool that is neither 0 nor 1");
    return bytes[0] == 1;
  }
};

template <class T>
requires std::is_enum_v<T>
struct Codec<T> {
  using Base = Codec<std::underlying_type_t<T>>;
  static constexpr std::size_t fixed_size = Base::fixed_size;
  static std::size_t size(const T&) noexcept { return fixed_size; }
  static char* write(const T& value, char* at) noexcept {
    return Base::write(static_cast<std::underlying_type_t<T>>(value), at);
  }
  static T read(std::string_view bytes) { return static_cast<T>(Base::read(bytes)); }
};

// -0.0 is 0.0; all NaNs are one, after infinity.
template <class T>
requires std::same_as<T, float> || std::same_as<T, double>
struct Codec<T> {
  using U = detail::UintOfSize<sizeof(T)>;
  static constexpr std::size_t fixed_size = sizeof(T);
  static constexpr U sign_bit = U{1} << (8 * sizeof(T) - 1);

  static std::size_t size(const T&) noexcept { return fixed_size; }
  static char* write(const T& value, char* at) noexcept {
    T canonical = value + T{0};  // turns -0.0 into 0.0
    if (std::isnan(value)) canonical = std::numeric_limits<T>::quiet_NaN();
    const U bits = std::bit_cast<U>(canonical);
    store_big(at, static_cast<U>((bits & sign_bit) != 0 ? ~bits : bits | sign_bit));
    return at + fixed_size;
  }
  static T read(std::string_view bytes) {
    detail::need_size(bytes, fixed_size);
    const U bits = load_big<U>(bytes.data());
    const auto value = std::bit_cast<T>(static_cast<U>((bits & sign_bit) != 0 ? bits & ~sign_bit : ~bits));
    char canonical[sizeof(T)];
    write(value, canonical);
    if (load_big<U>(canonical) != bits) refuse_bytes("a number in an encoding that is never written");
    return value;
  }
};

// As they are; escaped where something follows them (codec_fields.hpp).
template <>
struct Codec<std::string_view> {
  static constexpr std::size_t fixed_size = 0;
  static std::size_t size(const std::string_view& value) noexcept { return value.size(); }
  static char* write(const std::string_view& value, char* at) noexcept {
    copy_short(at, value.data(), value.size());
    return at + value.size();
  }
  // Borrows the bytes.
  static std::string_view read(std::string_view bytes) noexcept { return bytes; }
};

template <>
struct Codec<std::string> {
  static constexpr std::size_t fixed_size = 0;
  static std::size_t size(const std::string& value) noexcept { return value.size(); }
  static char* write(const std::string& value, char* at) noexcept {
    return Codec<std::string_view>::write(value, at);
  }
  static std::string read(std::string_view bytes) { return std::string(bytes); }
};

template <>
struct Codec<RecordId> {
  static constexpr std::size_t fixed_size = 12;
  static std::size_t size(const RecordId&) noexcept { return fixed_size; }
  static char* write(const RecordId& id, char* at) noexcept {
    store_big(at, id.split);
    store_big(at + 4, id.record);
    return at + fixed_size;
  }
  static RecordId read(std::string_view bytes) {
    detail::need_size(bytes, fixed_size);
    return {load_big<std::uint32_t>(bytes.data()), load_big<std::uint64_t>(bytes.data() + 4)};
  }
};

// Appends the encoding of `value`.
template <Encodable T>
void encode(const T& value, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + Codec<T>::size(value));
  Codec<T>::write(value, out.data() + before);
}

}  // namespace thresh

#include "thresh/codec_fields.hpp"  // IWYU pragma: export
