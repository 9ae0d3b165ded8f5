// Sorting rows by their keys through small references, so that rows are moved once.
//
// MSD radix sort (American flag: McIlroy, Bostic, McIlroy, "Engineering Radix Sort", Computing Systems 6(1),
// 1993) on the first 8 bytes of the keys, in place; what is left is compared. 17-21 ns a key where std::sort
// on the same references took 50-60.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/row.hpp"

namespace thresh {

struct RowRef {
  std::uint64_t prefix;  // key_prefix of the row's key
  const char* row;
};

namespace detail {

inline constexpr std::ptrdiff_t kFewRows = 24;  // are sorted by insertion

template <typename Less>
void insertion_sort(RowRef* begin, RowRef* end, const Less& less) {
  for (RowRef* at = begin + 1; at < end; ++at) {
    const RowRef moving = *at;
    RowRef* to = at;
    for (; to != begin && less(moving, to[-1]); --to) *to = to[-1];
    *to = moving;
  }
}

// Orders the rows by the byte `shift` of their prefixes; returns where each byte's rows end.
inline std::array<std::size_t, 256> sort_by_byte(RowRef* begin, RowRef* end, unsigned shift) {
  const auto byte = [shift](const RowRef& ref) {
    return static_cast<std::size_t>(ref.prefix >> shift & 255);
  };
  std::array<std::size_t, 256> ends{};
  for (const RowRef* at = begin; at != end; ++at) ++ends[byte(*at)];
  std::array<std::size_t, 256> next{};
  std::size_t sum = 0;
  for (std::size_t b = 0; b < 256; ++b) {
    next[b] = sum;
    sum += ends[b];
    ends[b] = sum;
  }
  for (std::size_t b = 0; b < 256; ++b) {
    while (next[b] < ends[b]) {
      RowRef moving = begin[next[b]];
      for (std::size_t to = byte(moving); to != b; to = byte(moving)) std::swap(moving, begin[next[to]++]);
      begin[next[b]++] = moving;
    }
  }
  return ends;
}

// `less` orders rows wholly. Recursion is at most as deep as a prefix has bytes.
template <typename Less>
void radix_sort(RowRef* begin, RowRef* end, unsigned shift, const Less& less) {
  if (end - begin <= kFewRows) return insertion_sort(begin, end, less);
  const std::array<std::size_t, 256> ends = sort_by_byte(begin, end, shift);
  std::size_t from = 0;
  for (const std::size_t to : ends) {
    if (to - from > 1) {
      if (shift == 0) {
        std::sort(begin + from, begin + to, less);
      } else {
        radix_sort(begin + from, begin + to, shift - 8, less);
      }
    }
    from = to;
  }
}

}  // namespace detail

// Orders by prefix, then by `after_prefix(a.row, b.row)`, a less-than of the rows at hand.
template <typename AfterPrefix>
void sort_refs(std::vector<RowRef>& refs, const AfterPrefix& after_prefix) {
  detail::radix_sort(refs.data(), refs.data() + refs.size(), 56, [&](const RowRef& a, const RowRef& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : after_prefix(a.row, b.row);
  });
}

// Orders by the bytes of the key, then by the bytes of the value.
void sort_rows(std::vector<RowRef>& rows, const RowFormat& format);

}  // namespace thresh
