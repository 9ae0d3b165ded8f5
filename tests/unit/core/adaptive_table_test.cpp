// When a table gives up, and what it does with its rows then: hands them over, seals them, or lets them wait
// in a store.
#include "core/adaptive_table.hpp"

#include "staged.hpp"
#include "support/errors.hpp"

using namespace thresh;
using namespace thresh::test;

TEST_CASE("a table is handed over where there are others, and sealed where there are none") {
  const JobType job = summing_job();
  ChunkPool pool;
  for (const unsigned keys : {1U, 5'000U, 100'000U}) {  // in one range, or in several
    const auto collector = make_collector(job, pool, Partitioner(kPartitions));
    const Pairs pairs = emits_of(0, keys, 2);
    Totals totals;
    for (int round = 0; round < 2; ++round) {  // it is a table again afterwards
      emit_all(*collector, pairs);
      add_up(pairs, totals);
      REQUIRE_FALSE(collector->hand_over(kAlone));
      const auto staged = collector->hand_over(kWithOthers);
      REQUIRE(staged);
      REQUIRE(collector->bytes() < (1 << 20));
      std::uint64_t rows = 0;
      for (std::uint32_t p = 0; p < kPartitions; ++p) {
        REQUIRE(staged->slices[p].measure(row_format(job)) == staged->sizes[p]);
        rows += staged->sizes[p].rows;
      }
      REQUIRE(rows == keys);
      if (round == 0) totals.clear();
      if (round == 1) require_merged(job, pool, {&staged->slices}, totals);
    }
  }
}

