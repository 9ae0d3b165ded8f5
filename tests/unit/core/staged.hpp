// Shared by the tests of rows that are combined by who reduces them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/merge.hpp"
#include "rows.hpp"
#include "support/catch.hpp"

namespace thresh::test {

inline constexpr std::uint32_t kPartitions = 3;
// A table that holds no more than this is given up after 3584 keys; its rows come in one range.
inline constexpr std::uint64_t kLimit = 200 << 10;
// The same after 57,344 keys, with four ranges.
inline constexpr std::uint64_t kLargeLimit = 3200 << 10;

inline const Receivers kAlone;
inline const Receivers kWithOthers{3, UINT64_MAX};

using Totals = std::map<std::string, std::uint64_t>;

inline std::string key_of(std::uint64_t i) {
  // Of all sizes: those that fit into 8 or 16 bytes, those that do not, and long ones; many begin alike.
  return std::string(i % 40 == 0  ? i / 40 % 300
                     : i % 4 == 0 ? i % 23
                                  : 0,
                     'p') +
         std::to_string(i * 0x9e3779b97f4a7c15U);
}

// Emits of `keys` keys from the first on, each `times` times, most of them 1.
inline Pairs emits_of(std::uint64_t first, std::uint64_t keys, int times) {
  Pairs pairs;
  for (int round = 0; round < times; ++round) {
    for (std::uint64_t i = first; i < first + keys; ++i) {
      pairs.emplace_back(key_of(i), number_bytes(i % 7 == 0 ? i : 1));
    }
  }
  return pairs;
}

inline void add_up(const Pairs& pairs, Totals& totals) {
  for (const auto& [key, value] : pairs) totals[key] += number_of(value);
}

// All rows of a merge, each of which is a group, some at a time. There are many: they are not checked one by
// one.
inline Pairs singles(SliceMerge& merge) {
  Pairs rows;
  std::array<SingleGroup, 7> groups;
  bool hashes_hold = true;
  std::size_t taken = 1;
  while (taken > 0 && !merge.done()) {
    taken = merge.take_singles(groups);
    for (const SingleGroup& group : std::span(groups).first(taken)) {
      hashes_hold = hashes_hold && group.key_hash == hash_key(group.key);
      rows.emplace_back(group.key, group.value);
    }
  }
  REQUIRE(merge.done());
  REQUIRE(hashes_hold);
  REQUIRE(merge.take_singles(groups) == 0);
  return rows;
}

// The rows that a merge of the partition gives, in order; checks that none was lost.
inline Pairs merged(const JobType& job, ChunkPool& pool, const std::vector<const Slice*>& slices,
                    std::uint64_t combine_bytes) {
  const RowFormat format = row_format(job);
  MergeMemory memory;
  memory.combiner.emplace(job, pool);
  memory.combine_bytes = combine_bytes;
  SliceMerge merge(slices, format, SliceCursor::kStreamBytes, &memory);
  Pairs rows;
  while (!merge.done()) {
    GroupValues values(merge);
    std::uint64_t sum = 0;
    for (std::string_view value; values.next(value);) sum += number_of(value);
    rows.emplace_back(values.key(), number_bytes(sum));
  }
  std::uint64_t count = 0;
  std::uint64_t hash_sum = 0;
  for (const Slice* slice : slices) {
    const SliceSize size = slice->measure(format);
    count += size.rows;
    hash_sum += size.hash_sum;
  }
  REQUIRE(merge.rows() == count);
  REQUIRE(merge.hash_sum() == hash_sum);
  const auto staged = [](const Slice* slice) { return slice->staged() && slice->stored().size() == 0; };
  if (std::all_of(slices.begin(), slices.end(), staged)) {
    MergeMemory more;
    more.combiner.emplace(job, pool);
    more.combine_bytes = combine_bytes;
    SliceMerge again(slices, format, SliceCursor::kStreamBytes, &more);
    REQUIRE(singles(again) == rows);
    REQUIRE(again.rows() == count);
    REQUIRE(again.hash_sum() == hash_sum);
    if (count > 0) {  // what was combined is not told apart any more
      again.lose(SingleGroup{});
      REQUIRE(again.rows() == count - 1);
      REQUIRE(again.hash_sum() == hash_sum);
    }
  }
  return rows;
}

inline Pairs in_partition(const Totals& totals, std::uint32_t partition) {
  Pairs rows;
  for (const auto& [key, value] : totals) {
    if (partition_of(hash_key(key), kPartitions) == partition) rows.emplace_back(key, number_bytes(value));
  }
  return rows;
}

inline void require_merged(const JobType& job, ChunkPool& pool,
                           const std::vector<const std::vector<Slice>*>& runs, const Totals& totals) {
  for (std::uint32_t p = 0; p < kPartitions; ++p) {
    std::vector<const Slice*> slices;
    for (const auto* run : runs) slices.push_back(&(*run)[p]);
    const Pairs expected = in_partition(totals, p);
    REQUIRE(merged(job, pool, slices, UINT64_MAX) == expected);
    REQUIRE(merged(job, pool, slices, 100'000) == expected);  // cut anew, as that is little
  }
}

// Seals it, and finds all that it took.
inline void require_sealed(const JobType& job, ChunkPool& pool, Collector& collector, const Totals& totals) {
  const std::vector<Slice> sealed = collector.seal();
  for (const Slice& slice : sealed) REQUIRE_FALSE(slice.loose());
  require_merged(job, pool, {&sealed}, totals);
}

inline std::size_t ranges_of(const Slice& slice) {
  const auto& ranges = slice.ranges()->ranges;
  return static_cast<std::size_t>(
      std::count_if(ranges.begin(), ranges.end(), [](const auto& range) { return !range.begin.is_end(); }));
}

}  // namespace thresh::test
