// Codecs of what has fields: pairs, tuples, arrays, and structs with key_fields(). Included by codec.hpp.
//
// Fields follow each other. What is of fixed size or prefix-free stands as it is; anything else, strings
// above all, is escaped (00 becomes 00 01) and ends with 00 00, which sorts before every continuation.
#pragma once

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "thresh/codec.hpp"

namespace thresh {
namespace detail {

inline std::size_t escaped_size(std::string_view text) noexcept {
  std::size_t size = text.size() + 2;
  for (const char c : text) size += c == '\0' ? 1U : 0U;
  return size;
}
inline char* write_escaped(std::string_view text, char* at) noexcept {
  for (const char c : text) {
    *at++ = c;
    if (c == '\0') *at++ = 1;
  }
  *at++ = 0;
  *at++ = 0;
  return at;
}
// Takes one escaped string off the front.
inline std::string read_escaped(std::string_view& in) {
  std::string text;
  while (true) {
    const std::size_t zero = in.find('\0');
    if (zero == std::string_view::npos || zero + 1 == in.size()) refuse_bytes("a string without its end");
    text.append(in.substr(0, zero));
    const char mark = in[zero + 1];
    in.remove_prefix(zero + 2);
    if (mark == 0) return text;
    if (mark != 1) refuse_bytes("a string with an unknown escape");
    text.push_back('\0');
  }
}

template <class T>
concept PrefixFree = Encodable<T> && requires(std::string_view& in) {
  requires Codec<T>::prefix_free;
  Codec<T>::read_prefix(in);
};

// How a field stands inside something larger.
template <class T>
struct Field {
  static std::size_t size(const T& value) { return escaped_size(encoded(value)); }
  static char* write(const T& value, char* at) { return write_escaped(encoded(value), at); }
  static T read(std::string_view& in) {
    static_assert(
        !std::is_same_v<T, std::string_view>,
        "thresh: a std::string_view inside a pair, tuple or struct cannot be decoded: use std::string");
    return Codec<T>::read(read_escaped(in));
  }

 private:
  static auto encoded(const T& value) {
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
      return std::string_view(value);
    } else {
      std::string bytes;
      encode(value, bytes);
      return bytes;
    }
  }
};

template <class T>
requires(Codec<T>::fixed_size > 0) struct Field<T> {
  static std::size_t size(const T&) noexcept { return Codec<T>::fixed_size; }
  static char* write(const T& value, char* at) { return Codec<T>::write(value, at); }
  static T read(std::string_view& in) {
    constexpr std::size_t kSize = Codec<T>::fixed_size;
    if (in.size() < kSize) refuse_size(in.size(), kSize);
    const std::string_view bytes = in.substr(0, kSize);
    in.remove_prefix(kSize);
    return Codec<T>::read(bytes);
  }
};

template <class T>
requires(Codec<T>::fixed_size == 0 && PrefixFree<T>) struct Field<T> {
  static std::size_t size(const T& value) { return Codec<T>::size(value); }
  static char* write(const T& value, char* at) { return Codec<T>::write(value, at); }
  static T read(std::string_view& in) { return Codec<T>::read_prefix(in); }
};

// A sequence of fields of these types.
template <class... Ts>
struct Fields {
  static constexpr bool all_fixed = ((Codec<Ts>::fixed_size > 0) && ...);
  static constexpr std::size_t fixed_size = all_fixed ? (Codec<Ts>::fixed_size + ... + 0) : 0;

  template <class Tuple>
  static std::size_t size(const Tuple& fields) {
    return std::apply([](const auto&... field) { return (Field<Ts>::size(field) + ... + std::size_t{0}); },
                      fields);
  }
  template <class Tuple>
  static char* write(const Tuple& fields, char* at) {
    std::apply([&at](const auto&... field) { ((at = Field<Ts>::write(field, at)), ...); }, fields);
    return at;
  }
  static std::tuple<Ts...> read_prefix(std::string_view& in) {
    return std::tuple<Ts...>{Field<Ts>::read(in)...};  // in braces: from left to right
  }
};

// What the codecs below have in common; Derived has write, size and read_prefix.
template <class T, class Derived>
struct CompositeCodec {
  static constexpr bool prefix_free = true;
  static T read(std::string_view bytes) {
    T value = Derived::read_prefix(bytes);
    if (!bytes.empty()) refuse_bytes(std::to_string(bytes.size()) + " bytes too many");
    return value;
  }
};

}  // namespace detail