TEST_CASE("a table that may not grow is filled before it is given up") {
  const JobType job = summing_job();
  ChunkPool pool;
  for (const unsigned keys : {3'500U, 3'700U}) {
    const auto collector = make_collector(job, pool, Partitioner(kPartitions), kLimit);
    emit_all(*collector, emits_of(0, keys, 1));
    REQUIRE(collector->hand_over(kAlone).has_value() == (keys == 3'700U));  // a table alone is not
  }
}

TEST_CASE("a table comes in as many ranges as its owner needs, if there are chunks for them") {
  const JobType job = summing_job();
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(kPartitions), kLargeLimit);
  Pairs pairs;
  Totals totals;
  for (std::uint64_t i = 0; i < 49'000; ++i) {
    pairs.emplace_back(std::to_string(i * 0x9e3779b97f4a7c15U), number_bytes(1));
  }
  add_up(pairs, totals);
  for (int round = 0; round < 2; ++round) {  // it is a table again afterwards
    emit_all(*collector, pairs);
    REQUIRE_FALSE(collector->hand_over({3, 100'000}));       // no sixteenth of a partition fits
    const auto staged = collector->hand_over({3, 500'000});  // a fourth would not
    REQUIRE(staged);
    REQUIRE(ranges_of(staged->slices[0]) == 8);
    require_merged(job, pool, {&staged->slices}, totals);
  }
  emit_all(*collector, emits_of(0, 60'000, 1));
  REQUIRE(ranges_of(collector->hand_over(kAlone)->slices[0]) == 4);  // as many as buckets may be

  const auto small = make_collector(job, pool, Partitioner(kPartitions), kLimit);
  emit_all(*small, emits_of(0, 3'500, 1));
  REQUIRE_FALSE(small->hand_over({3, 200'000}));  // half of a partition would fit
}

TEST_CASE("emits that hardly recur go to buckets without a look at others, and lose nothing") {
  JobType job = summing_job();
  SECTION("of a job with a weight") {}
  SECTION("without a weight") {
    job.weight = nullptr;
    job.sum_weights = nullptr;
  }
  SECTION("without a value that is usual") {
    job.usual_value = {};
  }
  ChunkPool pool;
  constexpr std::uint64_t kTried = 1 << 20;  // emits in which some recur, or looking for them ends
  const auto collector = make_collector(job, pool, Partitioner(kPartitions), kLargeLimit);
  Totals totals;
  SplitSignature sums;
  EmitBatch batch(*collector);
  const auto emit = [&](std::uint64_t i) {
    const std::string key = i % 50 == 0 ? key_of(i) : std::to_string(i * 0x9e3779b97f4a7c15U);
    const std::uint64_t value = i % 7 == 0 ? i : 1;
    batch.add(key, number_bytes(value));
    sums.emits += 1;
    if (job.weight != nullptr) {
      sums.weight += weigh(hash_key(key), value);
      sums.hash_sum = sums.weight;
    } else {
      sums.hash_sum += hash_bytes(number_bytes(value), hash_key(key));
    }
    // Of those before as many as show that they are there.
    if (i > kTried || i % 64 == 0) totals[key] += value;
  };
  for (std::uint64_t i = 0; i < kTried + 300'000; ++i) {
    emit(i);
    if (i < kTried + 100'000 || i % 1'000 == 0) batch.commit();  // a record may emit many
  }
  batch.commit();
  batch.flush();
  REQUIRE(collector->take_signature() == sums);
  const auto staged = collector->hand_over(kWithOthers);
  REQUIRE(staged);
  REQUIRE(staged->weight == sums.weight);
  for (std::uint32_t p = 0; p < kPartitions; ++p) {
    REQUIRE(staged->slices[p].measure(row_format(job)) == staged->sizes[p]);
    Pairs found;
    for (const auto& [key, value] : merged(job, pool, {&staged->slices[p]}, UINT64_MAX)) {
      if (totals.contains(std::string(key))) found.emplace_back(key, value);
    }
    REQUIRE(found == in_partition(totals, p));
  }
}

TEST_CASE("what combining makes much less is combined before it travels") {
  const JobType job = summing_job();
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(kPartitions), kLimit);
  const Pairs pairs = emits_of(0, 10'000, 8);
  emit_all(*collector, pairs);
  REQUIRE_FALSE(collector->hand_over(kAlone));
  Totals totals;
  add_up(pairs, totals);
  require_sealed(job, pool, *collector, totals);  // nothing was lost by asking
}

TEST_CASE("what its owner had no memory to combine is sealed") {
  const JobType job = summing_job();
  ChunkPool pool;
  const Pairs pairs = emits_of(0, 10'000, 1);
  Totals totals;
  add_up(pairs, totals);
  for (const std::uint64_t limit : {kLimit, UINT64_MAX}) {  // buckets, or a table
    for (const Receivers& receivers : {Receivers{3, 20'000}, {1000, 4'000'000}, {3, 4'000'000}}) {
      const auto collector = make_collector(job, pool, Partitioner(kPartitions), limit);
      emit_all(*collector, pairs);
      const bool fits = receivers.workers == 3 && receivers.combine_bytes == 4'000'000;
      const auto staged = collector->hand_over(receivers);
      REQUIRE(staged.has_value() == fits);
      if (staged) continue;
      require_sealed(job, pool, *collector, totals);
    }
  }
}

TEST_CASE("ranges that got more than they were cut for are sealed where that is too much, and lose nothing") {
  const JobType job = summing_job();
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(kPartitions), kLargeLimit);
  Pairs pairs;
  // All that come after the table was given up are behind those that it had.
  for (int i = 0; i < 60'000; ++i) pairs.emplace_back("a" + std::to_string(i), number_bytes(1));
  for (int i = 0; i < 60'000; ++i) pairs.emplace_back("b" + std::to_string(i), number_bytes(1));
  Totals totals;
  add_up(pairs, totals);
  for (int round = 0; round < 2; ++round) {
    emit_all(*collector, pairs);
    REQUIRE_FALSE(collector->hand_over({3, 3'000'000}));  // a quarter of a partition would fit
    require_sealed(job, pool, *collector, totals);
  }
  emit_all(*collector, pairs);
  REQUIRE(collector->hand_over({3, 10'000'000}));
}

TEST_CASE("a table of long keys that combines little is given up when it has no more room, and else sealed") {
  const JobType job = summing_job();
  ChunkPool pool;
  MemoryStore store;
  Progress progress;
  for (const int times : {1, 8}) {
    const auto collector = make_collector(job, pool, Partitioner(kPartitions), kLargeLimit);
    Pairs pairs;
    for (int i = 0; i < 20'000; ++i)
      pairs.emplace_back(std::string(100, 'k') + std::to_string(i), number_bytes(1));
    Totals totals;
    for (int round = 0; round < times; ++round) {
      emit_all(*collector, pairs);
      add_up(pairs, totals);
    }
    REQUIRE(collector->spill(store, progress) == (times == 1));
    REQUIRE((collector->spilled_bytes() > 0) == (times == 1));
    require_sealed(job, pool, *collector, totals);
  }
}

TEST_CASE("a bucket is sealed before it is too large to come back from a store") {
  const JobType job = summing_job();
  ChunkPool pool;
  MemoryStore store;
  Progress progress;
  const auto collector = make_collector(job, pool, Partitioner(kPartitions), kLimit);
  std::vector<std::vector<Slice>> pieces;
  Totals totals;
  for (std::uint64_t part = 0; part < 24; ++part) {
    const Pairs pairs = emits_of(part * 5'000, 10'000, 1);
    add_up(pairs, totals);
    emit_all(*collector, pairs);
    if (collector->spill(store, progress)) continue;
    pieces.push_back(collector->seal());
    REQUIRE(collector->spilled_bytes() == 0);
    REQUIRE(collector->spill(store, progress));  // there is nothing
  }
  REQUIRE(pieces.size() >= 2);
  REQUIRE(pieces.size() <= 10);
  pieces.push_back(collector->seal());
  std::vector<const std::vector<Slice>*> runs;
  for (const std::vector<Slice>& piece : pieces) runs.push_back(&piece);
  require_merged(job, pool, runs, totals);
}

TEST_CASE("buckets that got nearly all rows are divided, and lose nothing") {
  const JobType job = summing_job();
  ChunkPool pool;
  MemoryStore store;
  Progress progress;
  // Keys in order: ranges are cut by those that come first. Then the same key over and over, and then some
  // that are the same as far as anyone looks.
  const std::string deep(600, 'd');
  for (const int kind : {0, 1, 2}) {
    const auto collector = make_collector(job, pool, Partitioner(kPartitions), kLimit);
    Totals totals;
    for (std::uint64_t part = 0; part < 10; ++part) {
      Pairs pairs;
      for (std::uint64_t i = part * 20'000; i < (part + 1) * 20'000; ++i) {
        const std::string number = std::to_string(10'000'000 + i);
        const std::string key = i < 10'000 || kind == 0 ? number : kind == 1 ? "99999999" : deep + number;
        if (kind < 2 || i < 30'000) pairs.emplace_back(key, number_bytes(i % 5 == 0 ? i : 1));
      }
      add_up(pairs, totals);
      emit_all(*collector, pairs);
      if (part == 0) REQUIRE(collector->spill(store, progress) == (kind < 2));
    }
    require_sealed(job, pool, *collector, totals);
  }
}

TEST_CASE("a key that is a large record is not kept") {
  const JobType job = summing_job();
  ChunkPool pool;
  const auto collector = make_collector(job, pool, Partitioner(kPartitions), kLimit);
  Totals totals;
  Pairs pairs;
  for (int i = 0; i < 6'000; ++i) {
    pairs.emplace_back((i % 300 == 0 ? std::string(100'000, 'k') : "") + std::to_string(i), number_bytes(1));
  }
  add_up(pairs, totals);
  emit_all(*collector, pairs);
  const auto staged = collector->hand_over(kWithOthers);
  REQUIRE(staged);
  KeyRanges ranges;
  KeySample sample(2);
  sample.add(pairs[0].first);
  ranges.cut(std::move(sample));
  REQUIRE(ranges.begin(1).size() > KeyBound::kMostBytes);
  REQUIRE(ranges.begin(KeyRanges::kRanges - 1).size() < 1000);
  require_merged(job, pool, {&staged->slices}, totals);
}

TEST_CASE("what waits in a store is sealed, not handed over") {
  const JobType job = summing_job();
  ChunkPool pool;
  MemoryStore store;
  Progress progress;
  const auto collector = make_collector(job, pool, Partitioner(kPartitions), kLimit);
  emit_all(*collector, emits_of(0, 10'000, 1));
  REQUIRE(collector->spill(store, progress));
  CHECK(progress.steps() >= kPartitions);
  REQUIRE_FALSE(collector->hand_over(kAlone));
}
