// A pair of Boost.Serialization archives for bytes that are checked when they are read: little-endian, fixed
// widths, no tracking, no class versions or names. They are archives in the sense of Boost's documented
// archive concept, so a type with serialize() and what has a <boost/serialization/*.hpp> header work.
//
//   integers, enums, float, double   their bytes       bool      one byte, 0 or 1
//   counts (of any collection)       4 bytes           optional  a bool, then the value
//   strings, std::vector             a count, then the items
//
// What is refused: pointers (and smart pointers) do not compile; nor do unordered containers, for their bytes
// would depend on their history. Reading throws Error on bytes that do not fit; a count is never trusted:
// memory grows with the bytes that are there. Objects nested deeper than 256 are refused both ways.
#pragma once

#include <boost/serialization/array_wrapper.hpp>
#include <boost/serialization/collection_size_type.hpp>
#include <boost/serialization/item_version_type.hpp>
#include <boost/serialization/library_version_type.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/serialization.hpp>
#include <boost/serialization/version.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "thresh/bytes.hpp"

namespace thresh {
namespace detail {

template <class T>
concept Scalar = (std::is_arithmetic_v<T> && !std::is_same_v<T, long double>) || std::is_enum_v<T>;

template <class T>
inline constexpr bool kIsVector = false;
template <class T, class A>
inline constexpr bool kIsVector<std::vector<T, A>> = true;
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsTuple = false;
template <class... Ts>
inline constexpr bool kIsTuple<std::tuple<Ts...>> = true;
template <class A, class B>
inline constexpr bool kIsTuple<std::pair<A, B>> = true;
template <class T>
inline constexpr bool kIsNvp = false;
template <class T>
inline constexpr bool kIsNvp<boost::serialization::nvp<T>> = true;
template <class T>
inline constexpr bool kIsCount = std::is_same_v<T, boost::serialization::collection_size_type>;
template <class T>
inline constexpr bool kIsItemVersion = std::is_same_v<T, boost::serialization::item_version_type>;
template <class T>
concept Unordered = requires {
  typename T::hasher;
};

template <class T>
constexpr void check_serializable() {
  static_assert(!std::is_pointer_v<T> && !std::is_member_pointer_v<T> && !std::is_null_pointer_v<T>,
                "thresh: a value with a pointer in it cannot travel between ranks");
  static_assert(!std::is_same_v<T, long double>, "thresh: long double is not portable: use double");
  static_assert(!Unordered<T>,
                "thresh: an unordered container has no canonical bytes: use std::map or std::set");
  static_assert(!std::is_union_v<T>, "thresh: a union cannot be serialized: use std::optional or a struct");
}

// How deep the object at hand is nested in others.
class Depth {
 public:
  explicit Depth(unsigned& depth) : depth_(&depth) {
    if (++depth > 256) refuse();
  }
  ~Depth() { --*depth_; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;

 private:
  [[noreturn, gnu::cold]] void refuse() const {
    --*depth_;
    refuse_bytes("objects are nested more than 256 deep");
  }
  unsigned* depth_;
};

}  // namespace detail

// Appends to a string.
class OutputArchive {
 public:
  using is_saving = boost::mpl::true_;
  using is_loading = boost::mpl::false_;

  // Borrows `out`.
  explicit OutputArchive(std::string& out) : out_(&out) {}

  template <class T>
  OutputArchive& operator<<(const T& value) {
    save(value);
    return *this;
  }
  template <class T>
  OutputArchive& operator&(const T& value) {
    save(value);
    return *this;
  }
  void save_binary(const void* bytes, std::size_t size) {
    out_->append(static_cast<const char*>(bytes), size);
  }

  // The rest of Boost's archive concept.
  template <class T>
  void register_type(const T* = nullptr) {}
  template <class Helper>
  Helper& get_helper(void* const = nullptr) = delete;
  static boost::serialization::library_version_type get_library_version() {
    return boost::serialization::library_version_type(19);
  }
  static unsigned int get_flags() { return 0; }

