#include "core/combine_table.hpp"

#include <new>

#include "core/release.hpp"
#include "core/row_sort.hpp"

namespace thresh {
namespace {

constexpr std::uint64_t kMostUnreachable = std::uint64_t{4} << 20;
constexpr std::size_t kFirstSlots = std::size_t{1} << 12;
constexpr unsigned kRowAlignment = 8;
// A row is named by (chunk, offset / 8) in 32 bits.
constexpr unsigned kOffsetBits = 13;
constexpr std::size_t kMostChunks = std::size_t{1} << (32 - kOffsetBits);
static_assert(ChunkPool::kChunkBytes == std::size_t{kRowAlignment} << kOffsetBits);

std::size_t aligned(std::size_t size) {
  return (size + kRowAlignment - 1) & ~std::size_t{kRowAlignment - 1};
}

// Such that the bytes of a slot begin at the bits of the hash that look_up() says.
std::uint32_t tag_of(std::uint64_t hash) noexcept {
  return static_cast<std::uint32_t>(hash / sizeof(std::uint64_t));
}

}  // namespace

CombineTable::CombineTable(const JobType& job, ChunkPool& pool, Partitioner partitioner)
    : Collector(job),
      pool_(&pool),
      format_(job.value_size),
      combine_fixed_(job.combine_fixed),
      combine_bytes_(job.combine_bytes),
      partitioner_(std::move(partitioner)),
      slots_(kFirstSlots) {}

std::uint64_t CombineTable::bytes() const noexcept {
  return row_bytes_ + slots_.size() * sizeof(Slot);
}

const char* CombineTable::row_in(const std::vector<Chunk>& chunks, std::uint32_t row) noexcept {
  return chunks[row >> kOffsetBits].data() + std::size_t{kRowAlignment} * (row & ((1U << kOffsetBits) - 1));
}

char* CombineTable::row_at(std::uint32_t row) noexcept {
  return const_cast<char*>(row_in(chunks_, row));
}

std::uint32_t CombineTable::add_row(std::string_view key, std::string_view value) {
  const std::size_t size = aligned(format_.row_size(key.size(), value.size()));
  if (chunks_.empty() || chunks_.back().room() < size) {
    // The last chunk number is left out, so that no row is named kNoRow.
    if (chunks_.size() + 1 >= kMostChunks) throw std::bad_alloc();
    chunks_.push_back(pool_->take(size));
  }
  Chunk& chunk = chunks_.back();
  const auto row =
      static_cast<std::uint32_t>(((chunks_.size() - 1) << kOffsetBits) | (chunk.used() / kRowAlignment));
  format_.write(chunk.extend(size), key, value);
  row_bytes_ += size;
  return row;
}

void CombineTable::take(const EmitBatch& batch) {
  const std::size_t emits = batch.committed();
  // At most two thirds full after the batch, so slots stay where they are during it.
  while ((rows_ + emits) * 3 > slots_.size() * 2) grow();
  const std::size_t mask = slots_.size() - 1;

  count(batch);
  for (std::size_t i = 0; i < emits; ++i) {
    const Slot& slot = slots_[tag_of(batch.emits()[i].hash) & mask];
    if (slot.row != kNoRow) __builtin_prefetch(row_at(slot.row));
  }
  for (std::size_t i = 0; i < emits; ++i) {
    const EmitBatch::Emit& emit = batch.emits()[i];
    insert_or_combine(emit.hash, batch.key(emit), batch.value(emit));
  }
}

LookUp CombineTable::look_up() const {
  static_assert(sizeof(Slot) == sizeof(std::uint64_t));
  return {reinterpret_cast<const char*>(slots_.data()), (slots_.size() - 1) * sizeof(Slot)};
}

void CombineTable::insert_or_combine(std::uint64_t hash, std::string_view key, std::string_view value) {
  const std::uint32_t tag = tag_of(hash);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = tag & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.row == kNoRow) {
      slot = {tag, add_row(key, value)};
      ++rows_;
      return;
    }
    if (slot.tag != tag) continue;
    const Row row = format_.read(row_at(slot.row));
    if (row.key == key) {
      combine(slot, row, value);
      return;
    }
  }
}

void CombineTable::combine(Slot& slot, const Row& row, std::string_view value) {
  if (combine_fixed_ != nullptr) {
    char* const into = row_at(slot.row);
    const char* const from = value.data();
    combine_fixed_(&into, &from, 1);
    return;
  }
  scratch_.assign(row.value);
  combine_bytes_(scratch_, value);
  if (scratch_.size() == row.value.size()) {
    format_.write(row_at(slot.row), row.key, scratch_);
  } else {
    // The old row stays in its chunk, unreachable. As values may grow with each emit, there could be many.
    unreachable_bytes_ += aligned(format_.row_size(row.key.size(), row.value.size()));
    slot.row = add_row(row.key, scratch_);
    if (unreachable_bytes_ > kMostUnreachable && unreachable_bytes_ > row_bytes_ / 2) drop_unreachable();
  }
}

// Copies the rows that slots name. That costs no more than what was written since the last time.
void CombineTable::drop_unreachable() {
  const std::vector<Chunk> before = std::exchange(chunks_, {});
  row_bytes_ = 0;
  unreachable_bytes_ = 0;
  for (Slot& slot : slots_) {
    if (slot.row == kNoRow) continue;
    const Row row = format_.read(row_in(before, slot.row));
    slot.row = add_row(row.key, row.value);
  }
}

void CombineTable::grow() {
  HugeVector<Slot> larger(slots_.size() * 2);
  const std::size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.row == kNoRow) continue;
    std::size_t at = slot.tag & mask;
    while (larger[at].row != kNoRow) at = (at + 1) & mask;
    larger[at] = slot;
  }
  slots_.swap(larger);
}

std::vector<Slice> CombineTable::seal(const Overflow&) {
  const std::uint32_t partitions = partitioner_.partitions();
  std::vector<std::vector<RowRef>> rows(partitions);
  for (const Slot& slot : slots_) {
    if (slot.row == kNoRow) continue;
    const char* at = row_at(slot.row);
    const std::string_view key = format_.read(at).key;
    rows[partitioner_.of(hash_key(key), key)].push_back({key_prefix(key), at});
  }
  std::vector<Slice> slices(partitions);
  SortMemory memory;
  for (std::uint32_t p = 0; p < partitions; ++p) {
    sort_rows(rows[p], format_, memory);
    for (const RowRef& ref : rows[p]) {
      const Row row = format_.read(ref.row);
      slices[p].append(*pool_, format_, row.key, row.value);
    }
    release(rows[p]);
  }
  reset();
  return slices;
}

void CombineTable::reset() {
  HugeVector<Slot>(kFirstSlots).swap(slots_);
  release(scratch_);
  rows_ = 0;
  chunks_.clear();
  row_bytes_ = 0;
  unreachable_bytes_ = 0;
}

}  // namespace thresh
