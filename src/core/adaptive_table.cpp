#include "core/adaptive_table.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "core/release.hpp"
#include "core/row_combiner.hpp"
#include "core/row_sort.hpp"

namespace thresh {
namespace {

constexpr std::size_t kFirstSlots = std::size_t{1} << 12;
// Past this size, a table that has combined fewer than kWorthwhile emits a key is given up.
constexpr std::size_t kTableBytes = std::size_t{32} << 20;
constexpr std::uint64_t kWorthwhile = 4;
// A bucket a range of keys is combined and sorted within the second-level cache. Each has a chunk of its own,
// so there are fewer where all that is staged must not be much.
unsigned shift_for(std::uint32_t partitions, std::uint64_t limit_bytes) {
  constexpr std::uint64_t kLeastChunks = 4;  // a bucket, when the limit is reached
  unsigned shift = 0;
  const auto bytes = [&] {
    return kLeastChunks * partitions * (KeyRanges::kRanges >> shift) * ChunkPool::kChunkBytes;
  };
  while (bytes() > limit_bytes && (KeyRanges::kRanges >> shift) > 1) ++shift;
  return shift;
}

// Keys that the ranges are cut by, at most.
constexpr std::size_t kMostSampled = 1 << 14;

// Long keys of one batch: a record may have emitted millions.
constexpr std::size_t kMostLeft = 1 << 16;

}  // namespace

template <std::size_t kSlotBytes>
AdaptiveTable<kSlotBytes>::AdaptiveTable(const JobType& job, ChunkPool& pool, Partitioner partitioner,
                                         std::uint64_t limit_bytes)
    : Collector(job),
      job_(&job),
      pool_(&pool),
      format_(job.value_size),
      limit_bytes_(limit_bytes),
      partitioner_(std::move(partitioner)),
      table_(pool, job.value_size, kFirstSlots),
      cache_(job.value_size),
      range_shift_(shift_for(partitioner_.partitions(), limit_bytes)),
      staged_(job, pool, partitioner_.partitions() * (KeyRanges::kRanges >> range_shift_)),
      into_(kMostPending),
      from_(kMostPending) {}

template <std::size_t kSlotBytes>
std::uint64_t AdaptiveTable<kSlotBytes>::bytes() const noexcept {
  return table_.bytes() + staged_.bytes();
}

template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::take(const EmitBatch& batch) {
  adapt(batch.committed());
  switch (mode_) {
    case Mode::Table:
      return put_in_table(batch);
    case Mode::Cached:
      count(batch);
      return put_in_cache(batch);
    case Mode::Buckets:
      return put_in_buckets(batch);
  }
}

// All buckets before all rows: what is written through a char* might be any member, as far as compilers know,
// so that each row began with loads anew. Mapping 19 million distinct words took 0.81 s a worker, 0.74 so.
template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::put_in_buckets(const EmitBatch& batch) {
  std::array<std::uint32_t, 64> buckets;
  std::uint64_t weight = 0;
  std::span<const EmitBatch::Emit> emits = batch.emits();
  while (!emits.empty()) {
    const std::span<const EmitBatch::Emit> some = emits.first(std::min(emits.size(), buckets.size()));
    for (std::size_t i = 0; i < some.size(); ++i) {
      const EmitBatch::Emit& emit = some[i];
      buckets[i] =
          static_cast<std::uint32_t>(bucket_of(emit.hash, EmitBatch::key_prefix(emit), batch.key(emit)));
    }
    weight += staged_.add(std::span(buckets).first(some.size()), some.data());
    emits = emits.subspan(some.size());
  }
  count(batch, weight);
}

template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::put_in_table(const EmitBatch& batch) {
  Slots slots = table_.slots();
  const std::uint64_t weight = job_->combine_batch(slots, batch, left_);
  table_.set_rows(slots.rows);
  count(batch, weight);
  for (const std::uint32_t at : left_) {
    const EmitBatch::Emit& emit = batch.emits()[at];
    const char* const value = batch.value(emit).data();
    combine_later(table_.find_or_add_long(emit.hash, batch.key(emit), value), value);
  }
  left_.clear();
  if (left_.capacity() > kMostLeft) release(left_);
  emits_ += batch.committed();
  combine_pending();
}

template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::put_in_cache(const EmitBatch& batch) {
  const auto evict = [this](std::uint64_t hash, std::string_view key, const char* value) {
    combine_pending();  // it may be this row that waits for it
    stage(hash, key_prefix(key), key, value);
  };
  for (std::size_t i = 0; i < batch.committed(); ++i) {
    const EmitBatch::Emit& emit = batch.emits()[i];
    const std::string_view key = batch.key(emit);
    const char* const value = batch.value(emit).data();
    const ShortKey head(key.data(), key.size());
    if (key.size() > cache_.most_key_bytes()) {
      stage(emit.hash, head.prefix(), key, value);
    } else {
      combine_later(cache_.find_or_replace(emit.hash, head, key, value, evict), value);
    }
  }
  combine_pending();
}

// `into` is null for a key that is new.
template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::combine_later(char* into, const char* from) {
  into_[pending_] = into;
  from_[pending_] = from;
  pending_ += into != nullptr ? 1 : 0;
  if (pending_ == kMostPending) combine_pending();
}

template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::combine_pending() {
  job_->combine_fixed(into_.data(), from_.data(), std::exchange(pending_, 0));
}

template <std::size_t kSlotBytes>
THRESH_INLINE std::size_t AdaptiveTable<kSlotBytes>::bucket_of(std::uint64_t hash, std::uint64_t prefix,
                                                               std::string_view key) const {
  const std::size_t range = ranges_.of(prefix, key) >> range_shift_;
  return partitioner_.of(hash, key) * buckets() + range;
}

template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::stage(std::uint64_t hash, std::uint64_t prefix, std::string_view key,
                                      const char* value) {
  staged_.add(bucket_of(hash, prefix, key), hash, key, value);
}

template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::adapt(std::size_t more) {
  if (mode_ == Mode::Table) {
    if (!table_.must_grow_for(more)) return;
    const bool large = table_.slot_bytes() >= kTableBytes;
    if (large && emits_ < kWorthwhile * table_.rows()) return leave_table();
    if (2 * table_.slot_bytes() <= limit_bytes_) return table_.reserve(more);
    // Slower look-ups are better than rows that are not combined.
    if (!table_.has_room_for(more)) leave_table();
  } else if (mode_ == Mode::Cached && cache_.useless()) {
    leave_cache();
  }
}

// REQUIRES: nothing is staged.
template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::use_ranges(unsigned shift) {
  if (shift == range_shift_) return;
  range_shift_ = shift;
  staged_ = StagedRows(*job_, *pool_, partitioner_.partitions() * buckets());
}

template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::cut_ranges() {
  KeySample sample(kMostSampled);
  // Slots are in no order of keys. To look at all was 3 % of a job with 63 workers.
  table_.for_each([&](const char*, std::string_view key) { sample.add(key); },
                  std::max<std::size_t>(table_.rows() / kMostSampled, 1));
  ranges_.cut(std::move(sample));
}

// The table is empty then.
template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::stage_table() {
  table_.for_each([this](const char* slot, std::string_view key) {
    stage(table_.hash_at(slot), key_prefix(key), key, table_.value_at(slot));
  });
  table_.reset(kFirstSlots);
  emits_ = 0;
}

template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::leave_table() {
  cut_ranges();
  stage_table();
  cache_.open();
  mode_ = Mode::Cached;
}

template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::empty_cache() {
  cache_.clear([this](std::uint64_t hash, std::string_view key, const char* value) {
    stage(hash, key_prefix(key), key, value);
  });
}

template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::leave_cache() {
  empty_cache();
  mode_ = Mode::Buckets;
}

template <std::size_t kSlotBytes>
std::vector<Slice> AdaptiveTable<kSlotBytes>::seal(const Overflow& overflow) {
  // A table that was not handed over after all is staged already.
  if (mode_ == Mode::Table && staged_.bytes() == 0) return seal_table();
  if (mode_ != Mode::Table) empty_cache();
  std::vector<Slice> slices = seal_buckets(overflow);
  use_ranges(shift_for(partitioner_.partitions(), limit_bytes_));
  return slices;
}

// What each worker combines and sorts, the owner has to merge with what the others did: to combine and sort
// once is less work. 19 million words took 1.2 times the CPU when they were sealed. Sealed is better: a table
// without others to merge with, buckets that combining makes much less, and what the owner has no memory to
// combine, a range of keys of all workers at a time.
template <std::size_t kSlotBytes>
std::optional<MeasuredSlices> AdaptiveTable<kSlotBytes>::hand_over(const Receivers& receivers) {
  constexpr std::size_t kFewestRows = 4096;  // buckets that are small make nothing faster
  const auto fits = [&](std::size_t rows) {
    const std::uint64_t row_bytes = RowCombiner::bytes_of_row(job_->value_size);
    return rows * receivers.workers * row_bytes <= receivers.combine_bytes;
  };
  if (mode_ == Mode::Table) {
    if (receivers.workers < 2 || staged_.bytes() > 0) return std::nullopt;
    const std::size_t rows = table_.rows() / partitioner_.partitions();
    const auto too_many = [&](unsigned shift) {
      const std::size_t buckets = KeyRanges::kRanges >> shift;
      const bool chunks_fit = partitioner_.partitions() * buckets * ChunkPool::kChunkBytes <= limit_bytes_;
      return !chunks_fit || (rows / buckets < kFewestRows && fits(2 * rows / buckets));
    };
    unsigned shift = 0;
    while (KeyRanges::kRanges >> shift > 1 && too_many(shift)) ++shift;
    if (!fits(rows / (KeyRanges::kRanges >> shift))) return std::nullopt;
    use_ranges(shift);
    if (buckets() > 1) cut_ranges();
    stage_table();
  } else {
    if (staged_.stored_bytes() > 0) return std::nullopt;
    empty_cache();
  }
  // A range may have got more than those that it was cut by.
  if (!fits(most_rows_of_bucket())) return std::nullopt;
  if (mode_ != Mode::Table && combining_is_worthwhile(partitioner_.partitions() / 2)) return std::nullopt;
  MeasuredSlices all;
  for (std::uint32_t p = 0; p < partitioner_.partitions(); ++p) {
    all.slices.push_back(staged_slice(p, all.sizes.emplace_back(), all.weight));
  }
  use_ranges(shift_for(partitioner_.partitions(), limit_bytes_));
  return all;
}

template <std::size_t kSlotBytes>
std::size_t AdaptiveTable<kSlotBytes>::most_rows_of_bucket() const noexcept {
  std::size_t most = 0;
  for (std::size_t bucket = 0; bucket < partitioner_.partitions() * buckets(); ++bucket) {
    most = std::max(most, staged_.rows(bucket));
  }
  return most;
}

// Combines the largest bucket of the partition to see.
template <std::size_t kSlotBytes>
bool AdaptiveTable<kSlotBytes>::combining_is_worthwhile(std::uint32_t partition) {
  std::size_t sample = partition * buckets();
  for (std::size_t bucket = sample + 1; bucket < (partition + 1) * buckets(); ++bucket) {
    if (staged_.rows(bucket) > staged_.rows(sample)) sample = bucket;
  }
  RowCombiner combiner(*job_, *pool_);
  combiner.combine(staged_, sample);
  return staged_.rows(sample) >= kWorthwhile * combiner.rows().size();
}

template <std::size_t kSlotBytes>
Slice AdaptiveTable<kSlotBytes>::staged_slice(std::uint32_t partition, SliceSize& size,
                                              std::uint64_t& weight) {
  auto ranges = std::make_unique<StagedRanges>();
  for (StagedRanges::Range& range : ranges->ranges) range.begin = KeyBound::end();
  Slice slice;
  for (std::size_t i = 0; i < buckets(); ++i) {
    const std::size_t bucket = partition * buckets() + i;
    StagedRanges::Range& range = ranges->ranges[i];
    range.begin = KeyBound(ranges_.begin(i << range_shift_));
    range.rows = staged_.rows(bucket);
    size.rows += range.rows;
    size.hash_sum += staged_.hash_sum(bucket);
    weight += staged_.weight(bucket);
    for (Chunk& chunk : staged_.take_chunks(bucket)) {
      range.bytes += chunk.used();
      slice.append_chunk(std::move(chunk));
    }
    size.bytes += range.bytes;
  }
  if (size.rows == 0) return slice;
  size.bytes += sizeof(StagedRanges);
  slice.set_staged();
  slice.set_ranges(std::move(ranges));
  return slice;
}

template <std::size_t kSlotBytes>
bool AdaptiveTable<kSlotBytes>::spill(SliceStore& store, Progress& progress) {
  if (mode_ == Mode::Table) {
    constexpr std::size_t kFewestKeys = 1000;  // that ranges are cut by
    if (emits_ >= kWorthwhile * table_.rows() || table_.rows() < kFewestKeys) return false;
    leave_table();  // its keys are too long for its slots, or it would have got there by growing
  }
  // A bucket comes back whole.
  for (std::size_t bucket = 0; bucket < partitioner_.partitions() * buckets(); ++bucket) {
    if (staged_.row_bytes(bucket) > limit_bytes_) return false;
  }
  staged_.spill(store, progress);
  return true;
}

template <std::size_t kSlotBytes>
std::vector<Slice> AdaptiveTable<kSlotBytes>::seal_table() {
  constexpr std::size_t kAhead = 16;  // slots, which lie anywhere, are asked for before they are needed
  std::vector<std::vector<RowRef>> refs(partitioner_.partitions());
  SortMemory memory;
  for (std::vector<RowRef>& of_one : refs) of_one.reserve(table_.rows() / refs.size() * 9 / 8);
  table_.for_each([&](const char* slot, std::string_view key) {
    refs[partitioner_.of(table_.hash_at(slot), key)].push_back({key_prefix(key), slot});
  });
  const auto key_of = [this](const char* slot) { return table_.key_at(slot); };
  std::vector<Slice> slices(partitioner_.partitions());
  for (std::uint32_t p = 0; p < partitioner_.partitions(); ++p) {
    std::vector<RowRef>& rows = refs[p];
    sort_refs(
        rows, key_of, [&](const char* a, const char* b) { return key_of(a) < key_of(b); }, memory);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      __builtin_prefetch(rows[std::min(i + kAhead, rows.size() - 1)].row);
      slices[p].append(*pool_, format_, table_.key_at(rows[i].row),
                       {table_.value_at(rows[i].row), job_->value_size});
    }
    release(rows);
  }
  table_.reset(kFirstSlots);
  emits_ = 0;
  return slices;
}

