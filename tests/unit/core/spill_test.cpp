// Slices that are in a store, in part or altogether, give the same rows as slices in memory.
#include "core/piece_merge.hpp"
#include "core/slice_stream.hpp"

#include "support/property.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "core/merge.hpp"
#include "rows.hpp"
#include "support/catch.hpp"
#include "thresh/errors.hpp"

using namespace thresh;
using namespace thresh::test;

namespace {

const RowFormat kTexts(0);

// Values of all sizes, some larger than any buffer.
Pairs random_rows() {
  const auto sizes = *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
  Pairs rows;
  for (const std::uint8_t size : sizes) {
    const std::size_t large = size > 250 ? 100'000 : size;
    rows.emplace_back(std::string(size % 3, 'k'), std::string(large, static_cast<char>('a' + size % 26)));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

// The first rows are spilled, then it grows on; every second time the others are spilled too. A loose slice
// gets its rows in any order.
Slice mixed_slice(ChunkPool& pool, MemoryStore& store, Pairs rows, std::size_t spilled, bool loose = false) {
  Slice slice;
  if (loose) {
    slice.set_loose();
    std::shuffle(rows.begin(), rows.end(), std::mt19937(static_cast<unsigned>(spilled)));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == spilled) slice.spill(store, pool, kTexts);
    slice.append(pool, kTexts, rows[i].first, rows[i].second);
  }
  if (spilled % 2 == 0) slice.spill(store, pool, kTexts);
  return slice;
}

Pairs merged_rows(const Slice& slice) {
  Pairs rows;
  SliceMerge merge({&slice}, kTexts, 64);
  for (; !merge.done(); merge.advance()) rows.emplace_back(merge.row().key, merge.row().value);
  return rows;
}

}  // namespace

TEST_CASE("a slice gives its rows wherever they are, through a buffer of any size") {
  holds([] {
    const Pairs rows = random_rows();
    ChunkPool pool;
    MemoryStore store;
    const auto spilled = *rc::gen::inRange<std::size_t>(0, rows.size() + 1);
    const Slice slice = mixed_slice(pool, store, rows, spilled);
    Slice plain;
    for (const auto& [key, value] : rows) plain.append(pool, kTexts, key, value);
    Pairs found;
    SliceCursor cursor(slice, kTexts, *rc::gen::inRange<std::size_t>(1, 1000));
    for (Row row; cursor.next(row);) found.emplace_back(row.key, row.value);
    RC_ASSERT(found == rows);
    const SliceSize size = slice.measure(kTexts);
    RC_ASSERT(size.rows == rows.size());
    RC_ASSERT(size.hash_sum == plain.measure(kTexts).hash_sum);
  });
}

TEST_CASE("loose rows are in order from one spill to the next") {
  ChunkPool pool;
  MemoryStore store;
  Pairs rows;
  for (int i = 0; i < 5000; ++i) rows.emplace_back(std::to_string(i * 7919 % 5000), std::string(50, 'v'));
  Slice slice;
  slice.set_loose();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == 2000 || i == 4000) slice.spill(store, pool, kTexts);
    slice.append(pool, kTexts, rows[i].first, rows[i].second);
  }
  REQUIRE(slice.sorted_to().size() == 2);
  REQUIRE(slice.sorted_to().back() == slice.stored().size());
  std::sort(rows.begin(), rows.begin() + 2000);
  std::sort(rows.begin() + 2000, rows.begin() + 4000);
  CHECK(rows_of(slice, kTexts) == rows);
}

