// Sorting rows by their keys through small references, so that rows are moved once.
//
// Radix sort on the first 8 bytes of the keys: from the front while there are many (and in place if they are
// very many: American flag; McIlroy, Bostic, McIlroy, "Engineering Radix Sort", Computing Systems 6(1),
// 1993), from the back once they fit into the second-level cache, by as few bits as tell their bytes apart:
// two or three passes where bytes took six, 10 ns a word instead of 29. Many rows that are alike so far
// (URLs, paths, times) are sorted by what comes behind, a few are compared. std::sort on the same references
// took 50-60 ns a key.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/packed_prefix.hpp"
#include "core/row.hpp"

namespace thresh {

struct RowRef {
  std::uint64_t prefix;  // key_prefix of the row's key
  const char* row;
};

namespace detail {

inline constexpr std::ptrdiff_t kFewRows = 24;  // are sorted by insertion
// What two digits leave together of so few is sorted by insertion in less time than a third one takes.
inline constexpr std::size_t kFewForThree = 1024;
// So many are sorted from the back: more are not in the cache.
inline constexpr std::ptrdiff_t kMostFromBack = 20'000;
// So many are put in order by way of other memory, 4 MiB; more in place, which takes 1.4 times as long.
inline constexpr std::ptrdiff_t kMostAside = 1 << 18;

}  // namespace detail

// What is sorted with, for the next one to use again: up to 4.5 MiB.
struct SortMemory {
  static constexpr unsigned kDigits = 3;
  static constexpr unsigned kMostDigitBits = 11;  // the counts stay in the first-level cache

  // Bits to sort by, above the place of the row.
  using Item = std::uint64_t;
  static constexpr unsigned kPlaceBits = 64 - kDigits * kMostDigitBits;
  static_assert(detail::kMostFromBack < std::ptrdiff_t{1} << kPlaceBits);

  void make_room(std::size_t rows) {
    const std::size_t aside = std::min<std::size_t>(std::bit_ceil(rows), detail::kMostAside);
    if (refs_room < aside) {
      refs_room = 0;
      refs = std::make_unique_for_overwrite<RowRef[]>(aside);
      refs_room = aside;
    }
    const std::size_t from_back = std::min<std::size_t>(std::bit_ceil(rows), detail::kMostFromBack);
    if (items_room < from_back) {
      items_room = 0;
      items = std::make_unique_for_overwrite<Item[]>(from_back);
      others = std::make_unique_for_overwrite<Item[]>(from_back);
      items_room = from_back;
    }
  }
  std::uint64_t bytes() const noexcept { return refs_room * sizeof(RowRef) + 2 * items_room * sizeof(Item); }

