#include "core/collector.hpp"

#include "support/property.hpp"

#include <algorithm>
#include <unordered_map>

#include "rows.hpp"
#include "support/catch.hpp"

using namespace thresh;
using namespace thresh::test;

namespace {

// Sequential truth for a combining job.
template <typename Combine>
std::map<std::string, std::string> combined(const Pairs& pairs, Combine combine) {
  std::map<std::string, std::string> result;
  for (const auto& [key, value] : pairs) {
    const auto [at, added] = result.try_emplace(key, value);
    if (!added) at->second = combine(at->second, value);
  }
  return result;
}

Pairs all_rows(const std::vector<Slice>& slices, const RowFormat& format) {
  Pairs rows;
  for (std::uint32_t p = 0; p < slices.size(); ++p) {
    const Pairs part = rows_of(slices[p], format);
    REQUIRE((slices[p].loose() || std::is_sorted(part.begin(), part.end())));
    for (const auto& row : part) {
      REQUIRE(partition_of(hash_key(row.first), static_cast<std::uint32_t>(slices.size())) == p);
      rows.push_back(row);
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::string key_of(int number) {
  // Long common prefixes, embedded NULs and the empty key.
  if (number == 0) return "";
  return std::string(static_cast<std::size_t>(number % 3) * 7, 'p') +
         std::string(1, static_cast<char>(number % 5)) + std::to_string(number);
}

}  // namespace

TEST_CASE("a table of sums holds each key once with its sum, whatever the number of keys") {
  holds([] {
    const auto numbers = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5000));
    const auto partitions = *rc::gen::inRange<std::uint32_t>(1, 9);
    Pairs pairs;
    for (const int n : numbers)
      pairs.emplace_back(key_of(n), number_bytes(static_cast<std::uint64_t>(n) + 1));
    const JobType job = summing_job();
    ChunkPool pool;
    const auto collector = make_collector(job, pool, Partitioner(partitions));
    emit_all(*collector, pairs);
    const auto expected = combined(pairs, [](const std::string& a, const std::string& b) {
      return number_bytes(number_of(a) + number_of(b));
    });
    RC_ASSERT(all_rows(collector->seal(), RowFormat(8)) == Pairs(expected.begin(), expected.end()));
  });
}

TEST_CASE("a table that grew through many sizes still finds every key") {
  const JobType job = summing_job();
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(4));
  Pairs pairs;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 60'000; ++i) pairs.emplace_back("key" + std::to_string(i), number_bytes(1));
  }
  emit_all(*collector, pairs);
  const Pairs rows = all_rows(collector->seal(), RowFormat(8));
  REQUIRE(rows.size() == 60'000);
  for (const auto& row : rows) REQUIRE(number_of(row.second) == 2);
}

TEST_CASE("a combiner may change the size of a value") {
  holds([](const std::vector<std::pair<std::uint8_t, std::string>>& emits) {
    Pairs pairs;
    for (const auto& [key, value] : emits) pairs.emplace_back(std::to_string(key % 7), value);
    const JobType job = greatest_job();
    ChunkPool pool;
    const auto collector = make_collector(job, pool, Partitioner(3));
    emit_all(*collector, pairs);
    const auto expected =
        combined(pairs, [](const std::string& a, const std::string& b) { return std::max(a, b); });
    RC_ASSERT(all_rows(collector->seal(), RowFormat(0)) == Pairs(expected.begin(), expected.end()));
  });
}