TEST_CASE("a large slice leaves memory a piece at a time, in order") {
  ChunkPool pool;
  MemoryStore store;
  Slice slice;
  Pairs rows;
  for (int i = 10'000; i < 12'500; ++i) {
    rows.emplace_back(std::to_string(i), std::string(40'000, 'v'));  // one a chunk
    slice.append(pool, kTexts, rows.back().first, rows.back().second);
  }
  Progress progress;
  slice.spill(store, pool, kTexts, &progress);
  CHECK(progress.steps() == 3);
  CHECK(pool.bytes_in_use() == 0);
  CHECK(slice.sorted_to() == std::vector<std::size_t>{2500});
  CHECK(rows_of(slice, kTexts) == rows);
}

TEST_CASE("what is spilled is sorted a million rows at a time, and may be as many as there are") {
  ChunkPool pool;
  MemoryStore store;
  Slice slice;
  slice.set_loose();
  constexpr std::uint64_t kRows = 2'500'000;
  for (std::uint64_t i = 0; i < kRows; ++i) {
    slice.append(pool, kTexts, std::to_string(i * 0x9e3779b97f4a7c15U % 100'000), "");
  }
  const SliceSize before = slice.measure(kTexts);
  CHECK(slice.about_rows(kTexts) > kRows / 100 * 99);
  CHECK(slice.about_rows(kTexts) < kRows / 100 * 101);
  Progress progress;
  slice.spill(store, pool, kTexts, &progress);
  CHECK(progress.steps() == 3);
  CHECK(slice.sorted_to().size() == 3);
  CHECK(pool.bytes_in_use() == 0);
  CHECK(slice.about_rows(kTexts) == 0);
  CHECK(slice.measure(kTexts) == before);
  SliceMerge merge({&slice}, kTexts);
  std::uint64_t rows = 0;
  std::string last;
  bool in_order = true;
  for (; !merge.done(); merge.advance(), ++rows) {
    in_order = in_order && merge.row().key >= last;
    last = merge.row().key;
  }
  CHECK(in_order);
  CHECK(rows == kRows);
}

TEST_CASE("a slice gives memory and store back") {
  ChunkPool pool;
  MemoryStore store;
  {
    Slice slice;
    for (int i = 0; i < 10'000; ++i) slice.append(pool, kTexts, "key", "value");
    slice.spill(store, pool, kTexts);
    CHECK(pool.bytes_in_use() == 0);
    Slice moved = std::move(slice);
    CHECK(store.released == 0);
  }
  CHECK(store.released == store.bytes.size());
}

TEST_CASE("a merge of slices in memory and in a store is the sorted union, group by group") {
  holds([] {
    ChunkPool pool;
    MemoryStore store;
    std::vector<Slice> slices;
    Pairs expected;
    const auto count = *rc::gen::inRange<std::size_t>(1, 6);
    for (std::size_t i = 0; i < count; ++i) {
      const Pairs rows = random_rows();
      const auto spilled = *rc::gen::inRange<std::size_t>(0, rows.size() + 1);
      slices.push_back(mixed_slice(pool, store, rows, spilled, *rc::gen::arbitrary<bool>()));
      expected.insert(expected.end(), rows.begin(), rows.end());
    }
    std::sort(expected.begin(), expected.end());
    std::vector<const Slice*> sources;
    for (const Slice& slice : slices) sources.push_back(&slice);
    SliceMerge merge(sources, kTexts, 64);
    std::uint64_t hash_sum = 0;
    for (const Slice& slice : slices) hash_sum += slice.measure(kTexts).hash_sum;
    Pairs merged;
    while (!merge.done()) {
      GroupValues group(merge);
      for (std::string_view value; group.next(value);) merged.emplace_back(group.key(), value);
    }
    RC_ASSERT(merged == expected);
    RC_ASSERT(merge.rows() == expected.size());
    RC_ASSERT(merge.hash_sum() == hash_sum);
  });
}

TEST_CASE("slices in a store travel, and those that arrive go to a store when memory is short") {
  struct Expected {
    JobType job;
    std::size_t chunks;  // in use at once
  };
  // A loose slice leaves in pieces of 16 chunks, which are sorted into others first.
  for (const auto& [job, chunks] : {Expected{greatest_job(), 5}, Expected{plain_job(), 2 * 16 + 3}}) {
    ChunkPool pool;
    MemoryStore sent;
    MemoryStore kept;
    const auto collector = make_collector(job, pool, Partitioner(1));
    Pairs rows;
    for (int i = 0; i < 200'000; ++i) {
      rows.emplace_back("key" + std::to_string(i % 70'000), std::to_string(i));
    }
    emit_all(*collector, rows);
    Run run;
    run.summary.id = {1, 2, 3};
    run.slices = collector->seal();
    run.summary.slices.push_back(run.slices[0].measure(kTexts));
    run.slices[0].spill(sent, pool, kTexts);
    const std::size_t before = pool.bytes_in_use();

    SliceSender sender;
    sender.add(run, 0);
    SliceReceiver receiver(pool, kTexts, 1, !job.combines(),
                           Overflow(pool, kept, kTexts, before + 3 * ChunkPool::kChunkBytes));
    ReceivedSlices received;
    std::vector<char> buffer(5000);
    std::size_t most = 0;
    while (const std::size_t size = sender.fill(buffer.data(), buffer.size())) {
      receiver.take({buffer.data(), size}, received);
      most = std::max(most, pool.bytes_in_use() - before);
    }
    CHECK(most <= chunks * ChunkPool::kChunkBytes);
    REQUIRE(receiver.at_boundary());
    REQUIRE(received.size() == 1);
    const Slice& slice = received.begin()->second;
    CHECK(slice.stored().size() > 0);
    CHECK(slice.measure(kTexts) == run.summary.slices[0]);
    CHECK(merged_rows(slice) == merged_rows(run.slices[0]));
  }
}

TEST_CASE("pieces of a table become what the table would have been") {
  for (const JobType& job : {summing_job(), greatest_job(), plain_job()}) {
    const RowFormat format(job.value_size);
    ChunkPool pool;
    MemoryStore store;
    const auto table = make_collector(job, pool, Partitioner(3));
    const auto whole = make_collector(job, pool, Partitioner(3));
    std::vector<MeasuredSlices> pieces;
    for (int piece = 0; piece < 3; ++piece) {
      Pairs rows;
      for (int i = 0; i < 3000; ++i) {
        const auto n = static_cast<std::uint64_t>(i * (piece + 3) % 1000);
        rows.emplace_back("key" + std::to_string(n),
                          job.value_size == 8 ? number_bytes(n) : std::to_string(i));
      }
      emit_all(*table, rows);
      emit_all(*whole, rows);
      pieces.push_back(measured(table->seal(), job, nullptr));
      if (piece < 2) {
        for (Slice& slice : pieces.back().slices) slice.spill(store, pool, format);
      }
    }
    const MeasuredSlices merged =
        merge_pieces(std::move(pieces), job, pool, Overflow(pool, store, format, 0), 0, nullptr);
    const std::vector<Slice> expected = whole->seal();
    for (std::size_t p = 0; p < 3; ++p) {
      Pairs rows = rows_of(expected[p], format);
      std::sort(rows.begin(), rows.end());
      CHECK(rows_of(merged.slices[p], format) == rows);
      CHECK(merged.sizes[p] == expected[p].measure(format));
    }
  }
}

// 40,000 keys three times over, some too long for a slot, with a spill after each 10,000.
std::unique_ptr<Collector> spilled_table(const JobType& job, ChunkPool& pool, SliceStore& store) {
  constexpr std::uint64_t kLimitBytes = 1 << 20;  // no bucket is that large
  std::unique_ptr<Collector> table = make_collector(job, pool, Partitioner(3), kLimitBytes);
  Progress progress;
  for (std::uint64_t i = 0; i < 120'000; i += 10'000) {
    Pairs emits;
    for (std::uint64_t n = i; n < i + 10'000; ++n) {
      const std::string key = (n % 100 == 0 ? std::string(200, 'k') : "") + std::to_string(n % 40'000);
      emits.emplace_back(key, number_bytes(n % 7 == 0 ? n : 1));
    }
    emit_all(*table, emits);
    REQUIRE(table->spill(store, progress));
    REQUIRE(table->bytes() <= (1 << 17));  // the empty table
  }
  return table;
}

TEST_CASE("rows that wait in a store are combined as if they had waited in memory") {
  const JobType job = summing_job();
  const RowFormat format(8);
  ChunkPool pool;
  MemoryStore store;
  MemoryStore other;
  const auto table = spilled_table(job, pool, store);
  CHECK(table->spilled_bytes() > 120'000);
  std::map<std::string, std::uint64_t> expected;
  for (std::uint64_t n = 0; n < 120'000; ++n) {
    expected[(n % 100 == 0 ? std::string(200, 'k') : "") + std::to_string(n % 40'000)] += n % 7 == 0 ? n : 1;
  }
  const std::vector<Slice> slices = table->seal(Overflow(pool, other, format, 0));
  CHECK(table->spilled_bytes() == 0);
  CHECK(store.released == store.bytes.size());
  std::size_t rows = 0;
  for (const Slice& slice : slices) {
    CHECK(slice.chunks().empty());  // memory is short
    const Pairs found = rows_of(slice, format);
    REQUIRE(std::is_sorted(found.begin(), found.end()));
    for (const auto& [key, value] : found) REQUIRE(number_of(value) == expected.at(key));
    rows += found.size();
  }
  CHECK(rows == expected.size());
}

TEST_CASE("rows that come back damaged from a store are refused") {
  const JobType job = summing_job();
  ChunkPool pool;
  MemoryStore store;
  const auto table = spilled_table(job, pool, store);
  store.bytes[store.bytes.size() / 2] ^= 1;
  CHECK_THROWS_AS(table->seal(), Error);
}

TEST_CASE("a piece that comes back damaged is refused") {
  const JobType job = plain_job();
  ChunkPool pool;
  for (const std::size_t at :
       std::initializer_list<std::size_t>{0, 9, 40}) {  // a size, a value, whatever is there
    MemoryStore store;
    const auto table = make_collector(job, pool, Partitioner(1));
    emit_all(*table, {{"key", "value"}, {"other", "values"}, {"third", "more"}});
    std::vector<MeasuredSlices> pieces;
    pieces.push_back(measured(table->seal(), job, nullptr));
    pieces.back().slices[0].spill(store, pool, kTexts);
    store.bytes[at] = static_cast<char>(store.bytes[at] ^ 1);
    CHECK_THROWS_AS(merge_pieces(std::move(pieces), job, pool, {}, 0, nullptr), Error);
  }
}