  std::size_t refs_room = 0;
  std::size_t items_room = 0;  // of each of the two
  std::unique_ptr<RowRef[]> refs;
  std::unique_ptr<Item[]> items;
  std::unique_ptr<Item[]> others;
  // Of each value of a digit, the lowest digit first: how many rows have it, then where the next one goes.
  using Counts = std::array<std::uint32_t, std::size_t{1} << kMostDigitBits>;
  std::array<Counts, kDigits> counts;
};

namespace detail {

template <typename Less>
void insertion_sort(RowRef* begin, RowRef* end, const Less& less) {
  for (RowRef* at = begin + 1; at < end; ++at) {
    const RowRef moving = *at;
    RowRef* to = at;
    for (; to != begin && less(moving, to[-1]); --to) *to = to[-1];
    *to = moving;
  }
}

// Orders the rows by the 8 bits from `shift` on of their prefixes; returns where the rows of each value end.
// `spare`: room for the rows, or null.
inline std::array<std::size_t, 256> sort_by_byte(RowRef* begin, RowRef* end, unsigned shift, RowRef* spare) {
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
  if (spare != nullptr) {
    for (const RowRef* at = begin; at != end; ++at) spare[next[byte(*at)]++] = *at;
    std::copy_n(spare, end - begin, begin);
    return ends;
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

// Turns counts into where the rows of each value begin; returns how many values occur.
inline std::size_t sum_up(std::span<std::uint32_t> counts) {
  std::size_t values = 0;
  std::uint32_t sum = 0;
  for (std::uint32_t& count : counts) {
    values += count != 0 ? 1 : 0;
    sum += std::exchange(count, sum);
  }
  return values;
}

// Orders by the two highest digits of the prefixes' bits, or by three if two leave many rows together: of
// words few values of a digit occur, so it tells less than it could. Returns the bits of prefixes by which
// rows are ordered now.
inline std::uint64_t sort_from_back(RowRef* begin, RowRef* end, const PackedPrefix& packed,
                                    SortMemory& memory) {
  using Item = SortMemory::Item;
  const auto rows = static_cast<std::size_t>(end - begin);
  const unsigned size = std::min(static_cast<unsigned>(std::bit_width(rows)) - 1, SortMemory::kMostDigitBits);
  const std::uint64_t mask = (std::uint64_t{1} << size) - 1;
  const unsigned most = SortMemory::kDigits * size;
  const unsigned left = packed.bits() < most ? most - packed.bits() : 0;
  const unsigned right = packed.bits() > most ? packed.bits() - most : 0;
  const unsigned low_at = SortMemory::kPlaceBits;
  const unsigned middle_at = low_at + size;
  const unsigned high_at = middle_at + size;
  auto& [low, middle, high] = memory.counts;
  std::fill_n(middle.begin(), mask + 1, 0);
  std::fill_n(high.begin(), mask + 1, 0);
  Item* items = memory.items.get();
  Item* others = memory.others.get();
  for (std::size_t i = 0; i < rows; ++i) {
    const Item item = packed.of(begin[i].prefix) << left >> right << SortMemory::kPlaceBits | i;
    items[i] = item;
    ++middle[item >> middle_at & mask];
    ++high[item >> high_at];
  }
  const auto pass = [&](auto& next, unsigned at) {
    for (std::size_t i = 0; i < rows; ++i) others[next[items[i] >> at & mask]++] = items[i];
    std::swap(items, others);
  };
  const std::size_t apart = sum_up({middle.data(), mask + 1}) * sum_up({high.data(), mask + 1});
  const bool by_two = packed.bits() <= 2 * size || rows < kFewForThree || apart > 32 * rows;
  if (!by_two) {
    std::fill_n(low.begin(), mask + 1, 0);
    for (std::size_t i = 0; i < rows; ++i) ++low[items[i] >> low_at & mask];
    sum_up({low.data(), mask + 1});
    pass(low, low_at);
  }
  pass(middle, middle_at);
  RowRef* const refs = memory.refs.get();
  constexpr Item kPlace = (Item{1} << SortMemory::kPlaceBits) - 1;
  for (std::size_t i = 0; i < rows; ++i) refs[high[items[i] >> high_at]++] = begin[items[i] & kPlace];
  std::copy_n(refs, rows, begin);
  return packed.told(by_two ? 2 * size : most);
}

// What rows are sorted by: a key's bytes from some depth on lie in the prefix of its reference.
template <typename KeyOf, typename Less>
struct RowOrder {
  KeyOf key_of;       // of a row
  Less less_by_rows;  // orders rows wholly
  SortMemory& memory;

  // Of rows whose keys are the same before what is in their prefixes.
  bool operator()(const RowRef& a, const RowRef& b) const {
    return a.prefix != b.prefix ? a.prefix < b.prefix : less_by_rows(a.row, b.row);
  }
};

inline std::uint64_t differing_bits(const RowRef* begin, const RowRef* end) {
  std::uint64_t differing = 0;
  for (const RowRef* at = begin; at != end; ++at) differing |= at->prefix ^ begin->prefix;
  return differing;
}

template <typename Order>
void sort_behind(RowRef* begin, RowRef* end, std::size_t depth, unsigned levels, const Order& order);

// By the prefixes, which are the keys' bytes from `depth` on, and what comes behind.
template <typename Order>
void radix_sort(RowRef* begin, RowRef* end, std::size_t depth, unsigned levels, const Order& order) {
  if (end - begin <= kFewRows) return insertion_sort(begin, end, order);
  if (end - begin > kMostFromBack) {
    const std::uint64_t differing = differing_bits(begin, end);
    if (differing == 0) return sort_behind(begin, end, depth + sizeof begin->prefix, levels, order);
    const auto highest = static_cast<unsigned>(std::bit_width(differing)) - 1;
    RowRef* const spare = end - begin <= kMostAside ? order.memory.refs.get() : nullptr;
    std::size_t from = 0;
    // The first 8 bits from one that differs on.
    for (const std::size_t to : sort_by_byte(begin, end, std::max(highest, 7U) - 7, spare)) {
      if (to - from > 1) radix_sort(begin + from, begin + to, depth, levels, order);
      from = to;
    }
    return;
  }
  const PackedPrefix packed(static_cast<std::size_t>(end - begin),
                            [begin](std::size_t i) { return begin[i].prefix; });
  if (packed.bits() == 0) return sort_behind(begin, end, depth + sizeof begin->prefix, levels, order);
  const std::uint64_t told = sort_from_back(begin, end, packed, order.memory);
  for (RowRef* next = begin; begin != end; begin = next) {
    do ++next;
    while (next != end && ((next->prefix ^ begin->prefix) & told) == 0);
    if (next - begin > 1) radix_sort(begin, next, depth, levels, order);
  }
}

// Orders rows whose keys are the same up to `depth`, and their prefixes too. Each level but the first needs
// keys that differ and yet begin alike; without an end to them, keys made for it would take the stack.
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
    sorted = longer > 0 && differing_bits(begin, end) != 0;
    if (sorted) radix_sort(begin, end, depth, levels + 1, order);
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
void sort_refs(std::span<RowRef> refs, const KeyOf& key_of, const Less& less, SortMemory& memory) {
  if (refs.size() < 2) return;
  memory.make_room(refs.size());
  const detail::RowOrder<const KeyOf&, const Less&> order{key_of, less, memory};
  detail::radix_sort(refs.data(), refs.data() + refs.size(), 0, 0, order);
}

// Orders by the bytes of the key, then by the bytes of the value.
void sort_rows(std::vector<RowRef>& rows, const RowFormat& format, SortMemory& memory);

}  // namespace thresh
