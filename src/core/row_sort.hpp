// Sorting rows by their keys through small references, so that rows are moved once.
//
// Radix sort on the first 8 bytes of the keys: from the front and in place while there are many (American
// flag: McIlroy, Bostic, McIlroy, "Engineering Radix Sort", Computing Systems 6(1), 1993), from the back once
// they fit into the second-level cache: sealing 9.6 million words took 50 ns a row instead of 72. Many rows
// that are alike so far (URLs, paths, times) are sorted by the next 8 bytes in which they differ, a few are
// compared. std::sort on the same references took 50-60 ns a key.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
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

// What rows are sorted by: a key's bytes from some depth on lie in the prefix of its reference.
template <typename KeyOf, typename Less>
struct RowOrder {
  KeyOf key_of;       // of a row
  Less less_by_rows;  // orders rows wholly
  RowRef* spare;      // room for kMostFromBack

  // Of rows whose keys are the same before what is in their prefixes.
  bool operator()(const RowRef& a, const RowRef& b) const {
    return a.prefix != b.prefix ? a.prefix < b.prefix : less_by_rows(a.row, b.row);
  }
};

template <typename Order>
void sort_behind(RowRef* begin, RowRef* end, std::size_t depth, unsigned levels, const Order& order);

// Orders what has the same `bits` of the prefix, where rows are ordered by these.
template <typename Order>
void sort_ties(RowRef* begin, RowRef* end, std::uint64_t bits, std::size_t depth, unsigned levels,
               const Order& order) {
  while (begin != end) {
    RowRef* next = begin + 1;
    while (next != end && ((next->prefix ^ begin->prefix) & bits) == 0) ++next;
    if (next - begin <= kFewRows) {
      insertion_sort(begin, next, order);
    } else if (bits != ~std::uint64_t{0}) {
      std::sort(begin, next, [](const RowRef& a, const RowRef& b) { return a.prefix < b.prefix; });
      sort_ties(begin, next, ~std::uint64_t{0}, depth, levels, order);
    } else {
      sort_behind(begin, next, depth + sizeof begin->prefix, levels, order);
    }
    begin = next;
  }
}

// By the prefixes from `shift` on, which are the keys' bytes from `depth` on, and what comes behind.
template <typename Order>
void radix_sort(RowRef* begin, RowRef* end, unsigned shift, std::size_t depth, unsigned levels,
                const Order& order) {
  const std::ptrdiff_t rows = end - begin;
  if (rows <= kFewRows) return insertion_sort(begin, end, order);
  if (rows >= kLeastFromBack && rows <= kMostFromBack) {
    const std::uint64_t bits = sort_from_back(begin, end, shift, order.spare);
    return sort_ties(begin, end, bits, depth, levels, order);
  }
  const std::array<std::size_t, 256> ends = sort_by_byte(begin, end, shift);
  std::size_t from = 0;
  for (const std::size_t to : ends) {
    if (to - from > 1) {
      if (shift == 0) {
        sort_ties(begin + from, begin + to, ~std::uint64_t{0}, depth, levels, order);
      } else {
        radix_sort(begin + from, begin + to, shift - 8, depth, levels, order);
      }
    }
    from = to;
  }
}

// By the prefixes, but for the bytes that are the same in all of them. False if all are.
template <typename Order>
bool sort_by_prefixes(RowRef* begin, RowRef* end, std::size_t depth, unsigned levels, const Order& order) {
  std::uint64_t differing = 0;
  for (const RowRef* at = begin; at != end; ++at) differing |= at->prefix ^ begin->prefix;
  if (differing == 0) return false;
  const auto highest = static_cast<unsigned>(std::bit_width(differing)) - 1;
  radix_sort(begin, end, highest / 8 * 8, depth, levels, order);
  return true;
}

// Orders rows whose keys are the same up to `depth`, and their prefixes too. Each level but the first needs
// keys that differ and yet begin alike: keys made for it would take the stack.
template <typename Order>
void sort_behind(RowRef* begin, RowRef* end, std::size_t depth, unsigned levels, const Order& order) {
  constexpr unsigned kMostLevels = 16;
  const std::uint64_t prefix = begin->prefix;
  bool sorted = false;
  // As long as half of the keys go on: a pass that tells nothing apart costs no more than their bytes do.
  for (bool more = levels < kMostLevels; more && !sorted; depth += sizeof prefix) {
    std::ptrdiff_t longer = 0;
    for (RowRef* at = begin; at != end; ++at) {
      const std::string_view key = order.key_of(at->row);
      at->prefix = key.size() > depth ? key_prefix(key.substr(depth)) : 0;
      longer += key.size() > depth ? 1 : 0;
    }
    sorted = longer > 0 && sort_by_prefixes(begin, end, depth, levels + 1, order);
    more = 2 * longer >= end - begin;
  }
  if (!sorted) {
    std::sort(begin, end,
              [&order](const RowRef& a, const RowRef& b) { return order.less_by_rows(a.row, b.row); });
  }
  for (RowRef* at = begin; at != end; ++at) at->prefix = prefix;
}

}  // namespace detail

// Orders by `less(a.row, b.row)`, which orders by keys first. `key_of(row)`: of the row, as a string_view.
template <typename KeyOf, typename Less>
void sort_refs(std::vector<RowRef>& refs, const KeyOf& key_of, const Less& less) {
  if (refs.size() < 2) return;
  std::vector<RowRef> spare(std::min<std::size_t>(refs.size(), detail::kMostFromBack));
  const detail::RowOrder<const KeyOf&, const Less&> order{key_of, less, spare.data()};
  RowRef* const begin = refs.data();
  RowRef* const end = begin + refs.size();
  if (!detail::sort_by_prefixes(begin, end, 0, 0, order)) {
    detail::sort_ties(begin, end, ~std::uint64_t{0}, 0, 0, order);
  }
}

// Orders by the bytes of the key, then by the bytes of the value.
void sort_rows(std::vector<RowRef>& rows, const RowFormat& format);

}  // namespace thresh
