#include "core/partitioner.hpp"

#include "support/property.hpp"

#include <algorithm>

#include "rows.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace thresh;
using namespace thresh::test;

namespace {

using Strings = std::vector<std::string>;

// Short keys of few letters, so that prefixes are shared, zeros at the end and keys that are equal are
// common.
rc::Gen<std::string> some_key() {
  return rc::gen::apply(
      [](const std::string& beginning, const std::string& rest) { return beginning + rest; },
      rc::gen::element<std::string>("", "a", "aaaaaaaa", "aaaaaaaaa", "\xff", "same begin"),
      rc::gen::container<std::string>(rc::gen::element('\0', 'a', 'b', '\x7f', '\x80', '\xff')));
}

std::uint32_t counted_one_by_one(const Strings& points, const std::string& key) {
  return static_cast<std::uint32_t>(
      std::count_if(points.begin(), points.end(), [&](const std::string& point) { return point <= key; }));
}

}  // namespace

TEST_CASE("without split points the partition is that of the hash") {
  const Partitioner partitioner(7);
  CHECK(partitioner.partitions() == 7);
  for (const char* key : {"", "a", "some key"}) {
    CHECK(partitioner.of(hash_bytes(key), key) == partition_of(hash_bytes(key), 7));
  }
  CHECK(Partitioner(7, Strings{}).of(hash_bytes("a"), "a") == partition_of(hash_bytes("a"), 7));
}

TEST_CASE("a key is behind all split points that are not above it") {
  holds([] {
    Strings points = *rc::gen::nonEmpty(rc::gen::container<Strings>(some_key()));
    std::sort(points.begin(), points.end());
    const Partitioner partitioner(static_cast<std::uint32_t>(points.size() + 1), points);
    Strings keys = *rc::gen::container<Strings>(some_key());
    keys.insert(keys.end(), points.begin(), points.end());
    for (const std::string& key : keys) RC_ASSERT(partitioner.of(0, key) == counted_one_by_one(points, key));
  });
}

TEST_CASE("split points that do not fit the partitions are refused") {
  CHECK(contains(error_of([] { Partitioner(2, Strings{"a", "b"}); }), "2 split points for 2 partitions"));
  CHECK(contains(error_of([] { Partitioner(3, Strings{"b", "a"}); }), "out of order"));
  CHECK(are_split_points({}, 3));
  CHECK(are_split_points({"a", "a"}, 3));
  CHECK_FALSE(are_split_points({"a"}, 3));
}

TEST_CASE("split points cut the keys into ranges of equal count") {
  Strings keys;
  for (int i = 999; i >= 0; --i) keys.push_back(std::to_string(1000 + i));
  CHECK(choose_split_points(keys, 4) == Strings{"1250", "1500", "1750"});
  CHECK(choose_split_points(keys, 1).empty());
  CHECK(choose_split_points({"x"}, 3) == Strings{"x", "x"});
  CHECK(choose_split_points({}, 3) == Strings{"", ""});
}

TEST_CASE("collectors put keys into the ranges of split points, with a combiner and without") {
  for (const JobType& job : {summing_job(), plain_job(8)}) {
    ChunkPool pool;
    const auto collector = make_collector(job, pool, Partitioner(4, Strings{"b", "b", "n"}));
    emit_all(*collector, {{"z", number_bytes(1)}, {"b", number_bytes(2)}, {"a", number_bytes(3)}});
    const std::vector<Slice> slices = collector->seal();
    const RowFormat format(8);
    REQUIRE(slices.size() == 4);
    CHECK(rows_of(slices[0], format) == Pairs{{"a", number_bytes(3)}});
    CHECK(slices[1].empty());
    CHECK(rows_of(slices[2], format) == Pairs{{"b", number_bytes(2)}});
    CHECK(rows_of(slices[3], format) == Pairs{{"z", number_bytes(1)}});
  }
}
