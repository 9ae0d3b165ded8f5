// Rows that are combined by who reduces them: handed over, sent, spilled and merged.
#include "core/staged_sweep.hpp"

#include "support/property.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/slice_stream.hpp"
#include "staged.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace thresh;
using namespace thresh::test;

namespace {

Run handed_over(ChunkPool& pool, const JobType& job, std::uint32_t worker, const Pairs& pairs,
                std::uint64_t limit_bytes = kLimit) {
  const auto collector = make_collector(job, pool, Partitioner(kPartitions), limit_bytes);
  emit_all(*collector, pairs);
  auto staged = collector->hand_over(kAlone);
  REQUIRE(staged);
  std::uint64_t weight = 0;
  for (const Slice& slice : staged->slices) slice.measure(row_format(job), job.weight, &weight);
  REQUIRE(weight == staged->weight);
  REQUIRE(weight == collector->take_signature().weight);
  Run run;
  run.summary.id = {1, worker, 0};
  run.slices = std::move(staged->slices);
  run.summary.slices = std::move(staged->sizes);
  return run;
}

std::string stream_of(const Run& run) {
  SliceSender sender;
  for (PartitionId p = 0; p < kPartitions; ++p) sender.add(run, p);
  std::string stream(static_cast<std::size_t>(sender.bytes_left()), '\0');
  REQUIRE(sender.fill(stream.data(), stream.size()) == stream.size());
  return stream;
}

std::vector<Slice> arrived(ReceivedSlices received) {
  std::vector<Slice> slices(kPartitions);
  for (auto& [key, slice] : received) slices[key.first] = std::move(slice);
  return slices;
}

}  // namespace

TEST_CASE("a staged row is as short as it can be, and comes back as it was") {
  static const std::string one = number_bytes(1);
  const RowFormat format = RowFormat(8, one).staged();
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{126}, std::size_t{127},
                                 std::size_t{128}, std::size_t{70'000}}) {
    for (const std::uint64_t value : {std::uint64_t{1}, std::uint64_t{0}, UINT64_MAX}) {
      const std::string key(size, 'k');
      const std::string bytes = number_bytes(value);
      std::string row(format.row_size(key, bytes), '\0');
      CHECK(row.size() == 1 + (size < 127 ? 0 : 4) + (value == 1 ? 0 : 8) + size);
      format.write(row.data(), key, bytes);
      CHECK(format.checked_size(row) == row.size());
      CHECK(format.checked_size(std::string_view(row).substr(0, row.size() - 1)) == 0);
      const Row read = format.read(row.data());
      CHECK(read.key == key);
      CHECK(read.value == bytes);
    }
  }
  // A flag that says "the usual value" where there is none.
  CHECK(RowFormat(8).staged().checked_size("\x80") == 0);
}

TEST_CASE("what is handed over is combined once, whoever cut its ranges") {
  const JobType job = summing_job();
  ChunkPool pool;
  Totals totals;
  std::vector<Run> runs;
  // Workers that saw other keys first, some of them the same.
  for (const auto& [first, keys, times] :
       {std::tuple{0, 90'000, 2}, std::tuple{50'000, 200'000, 1}, std::tuple{9'000'000, 60'000, 1}}) {
    const Pairs pairs = emits_of(static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(keys), times);
    add_up(pairs, totals);
    runs.push_back(handed_over(pool, job, static_cast<std::uint32_t>(runs.size()), pairs, kLargeLimit));
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      REQUIRE(runs.back().slices[p].staged());
      REQUIRE(runs.back().slices[p].measure(row_format(job)) == runs.back().summary.slices[p]);
    }
  }
  const auto second_begin = [&](std::size_t run) { return runs[run].slices[0].ranges()->ranges[1].begin; };
  REQUIRE_FALSE(second_begin(0).is_end());
  REQUIRE(second_begin(0) != second_begin(1));
  const Run whole = handed_over(pool, job, 7, emits_of(70'000, 5'000, 1));  // of one range
  add_up(emits_of(70'000, 5'000, 1), totals);
  require_merged(job, pool, {&runs[0].slices, &runs[1].slices, &runs[2].slices, &whole.slices}, totals);
  require_merged(job, pool, {&whole.slices, &runs[2].slices, &runs[0].slices, &runs[1].slices}, totals);
}

