// Sorting rows by their keys through small references, so that rows are moved once.
//
// Radix sort on the first 8 bytes of the keys: from the front and in place while there are many (American
// flag: McIlroy, Bostic, McIlroy, "Engineering Radix Sort", Computing Systems 6(1), 1993), from the back once
// they fit into the second-level cache: sealing 9.6 million words took 50 ns a row instead of 72. Rows that
// are alike so far are compared. std::sort on the same references took 50-60 ns a key.
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
// So many are sorted from the back: fewer are not worth the counters, more are not in the cache.
inline constexpr std::ptrdiff_t kLeastFromBack = 400;
inline constexpr std::ptrdiff_t kMostFromBack = 20'000;

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

using ByteCounts = std::array<std::uint32_t, 256>;

// How many of the last bytes need not be sorted by, as those before tell nearly all rows apart: a few that
// are the same so far are cheaper to compare than all to move. Counts are of the bytes of prefixes, the last
// one first.
inline unsigned bytes_to_leave(const std::array<ByteCounts, 8>& counts, unsigned bytes, std::size_t rows) {
  constexpr double kPairsLeft = 1.0 / 8;  // a row
  double pairs = static_cast<double>(rows);
  for (unsigned b = bytes; b-- > 0;) {
    // The chance that two rows have the same byte here.
    double same = 0;
    for (const std::uint32_t count : counts[b]) same += static_cast<double>(count) * count;
    pairs *= same / static_cast<double>(rows) / static_cast<double>(rows);
    if (pairs < kPairsLeft) return b;
  }
  return 0;
}

// Orders by the bytes of the prefixes up to `shift`, from the last one that is needed on; bytes that are the
// same in all rows are passed over. `spare` has room for the rows. Returns the bits by which rows are ordered
// now.
inline std::uint64_t sort_from_back(RowRef* begin, RowRef* end, unsigned shift, RowRef* spare) {
  const auto rows = static_cast<std::size_t>(end - begin);
  std::array<ByteCounts, 8> counts{};
  for (const RowRef* at = begin; at != end; ++at) {
    for (unsigned b = 0; b <= shift / 8; ++b) ++counts[b][at->prefix >> 8 * b & 255];
  }
  const unsigned first = bytes_to_leave(counts, shift / 8 + 1, rows);
  RowRef* from = begin;
  RowRef* to = spare;
  for (unsigned b = first; b <= shift / 8; ++b) {
    ByteCounts& next = counts[b];
    if (next[begin->prefix >> 8 * b & 255] == rows) continue;
    std::uint32_t sum = 0;
    for (std::uint32_t& count : next) sum += std::exchange(count, sum);
    for (std::size_t i = 0; i < rows; ++i) to[next[from[i].prefix >> 8 * b & 255]++] = from[i];
    std::swap(from, to);
  }
  if (from != begin) std::copy(from, from + rows, begin);
  return ~std::uint64_t{0} << 8 * first;
}

// Orders what has the same `bits` of the prefix, where rows are ordered by these.
template <typename Less>
void sort_ties(RowRef* begin, RowRef* end, std::uint64_t bits, const Less& less) {
  while (begin != end) {
    RowRef* next = begin + 1;
    while (next != end && ((next->prefix ^ begin->prefix) & bits) == 0) ++next;
    if (next - begin > kFewRows) {
      std::sort(begin, next, less);
    } else if (next - begin > 1) {
      insertion_sort(begin, next, less);
    }
    begin = next;
  }
}

// `less` orders rows wholly. Recursion is at most as deep as a prefix has bytes.
template <typename Less>
void radix_sort(RowRef* begin, RowRef* end, unsigned shift, RowRef* spare, const Less& less) {
  const std::ptrdiff_t rows = end - begin;
  if (rows < 2) return;
  if (rows <= kFewRows) return insertion_sort(begin, end, less);
  if (rows >= kLeastFromBack && rows <= kMostFromBack) {
    const std::uint64_t bits = sort_from_back(begin, end, shift, spare);
    return sort_ties(begin, end, bits, less);
  }
  const std::array<std::size_t, 256> ends = sort_by_byte(begin, end, shift);
  std::size_t from = 0;
  for (const std::size_t to : ends) {
    if (to - from > 1) {
      if (shift == 0) {
        std::sort(begin + from, begin + to, less);
      } else {
        radix_sort(begin + from, begin + to, shift - 8, spare, less);
      }
    }
    from = to;
  }
}

}  // namespace detail

// Orders by prefix, then by `after_prefix(a.row, b.row)`, a less-than of the rows at hand.
template <typename AfterPrefix>
void sort_refs(std::vector<RowRef>& refs, const AfterPrefix& after_prefix) {
  const auto less = [&](const RowRef& a, const RowRef& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : after_prefix(a.row, b.row);
  };
  std::vector<RowRef> spare(std::min<std::size_t>(refs.size(), detail::kMostFromBack));
  detail::radix_sort(refs.data(), refs.data() + refs.size(), 56, spare.data(), less);
}

// Orders by the bytes of the key, then by the bytes of the value.
void sort_rows(std::vector<RowRef>& rows, const RowFormat& format);

}  // namespace thresh