 private:
  template <class T>
  void save(const T& value) {
    detail::check_serializable<T>();
    if constexpr (std::is_same_v<T, bool>) {
      out_->push_back(value ? '\1' : '\0');
    } else if constexpr (detail::Scalar<T>) {
      save_binary(&value, sizeof value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      save_count(value.size());
      out_->append(value);
    } else if constexpr (detail::kIsVector<T>) {
      save_vector(value);
    } else if constexpr (detail::kIsOptional<T>) {
      save(value.has_value());
      if (value) save(*value);
    } else if constexpr (detail::kIsTuple<T>) {
      std::apply([this](const auto&... field) { (*this << ... << field); }, value);
    } else if constexpr (std::is_array_v<T>) {
      for (const auto& item : value) save(item);
    } else if constexpr (detail::kIsNvp<T>) {
      save(value.const_value());
    } else if constexpr (detail::kIsCount<T>) {
      save_count(value);
    } else if constexpr (!detail::kIsItemVersion<T>) {
      const detail::Depth nested(depth_);
      boost::serialization::serialize_adl(*this, const_cast<T&>(value),
                                          boost::serialization::version<T>::value);
    }
  }
  template <class T, class A>
  void save_vector(const std::vector<T, A>& items) {
    save_count(items.size());
    const std::size_t before = out_->size();
    for (auto&& item : items) save(static_cast<const T&>(item));
    if (!items.empty() && out_->size() - before < items.size()) {
      refuse_bytes("a vector of objects without content");
    }
  }
  void save_count(std::size_t count) {
    if (count > std::numeric_limits<std::uint32_t>::max()) refuse_bytes("more than 2^32 items in one object");
    const auto narrow = static_cast<std::uint32_t>(count);
    save_binary(&narrow, sizeof narrow);
  }

  std::string* out_;
  unsigned depth_ = 0;
};

// Reads what OutputArchive wrote.
class InputArchive {
 public:
  using is_saving = boost::mpl::false_;
  using is_loading = boost::mpl::true_;

  // Borrows `bytes`.
  explicit InputArchive(std::string_view bytes) : left_(bytes) {}

  // Takes const wrappers (nvp and the like) as well as the objects themselves.
  template <class T>
  InputArchive& operator>>(T&& value) {
    load(const_cast<std::remove_cvref_t<T>&>(value));
    return *this;
  }
  template <class T>
  InputArchive& operator&(T&& value) {
    load(const_cast<std::remove_cvref_t<T>&>(value));
    return *this;
  }
  void load_binary(void* bytes, std::size_t size) {
    if (size > left_.size()) refuse_size(left_.size(), size);
    if (size > 0) std::memcpy(bytes, left_.data(), size);
    left_.remove_prefix(size);
  }
  std::size_t bytes_left() const noexcept { return left_.size(); }
  // Throws Error unless everything was read.
  void finish() const {
    if (!left_.empty()) refuse_bytes(std::to_string(left_.size()) + " bytes too many");
  }

  // The rest of Boost's archive concept.
  template <class T>
  void register_type(const T* = nullptr) {}
  template <class Helper>
  Helper& get_helper(void* const = nullptr) = delete;
  template <class T>
  void reset_object_address(const T*, const T*) {}
  void delete_created_pointers() {}
  static boost::serialization::library_version_type get_library_version() {
    return boost::serialization::library_version_type(19);
  }
  static unsigned int get_flags() { return 0; }

 private:
  template <class T>
  void load(T& value) {
    detail::check_serializable<T>();
    if constexpr (std::is_same_v<T, bool>) {
      char byte = 0;
      load_binary(&byte, 1);
      if (byte != 0 && byte != 1) refuse_bytes("a bool that is neither 0 nor 1");
      value = byte == 1;
    } else if constexpr (detail::Scalar<T>) {
      load_binary(&value, sizeof value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      const std::size_t size = load_count();
      value.assign(left_.substr(0, size));
      left_.remove_prefix(size);
    } else if constexpr (detail::kIsVector<T>) {
      load_vector(value);
    } else if constexpr (detail::kIsOptional<T>) {
      bool has_value = false;
      load(has_value);
      value.reset();
      if (has_value) load(value.emplace());
    } else if constexpr (detail::kIsTuple<T>) {
      // The key in an item of a map is const.
      std::apply([this](auto&... field) { (*this >> ... >> field); }, value);
    } else if constexpr (std::is_array_v<T>) {
      for (auto& item : value) load(item);
    } else if constexpr (detail::kIsNvp<T>) {
      load(value.value());
    } else if constexpr (detail::kIsCount<T>) {
      value = boost::serialization::collection_size_type(load_count());
    } else if constexpr (!detail::kIsItemVersion<T>) {
      const detail::Depth nested(depth_);
      boost::serialization::serialize_adl(*this, value, boost::serialization::version<T>::value);
    }
  }
  // One by one: what a count claims costs nothing until its items are there.
  template <class T, class A>
  void load_vector(std::vector<T, A>& items) {
    const std::size_t count = load_count();
    items.clear();
    if constexpr (detail::Scalar<T>) {
      if (count > left_.size() / sizeof(T)) refuse_size(left_.size(), count * sizeof(T));
      items.reserve(count);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t before = left_.size();
      T item{};
      load(item);
      if (left_.size() == before) refuse_bytes("a vector of objects without content");
      items.push_back(std::move(item));
    }
  }
  // Every item of every collection takes a byte or more.
  std::size_t load_count() {
    std::uint32_t count = 0;
    load_binary(&count, sizeof count);
    if (count > left_.size()) refuse_size(left_.size(), count);
    return count;
  }

  std::string_view left_;
  unsigned depth_ = 0;
};

}  // namespace thresh