TEST_CASE("values that grow with each emit take memory as they are, not as they were") {
  JobType job;
  job.name = "joining";
  job.combine_bytes = [](std::string& into, std::string_view from) { into.append(from); };
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(3));
  constexpr std::size_t kEmits = 4000;
  const std::string piece(64, 'x');  // 4000 times 4000 / 2 times 64 bytes are 512 MB
  std::uint64_t most = 0;
  EmitBatch batch(*collector);
  for (std::size_t i = 0; i < kEmits; ++i) {
    for (const char* key : {"a", "b", "c", "d"}) batch.add(key, piece);
    batch.commit();
    most = std::max(most, pool.bytes_in_use());
  }
  batch.flush();
  CHECK(most < std::uint64_t{16} << 20);
  Pairs expected;
  std::string whole;
  for (std::size_t i = 0; i < kEmits; ++i) whole += piece;
  for (const char* key : {"a", "b", "c", "d"}) expected.emplace_back(key, whole);
  CHECK(all_rows(collector->seal(), RowFormat(0)) == expected);
}

// Two keys that an empty table looks for in the same slot, and that have the same meta there.
std::pair<std::string, std::string> alike(const std::string& prefix) {
  constexpr std::uint64_t kSlotBits = 0xfffU << 5;                    // 4096 slots of 32 bytes
  constexpr std::uint64_t kMetaBits = std::uint64_t{0xffffff} << 24;  // what is not the size
  std::unordered_map<std::uint64_t, std::string> seen;
  for (std::uint32_t i = 0;; ++i) {
    std::string key = prefix + std::string(reinterpret_cast<const char*>(&i), sizeof i);
    const auto [at, added] = seen.try_emplace(hash_key(key) & (kSlotBits | kMetaBits), key);
    if (!added) return {at->second, key};
  }
}

TEST_CASE("keys that differ in their last bytes alone stay apart, however alike their hashes are") {
  for (const std::size_t size : {std::size_t{4}, std::size_t{12}, std::size_t{16}}) {
    const auto [one, other] = alike(std::string(size, 'p'));
    const JobType job = summing_job();
    ChunkPool pool;
    const auto collector = make_collector(job, pool, Partitioner(1));
    emit_all(*collector, {{one, number_bytes(1)}, {other, number_bytes(2)}, {one, number_bytes(4)}});
    Pairs expected{{one, number_bytes(5)}, {other, number_bytes(2)}};
    std::sort(expected.begin(), expected.end());
    REQUIRE(all_rows(collector->seal(), RowFormat(8)) == expected);
  }
}

TEST_CASE("without a combiner every emit is a row of a loose slice") {
  holds([](const std::vector<std::pair<std::uint8_t, std::string>>& emits) {
    Pairs pairs;
    for (const auto& [key, value] : emits) pairs.emplace_back(std::to_string(key % 7), value);
    const JobType job = plain_job();
    ChunkPool pool;
    const auto collector = make_collector(job, pool, Partitioner(3));
    emit_all(*collector, pairs);
    std::sort(pairs.begin(), pairs.end());
    RC_ASSERT(all_rows(collector->seal(), RowFormat(0)) == pairs);
  });
}

TEST_CASE("rows larger than a chunk are kept whole") {
  for (const JobType& job : {plain_job(), greatest_job()}) {
    ChunkPool pool;
    const auto collector = make_collector(job, pool, Partitioner(2));
    const Pairs pairs = {{"a", std::string(300'000, 'x')}, {"b", "small"}, {std::string(70'000, 'k'), "v"}};
    emit_all(*collector, pairs);
    REQUIRE(all_rows(collector->seal(), RowFormat(0)) == Pairs(pairs));
  }
}

TEST_CASE("the signature of a split does not depend on the order of its emits") {
  holds([](const std::vector<std::pair<std::string, std::string>>& emits) {
    Pairs pairs(emits.begin(), emits.end());
    const JobType job = plain_job();
    ChunkPool pool;
    const auto collector = make_collector(job, pool, Partitioner(2));
    emit_all(*collector, pairs);
    const SplitSignature first = collector->take_signature();
    std::reverse(pairs.begin(), pairs.end());
    emit_all(*collector, pairs);
    RC_ASSERT(collector->take_signature() == first);
    RC_ASSERT(first.emits == pairs.size());
  });
}