template <class A, class B>
requires Encodable<A> && Encodable<B>
struct Codec<std::pair<A, B>> : detail::CompositeCodec<std::pair<A, B>, Codec<std::pair<A, B>>> {
  static constexpr std::size_t fixed_size = detail::Fields<A, B>::fixed_size;
  static std::size_t size(const std::pair<A, B>& value) { return detail::Fields<A, B>::size(value); }
  static char* write(const std::pair<A, B>& value, char* at) {
    return detail::Fields<A, B>::write(value, at);
  }
  static std::pair<A, B> read_prefix(std::string_view& in) {
    A first = detail::Field<A>::read(in);
    return {std::move(first), detail::Field<B>::read(in)};
  }
};

template <class... Ts>
requires(Encodable<Ts>&&...) struct Codec<std::tuple<Ts...>>
    : detail::CompositeCodec<std::tuple<Ts...>, Codec<std::tuple<Ts...>>> {
  using Base = detail::Fields<Ts...>;
  static constexpr std::size_t fixed_size = Base::fixed_size;
  static std::size_t size(const std::tuple<Ts...>& value) { return Base::size(value); }
  static char* write(const std::tuple<Ts...>& value, char* at) { return Base::write(value, at); }
  static std::tuple<Ts...> read_prefix(std::string_view& in) { return Base::read_prefix(in); }
};

template <class T, std::size_t kCount>
requires Encodable<T>
struct Codec<std::array<T, kCount>>
    : detail::CompositeCodec<std::array<T, kCount>, Codec<std::array<T, kCount>>> {
  static constexpr std::size_t fixed_size = kCount * Codec<T>::fixed_size;
  static std::size_t size(const std::array<T, kCount>& value) {
    std::size_t size = 0;
    for (const T& item : value) size += detail::Field<T>::size(item);
    return size;
  }
  static char* write(const std::array<T, kCount>& value, char* at) {
    for (const T& item : value) at = detail::Field<T>::write(item, at);
    return at;
  }
  static std::array<T, kCount> read_prefix(std::string_view& in) {
    std::array<T, kCount> value{};
    for (T& item : value) item = detail::Field<T>::read(in);
    return value;
  }
};

namespace detail {

// The fields of a tuple type without references: std::tuple<const A&, B> gives Fields<A, B>.
template <class Tuple>
struct FieldsOf;
template <class... Ts>
struct FieldsOf<std::tuple<Ts...>> {
  using Type = Fields<std::remove_cvref_t<Ts>...>;
  static constexpr bool encodable = (Encodable<std::remove_cvref_t<Ts>> && ...);
  static constexpr bool references = (std::is_lvalue_reference_v<Ts> && ...);
  template <class T>
  static constexpr bool builds = requires(std::remove_cvref_t<Ts>... field) {
    { T::from_key_fields(std::move(field)...) } -> std::same_as<T>;
  };
};

template <class T>
using KeyFieldsOf = FieldsOf<std::remove_cvref_t<decltype(std::declval<const T&>().key_fields())>>;

template <class T>
concept HasKeyFields = std::is_class_v<T> && requires {
  requires KeyFieldsOf<T>::encodable;
};

}  // namespace detail

template <detail::HasKeyFields T>
struct Codec<T> : detail::CompositeCodec<T, Codec<T>> {
  using Base = typename detail::KeyFieldsOf<T>::Type;
  static constexpr std::size_t fixed_size = Base::fixed_size;
  static std::size_t size(const T& value) { return Base::size(value.key_fields()); }
  static char* write(const T& value, char* at) { return Base::write(value.key_fields(), at); }

  static T read_prefix(std::string_view& in) {
    auto fields = Base::read_prefix(in);
    if constexpr (detail::KeyFieldsOf<T>::template builds<T>) {
      return std::apply([](auto&... field) { return T::from_key_fields(std::move(field)...); }, fields);
    } else {
      static_assert(
          std::is_default_constructible_v<T> && std::is_move_assignable_v<T> &&
              detail::KeyFieldsOf<T>::references,
          "thresh: a struct is decoded into a default-constructed one whose key_fields() are its own "
          "members (std::tie), or with static from_key_fields(...): give it one of them");
      T value{};
      assign(value, fields, std::make_index_sequence<std::tuple_size_v<decltype(fields)>>());
      return value;
    }
  }

 private:
  // key_fields() is const; the object it refers to is not, so its members may be assigned.
  template <class Tuple, std::size_t... kIndex>
  static void assign(T& value, Tuple& fields, std::index_sequence<kIndex...>) {
    const auto members = std::as_const(value).key_fields();
    ((const_cast<std::tuple_element_t<kIndex, Tuple>&>(std::get<kIndex>(members)) =
          std::move(std::get<kIndex>(fields))),
     ...);
  }
};

}  // namespace thresh