template <std::size_t kSlotBytes>
std::vector<Slice> AdaptiveTable<kSlotBytes>::seal_buckets(const Overflow& overflow) {
  RowCombiner combiner(*job_, *pool_);
  std::vector<Slice> slices(partitioner_.partitions());
  for (std::size_t bucket = 0; bucket < partitioner_.partitions() * buckets(); ++bucket) {
    staged_.load(bucket);
    Slice& slice = slices[bucket / buckets()];
    seal_bucket(staged_, bucket, true, combiner, overflow, slice);
    if ((bucket + 1) % buckets() == 0) overflow.relieve(slice);
  }
  return slices;
}

// The rows of a bucket, which is empty then, by ranges of their own keys.
template <std::size_t kSlotBytes>
StagedRows AdaptiveTable<kSlotBytes>::divide(StagedRows& staged, std::size_t bucket) const {
  KeySample sample(kMostSampled);
  staged.for_each(bucket, [&](std::string_view key, const char*) { sample.add(key); });
  KeyRanges ranges;
  ranges.cut(std::move(sample));
  StagedRows parts(*job_, *pool_, KeyRanges::kRanges);
  staged.take_each(bucket, [&](std::string_view key, const char* value) {
    const ShortKey head(key.data(), key.size());
    parts.add(ranges.of(head.prefix(), key), hash_key(head, key), key, value);
  });
  return parts;
}