TEST_CASE("an emit that is lost or changed changes the signature") {
  const JobType job = plain_job();
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(2));
  emit_all(*collector, {{"a", "1"}, {"b", "2"}});
  const SplitSignature whole = collector->take_signature();
  emit_all(*collector, {{"a", "1"}});
  REQUIRE(collector->take_signature().hash_sum != whole.hash_sum);
  emit_all(*collector, {{"a", "1"}, {"b", "3"}});
  REQUIRE(collector->take_signature().hash_sum != whole.hash_sum);
  emit_all(*collector, {{"a", "2"}, {"b", "1"}});
  REQUIRE(collector->take_signature().hash_sum != whole.hash_sum);
}

TEST_CASE("the conserved weight is the same before and after combining") {
  const JobType job = summing_job();
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(2));
  emit_all(*collector, {{"a", number_bytes(1)}, {"b", number_bytes(2)}, {"a", number_bytes(40)}});
  std::uint64_t after = 0;
  const SplitSignature before = collector->take_signature();
  for (const auto& [key, value] : all_rows(collector->seal(), RowFormat(8))) {
    after += weigh(hash_key(key), number_of(value));
  }
  REQUIRE(before.weight == after);
}

TEST_CASE("a sealed table is empty and can be used again") {
  const JobType job = summing_job();
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(2));
  emit_all(*collector, {{"a", number_bytes(1)}});
  (void)collector->seal();
  emit_all(*collector, {{"a", number_bytes(5)}});
  REQUIRE(all_rows(collector->seal(), RowFormat(8)) == Pairs{{"a", number_bytes(5)}});
}

TEST_CASE("many distinct keys go another way than few, and give the same rows") {
  // Few emits a key: the table is given up, then the cache. Keys of all sizes, so each is stored in each
  // form.
  const auto key = [](std::uint64_t i) {
    return std::string(i % 40 == 0 ? i / 1'000 % 300 : i % 23, 'p') + std::to_string(i * 0x9e3779b97f4a7c15U);
  };
  const JobType job = summing_job();
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(3));
  constexpr std::uint64_t kKeys = 900'000;
  std::uint64_t emitted = 0;
  for (int round = 0; round < 2; ++round) {  // the second run begins where the first one ended
    std::uint64_t expected = 0;
    EmitBatch batch(*collector);
    for (std::uint64_t i = 0; i < 2 * kKeys; ++i) {
      const std::string name = key(i % kKeys);
      const std::string value = number_bytes(i % 7 == 0 ? i : 1);
      batch.add(name, value);
      batch.commit();
      expected += number_of(value);
    }
    batch.flush();
    const Pairs rows = all_rows(collector->seal(), RowFormat(8));
    REQUIRE(rows.size() == kKeys);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      sum += number_of(rows[i].second);
      if (i > 0) REQUIRE(rows[i - 1].first != rows[i].first);
    }
    REQUIRE(sum == expected);
    emitted += 2 * kKeys;
    REQUIRE(collector->bytes() < (std::uint64_t{1} << 20));
  }
  REQUIRE(collector->take_signature().emits == emitted);
}

TEST_CASE("a cache that combines gives the same rows, also for keys that recur at once") {
  const JobType job = summing_job();
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(2));
  std::unordered_map<std::string, std::uint64_t> expected;
  EmitBatch batch(*collector);
  for (std::uint64_t i = 0; i < 2'200'000; ++i) {
    // A quarter of the emits are of a hundred keys, so the cache is worth it; the others are new.
    const std::string name = i % 4 == 0 ? "often" + std::to_string(i / 4 % 100) : std::to_string(i);
    batch.add(name, number_bytes(i));
    batch.commit();
    expected[name] += i;
  }
  batch.flush();
  const Pairs rows = all_rows(collector->seal(), RowFormat(8));
  REQUIRE(rows.size() == expected.size());
  for (const auto& [name, value] : rows) REQUIRE(number_of(value) == expected.at(name));
}