TEST_CASE("a step combines no more than there is memory for, wherever the ranges are") {
  const JobType job = summing_job();
  const RowFormat format = row_format(job);
  constexpr std::uint64_t kRows = 30'000;
  const std::uint64_t bytes = kRows * RowCombiner::bytes_of_row(8);
  ChunkPool pool;
  RowCombiner combiner(job, pool);
  const auto keys_of = [](const std::string& begin, std::uint64_t keys) {
    Pairs pairs;
    for (std::uint64_t i = 0; i < keys; ++i) {
      pairs.emplace_back(begin + std::to_string(i * 0x9e3779b97f4a7c15U), number_bytes(1));
    }
    return pairs;
  };
  const auto slices_of = [](const std::vector<Run>& runs) {
    std::vector<const Slice*> slices;
    for (const Run& run : runs) slices.push_back(&run.slices[0]);
    return slices;
  };
  const auto check = [&](const std::vector<Run>& runs, bool scans) {
    StagedSweep sweep(slices_of(runs), format, combiner, bytes);
    REQUIRE(sweep.scans() == scans);
    while (sweep.next()) REQUIRE(sweep.rows().size() <= 2 * kRows);
    std::uint64_t rows = 0;
    for (const Run& run : runs) rows += run.summary.slices[0].rows;
    REQUIRE(sweep.taken_rows() == rows);
  };
  // A sweep over ranges that belong together; then each worker has keys of its own; then ranges are unknown.
  std::vector<Run> runs;
  runs.push_back(handed_over(pool, job, 1, keys_of("", 150'000), kLargeLimit));
  runs.push_back(handed_over(pool, job, 2, keys_of("", 150'000), kLargeLimit));
  check(runs, false);
  for (const char* begin : {"a", "b", "c"}) {
    runs.push_back(handed_over(pool, job, 3, keys_of(begin, 150'000), kLargeLimit));
  }
  check(runs, true);
  runs.clear();
  runs.push_back(handed_over(pool, job, 1, keys_of("", 150'000), kLargeLimit));
  runs[0].slices[0].set_ranges(nullptr);
  check(runs, true);
  // Keys that begin alike: as far as ranges can tell them, and farther.
  for (const auto& [begin, scans] :
       {std::pair{"https://www.example.org/item/", false},
        std::pair{"/project/of/a/group/with/a/long/name/experiment/2026/output/", true}}) {
    runs.clear();
    runs.push_back(handed_over(pool, job, 1, keys_of(begin, 150'000), kLargeLimit));
    runs.push_back(handed_over(pool, job, 2, keys_of(begin, 150'000), kLargeLimit));
    check(runs, scans);
  }
}

TEST_CASE("keys that begin alike come by ranges") {
  constexpr std::size_t kKeys = 80'000;
  const JobType job = summing_job();
  ChunkPool pool;
  const std::string site = "https://www.example.org/";
  const std::string deep = "/project/of/a/group/with/a/long/name/experiment/2026/output/";
  const std::vector<std::vector<std::string>> kinds{
      {"https://"},
      {site},
      {site + "products/", site + "people/", "https://elsewhere/"},
      {deep},
      {deep, site}};
  for (const std::vector<std::string>& begins : kinds) {
    Totals totals;
    std::vector<Run> runs;
    for (std::uint32_t worker = 1; worker <= 2; ++worker) {
      Pairs pairs;
      for (std::size_t i = 0; i < kKeys; ++i) {
        const std::string number = std::to_string((i + 10'000 * worker) * 0x9e3779b97f4a7c15U);
        pairs.emplace_back(begins[i % begins.size()] + number, number_bytes(1));
      }
      for (const char* odd : {"", "h", "https:/", "https://", "https://www.example.org", "zzz"}) {
        pairs.emplace_back(odd, number_bytes(1));
      }
      pairs.emplace_back(site + std::string(1, '\0'), number_bytes(1));
      add_up(pairs, totals);
      runs.push_back(handed_over(pool, job, worker, pairs, kLargeLimit));
    }
    for (const Run& run : runs) {
      const auto& ranges = run.slices[0].ranges()->ranges;
      REQUIRE(ranges_of(run.slices[0]) == 4);
      for (std::size_t range = 0; range < 4; ++range) REQUIRE(ranges[range].rows > kKeys / kPartitions / 8);
    }
    require_merged(job, pool, {&runs[0].slices, &runs[1].slices}, totals);
  }
}

TEST_CASE("ranges that do not follow one another are refused") {
  const JobType job = summing_job();
  ChunkPool pool;
  Run run = handed_over(pool, job, 1, emits_of(0, 100'000, 1), kLargeLimit);
  REQUIRE(ranges_of(run.slices[0]) > 2);
  auto ranges = std::make_unique<StagedRanges>(*run.slices[0].ranges());
  std::swap(ranges->ranges[1].begin, ranges->ranges[2].begin);
  run.slices[0].set_ranges(std::move(ranges));
  RowCombiner combiner(job, pool);
  const auto sweep = [&] { StagedSweep({&run.slices[0]}, row_format(job), combiner); };
  CHECK_THROWS_AS(sweep(), Error);
}

TEST_CASE("staged slices are merged with sorted ones") {
  const JobType job = summing_job();
  ChunkPool pool;
  Totals totals;
  const Pairs staged_pairs = emits_of(0, 8'000, 1);
  const Pairs sealed_pairs = emits_of(4'000, 8'000, 2);
  add_up(staged_pairs, totals);
  add_up(sealed_pairs, totals);
  const Run run = handed_over(pool, job, 1, staged_pairs);
  const auto collector = make_collector(job, pool, Partitioner(kPartitions));
  emit_all(*collector, sealed_pairs);
  REQUIRE_FALSE(collector->hand_over(kAlone));  // a table has combined them already
  const std::vector<Slice> sealed = collector->seal();
  require_merged(job, pool, {&sealed, &run.slices}, totals);
}

TEST_CASE("staged slices arrive as they were sent, wherever the rounds cut the stream") {
  const JobType job = summing_job();
  ChunkPool pool;
  const Pairs pairs = emits_of(0, 6'000, 1);
  const Run run = handed_over(pool, job, 1, pairs);
  Totals totals;
  add_up(pairs, totals);
  const std::string stream = stream_of(run);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{399}, std::size_t{65'536}, stream.size()}) {
    SliceReceiver receiver(pool, row_format(job), kPartitions, false);
    ReceivedSlices received;
    for (std::size_t at = 0; at < stream.size(); at += piece)
      receiver.take(std::string_view(stream).substr(at, piece), received);
    REQUIRE(receiver.at_boundary());
    const std::vector<Slice> slices = arrived(std::move(received));
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      REQUIRE(slices[p].measure(row_format(job)) == run.summary.slices[p]);
    }
    require_merged(job, pool, {&slices}, totals);
  }
}

TEST_CASE("staged slices that leave memory, before they travel or when they come, lose nothing") {
  const JobType job = summing_job();
  const RowFormat format = row_format(job);
  ChunkPool pool;
  MemoryStore store;
  const Pairs pairs = emits_of(0, 40'000, 1);
  Totals totals;
  add_up(pairs, totals);
  Run run = handed_over(pool, job, 1, pairs);
  const std::string stream = stream_of(run);
  const auto receive = [&](std::string_view bytes, const Overflow& overflow) {
    SliceReceiver receiver(pool, format, kPartitions, false, overflow);
    ReceivedSlices received;
    for (std::size_t at = 0; at < bytes.size(); at += 10'000)
      receiver.take(bytes.substr(at, 10'000), received);
    REQUIRE(receiver.at_boundary());
    return arrived(std::move(received));
  };
  const std::vector<Slice> spilled = receive(stream, Overflow(pool, store, format, 0));
  REQUIRE(spilled[0].stored().size() > 0);
  require_merged(job, pool, {&spilled}, totals);

  run.slices[0].spill(store, pool, format);
  REQUIRE(run.slices[0].measure(format) == run.summary.slices[0]);
  const std::vector<Slice> sent_from_store = receive(stream_of(run), Overflow());
  REQUIRE(sent_from_store[0].ranges() == nullptr);
  require_merged(job, pool, {&sent_from_store}, totals);
  add_up(pairs, totals);
  require_merged(job, pool, {&sent_from_store, &spilled}, totals);
}

TEST_CASE("a damaged stream of staged slices is refused or changes the ledger, and gives no wrong row") {
  const JobType job = summing_job();
  const RowFormat format = row_format(job);
  ChunkPool pool;
  MergeMemory memory;
  memory.combiner.emplace(job, pool);
  const Run run = handed_over(pool, job, 1, emits_of(0, 60'000, 1), kLargeLimit);
  const std::string stream = stream_of(run);
  const std::size_t head = SliceSize::kHeaderBytes + sizeof(StagedRanges);
  for (std::size_t byte = 0; byte < head + 60; ++byte) {
    for (int bit = 0; bit < 8; bit += 3) {
      std::string damaged = stream;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      bool seen = false;
      Pairs rows;
      try {
        SliceReceiver receiver(pool, format, kPartitions, false);
        ReceivedSlices received;
        receiver.take(damaged, received);
        seen = !receiver.at_boundary();
        for (const auto& [key, slice] : received) {
          const SliceSize& truth = run.summary.slices[key.first];
          REQUIRE(key.second == run.summary.id);
          if (slice.stored().size() > 0) seen = true;
          SliceMerge merge({&slice}, format, SliceCursor::kStreamBytes, slice.staged() ? &memory : nullptr);
          std::string before;
          bool in_order = true;
          for (bool first = true; !merge.done(); merge.advance(), first = false) {
            in_order = in_order && (first || merge.row().key > before);
            before = merge.row().key;
          }
          REQUIRE((in_order || !slice.staged()));
          if (merge.rows() != truth.rows || merge.hash_sum() != truth.hash_sum) seen = true;
          if (key.first == 0) rows = rows_of(slice, format);
        }
      } catch (const Error&) {
        seen = true;
      }
      // What nobody sees does no harm.
      if (!seen) REQUIRE(rows == rows_of(run.slices[0], format));
    }
  }
}