// Appends what is combined of a bucket, which is empty then. One that is too large is divided first: ranges
// were cut by the keys that came first, and of an input in order all others are behind the last one.
template <std::size_t kSlotBytes>
void AdaptiveTable<kSlotBytes>::seal_bucket(StagedRows& staged, std::size_t bucket, bool divides,
                                            RowCombiner& combiner, const Overflow& overflow,
                                            Slice& slice) const {
  constexpr std::uint64_t kLeastBytes = KeyRanges::kRanges * ChunkPool::kChunkBytes;  // a chunk a part
  const std::size_t rows = staged.rows(bucket);
  const std::uint64_t bytes = staged.row_bytes(bucket) + rows * RowCombiner::bytes_of_row(job_->value_size);
  if (divides && bytes > std::max(limit_bytes_, kLeastBytes)) {
    StagedRows parts = divide(staged, bucket);
    for (std::size_t part = 0; part < KeyRanges::kRanges; ++part) {
      // What keeps most rows has keys that are the same, nearly: they do not divide, they combine.
      seal_bucket(parts, part, parts.rows(part) <= rows / 2, combiner, overflow, slice);
    }
    return;
  }
  combiner.combine(staged, bucket);
  staged.drop(bucket);
  combiner.append_to(slice);
  overflow.relieve_growing(slice);
}

template class AdaptiveTable<32>;
template class AdaptiveTable<64>;

}  // namespace thresh
