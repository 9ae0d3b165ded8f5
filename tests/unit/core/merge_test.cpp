#include "core/merge.hpp"

#include "support/property.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <string>

#include "rows.hpp"
#include "support/catch.hpp"

using namespace thresh;
using namespace thresh::test;

namespace {

Slice slice_of(ChunkPool& pool, const RowFormat& format, const Pairs& rows) {
  Slice slice;
  for (const auto& [key, value] : rows) slice.append(pool, format, key, value);
  return slice;
}

}  // namespace

TEST_CASE("a merge of sorted slices is the sorted union of their rows") {
  holds([](const std::vector<std::vector<std::pair<std::uint8_t, std::string>>>& inputs) {
    const RowFormat format(0);
    ChunkPool pool;
    std::vector<Slice> slices;
    Pairs expected;
    for (const auto& input : inputs) {
      Pairs rows;
      for (const auto& [key, value] : input) rows.emplace_back(std::string(key % 4, 'k'), value);
      std::sort(rows.begin(), rows.end());
      slices.push_back(slice_of(pool, format, rows));
      expected.insert(expected.end(), rows.begin(), rows.end());
    }
    std::sort(expected.begin(), expected.end());
    std::vector<const Slice*> sources;
    std::uint64_t hash_sum = 0;
    for (const Slice& slice : slices) {
      sources.push_back(&slice);
      hash_sum += slice.measure(format).hash_sum;
    }
    SliceMerge merge(sources, format);
    Pairs merged;
    for (; !merge.done(); merge.advance()) merged.emplace_back(merge.row().key, merge.row().value);
    RC_ASSERT(merged == expected);
    RC_ASSERT(merge.rows() == expected.size());
    RC_ASSERT(merge.hash_sum() == hash_sum);
  });
}

TEST_CASE("a group gives its values in order and leaves the next group alone") {
  const RowFormat format(0);
  ChunkPool pool;
  const Slice first = slice_of(pool, format, {{"a", "1"}, {"a", "3"}, {"b", "x"}});
  const Slice second = slice_of(pool, format, {{"a", "2"}, {"c", "y"}});
  SliceMerge merge({&first, &second}, format);
  std::string_view value;
  {
    GroupValues group(merge);
    REQUIRE(group.key() == "a");
    for (const char* expected : {"1", "2", "3"}) {
      REQUIRE(group.next(value));
      REQUIRE(value == expected);
    }
    REQUIRE_FALSE(group.next(value));
    REQUIRE_FALSE(group.next(value));
  }
  GroupValues next(merge);
  REQUIRE(next.key() == "b");
  next.skip_rest();
  REQUIRE(merge.row().key == "c");
}

TEST_CASE("values that a reducer does not take are skipped and still counted") {
  const RowFormat format(0);
  ChunkPool pool;
  const Slice slice = slice_of(pool, format, {{"a", "1"}, {"a", "2"}, {"a", "3"}, {"b", "4"}});
  SliceMerge merge({&slice}, format);
  GroupValues group(merge);
  group.skip_rest();
  REQUIRE(merge.row().key == "b");
  GroupValues(merge).skip_rest();
  REQUIRE(merge.done());
  REQUIRE(merge.rows() == 4);
}

TEST_CASE("a lost row is missing from the ledger") {
  const RowFormat format(0);
  ChunkPool pool;
  const Slice slice = slice_of(pool, format, {{"a", "1"}, {"b", "2"}});
  SliceMerge merge({&slice}, format);
  merge.lose();
  while (!merge.done()) merge.advance();
  REQUIRE(merge.rows() == 1);
  REQUIRE(merge.hash_sum() == slice_of(pool, format, {{"b", "2"}}).measure(format).hash_sum);

  Slice loose;
  loose.set_loose();
  for (const char* const key : {"b", "a", "c"}) loose.append(pool, format, key, "1");
  SliceMerge singles({&loose}, format);
  std::array<SingleGroup, 4> groups;
  REQUIRE(singles.take_singles(groups) == 3);
  REQUIRE(groups[1].key == "b");
  singles.lose(groups[1]);
  REQUIRE(singles.rows() == 2);
  REQUIRE(singles.hash_sum() == slice_of(pool, format, {{"a", "1"}, {"c", "1"}}).measure(format).hash_sum);
}

TEST_CASE("rows with a key of their own are taken together, and others in groups") {
  holds([](const std::vector<std::pair<std::uint16_t, std::string>>& input, std::uint8_t most) {
    const RowFormat format(0);
    ChunkPool pool;
    Slice slice;
    slice.set_loose();
    Pairs expected;
    for (const auto& [number, value] : input) {
      const std::string key = "begins alike " + std::to_string(number % 64);  // and does not fit a prefix
      slice.append(pool, format, key, value);
      expected.emplace_back(key, value);
    }
    std::sort(expected.begin(), expected.end());
    const auto alone = [&](const std::string& key) {
      return std::count_if(expected.begin(), expected.end(),
                           [&](const auto& row) { return row.first == key; }) == 1;
    };
    SliceMerge merge({&slice}, format);
    Pairs rows;
    while (!merge.done()) {
      std::vector<SingleGroup> groups(1 + most % 8);
      const std::size_t taken = merge.take_singles(groups);
      for (const SingleGroup& group : std::span(groups).first(taken)) {
        RC_ASSERT(group.key_hash == hash_key(group.key));
        rows.emplace_back(group.key, group.value);
        RC_ASSERT(alone(rows.back().first));
      }
      if (taken > 0) continue;
      GroupValues values(merge);
      const std::string key(values.key());
      RC_ASSERT(!alone(key));
      for (std::string_view value; values.next(value);) rows.emplace_back(key, value);
    }
    RC_ASSERT(rows == expected);
    RC_ASSERT(merge.rows() == expected.size());
    RC_ASSERT(merge.hash_sum() == slice.measure(format).hash_sum);
  });
}

TEST_CASE("rows of several slices in order are no groups of one value before they are merged") {
  const RowFormat format(0);
  ChunkPool pool;
  const Slice first = slice_of(pool, format, {{"a", "1"}});
  const Slice second = slice_of(pool, format, {{"a", "2"}});
  SliceMerge merge({&first, &second}, format);
  std::array<SingleGroup, 4> groups;
  REQUIRE(merge.take_singles(groups) == 0);
  REQUIRE(merge.row().value == "1");
}
