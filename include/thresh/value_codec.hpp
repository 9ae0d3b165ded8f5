// How values travel. A value with a Codec uses that, so the order of values is the order of the type; a
// trivially copyable struct without padding is copied as it is; anything else goes through its serialize()
// and the archives of archive.hpp.
//
// ValueCodec<V> has
//   static constexpr std::size_t fixed_size;              bytes of every encoding; 0 if they vary
//   static constexpr bool in_place;                       has size() and write(), like a Codec
//   static void append(const V&, std::string& out);       appends the encoding
//   static V read(std::string_view bytes);                throws Error if the bytes are no V
#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "thresh/archive.hpp"
#include "thresh/codec.hpp"

namespace thresh {

namespace detail {

template <class V>
concept FlatStruct = std::is_trivially_copyable_v<V> && std::has_unique_object_representations_v<V> &&
    std::is_class_v<V> && !std::is_empty_v<V>;

// Whether its bytes mean the same in another process: what has a pointer, a view or a reference in it is no
// constant when it is made of bytes ([bit.cast]/3). Nor is what has constructors that are no constant
// expressions, so only aggregates are looked at.
template <class V>
concept SelfContained = !std::is_aggregate_v<V> || requires {
  typename std::bool_constant<(std::bit_cast<V>(std::array<char, sizeof(V)>{}), true)>;
};

// Strings are handled as views where nobody needs to own them.
template <class T>
struct ViewOf {
  using Type = T;
};
template <>
struct ViewOf<std::string> {
  using Type = std::string_view;
};
template <class A, class B>
requires Encodable<std::pair<A, B>>
struct ViewOf<std::pair<A, B>> {
  using Type = std::pair<typename ViewOf<A>::Type, typename ViewOf<B>::Type>;
};
template <class... Ts>
requires Encodable<std::tuple<Ts...>>
struct ViewOf<std::tuple<Ts...>> {
  using Type = std::tuple<typename ViewOf<Ts>::Type...>;
};

}  // namespace detail

// What emit takes for a T: has the same encoding, owns nothing.
template <class T>
using View = typename detail::ViewOf<T>::Type;
// What a reducer is given for a T: a view of a string, or the decoded object.
template <class T>
using Decoded = std::conditional_t<std::is_same_v<T, std::string>, std::string_view, T>;
// How a T is passed.
template <class T>
using Argument = std::conditional_t<std::is_trivially_copyable_v<T> && sizeof(T) <= 16, const T, const T&>;

template <class V>
struct ValueCodec {
  static constexpr std::size_t fixed_size = 0;
  static constexpr bool in_place = false;
  static void append(const V& value, std::string& out) { OutputArchive(out) << value; }
  static V read(std::string_view bytes) {
    static_assert(std::is_default_constructible_v<V>,
                  "thresh: a Value that is serialized needs a default constructor");
    InputArchive in(bytes);
    V value{};
    in >> value;
    in.finish();
    return value;
  }
};

template <Encodable V>
struct ValueCodec<V> : Codec<V> {
  static constexpr bool in_place = true;
  static void append(const V& value, std::string& out) { encode(value, out); }
};

template <detail::FlatStruct V>
requires(!Encodable<V>) struct ValueCodec<V> {
  static_assert(
      detail::SelfContained<V>,
      "thresh: a value with a pointer or a view in it (for clang, a bit-field) cannot travel between "
      "ranks: use std::string or std::vector, and serialize()");
  static constexpr std::size_t fixed_size = sizeof(V);
  static constexpr bool in_place = true;
  static std::size_t size(const V&) noexcept { return sizeof(V); }
  static char* write(const V& value, char* at) noexcept {
    copy(at, reinterpret_cast<const char*>(&value));
    return at + sizeof value;
  }
  static void append(const V& value, std::string& out) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static V read(std::string_view bytes) {
    detail::need_size(bytes, sizeof(V));
    V value;
    copy(reinterpret_cast<char*>(&value), bytes.data());
    return value;
  }

 private:
  // Word by word, so that compilers keep the members of a value in registers: what is copied at once is
  // put together in memory and waits there.
  static void copy(char* to, const char* from) noexcept {
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    for (std::size_t at = 0; at + kWord <= sizeof(V); at += kWord) std::memcpy(to + at, from + at, kWord);
    constexpr std::size_t kWords = sizeof(V) / kWord * kWord;
    if constexpr (kWords < sizeof(V)) std::memcpy(to + kWords, from + kWords, sizeof(V) - kWords);
  }
};

}  // namespace thresh
