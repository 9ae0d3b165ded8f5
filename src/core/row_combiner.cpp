#include "core/row_combiner.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "core/release.hpp"
#include "thresh/hash.hpp"

namespace thresh {
namespace {

constexpr std::size_t kReadable = ShortKey::kBytes;  // bytes from each key on
constexpr std::size_t kFewestSlots = 1 << 10;
// While there are no more they are at most a third full: where a key goes on from a slot that another one has
// is not predicted.
constexpr std::size_t kSparseSlots = 1 << 16;

std::uint32_t tag_of(std::uint64_t hash) noexcept {
  return static_cast<std::uint32_t>(hash);
}

}  // namespace

RowCombiner::RowCombiner(const JobType& job, ChunkPool& pool)
    : pool_(&pool), format_(job.value_size), combine_(job.combine_fixed), value_size_(job.value_size) {}

// As hashes spread keys evenly, the next rows want about as many slots as the last ones.
void RowCombiner::begin(std::uint64_t rows, std::uint64_t key_bytes) {
  const std::uint64_t bytes = rows * (value_size_ + 4 + kRowAlignment) + key_bytes + kReadable;
  if (rows_room_ < bytes) {
    rows_.reset();
    rows_room_ = 0;
    rows_.reset(static_cast<char*>(allocate_huge(bytes + bytes / 8)));
    rows_room_ = bytes + bytes / 8;
  }
  rows_end_ = 0;
  pending_rows_ = 0;  // there may be some from before an error
  const std::size_t sparse = std::clamp(combined_ * 3, kFewestSlots, kSparseSlots);
  const std::size_t slots = std::bit_ceil(std::max(sparse, combined_ * 3 / 2));
  combined_ = 0;
  slots_.reserve(kHugePageBytes / sizeof(Slot));
  slots_.assign(slots, Slot{});
  mask_ = slots - 1;
}

void RowCombiner::keep_at_most(std::uint64_t bytes) {
  const std::uint64_t held = rows_room_ + refs_.capacity() * sizeof(RowRef) +
                             slots_.capacity() * sizeof(Slot) + sort_memory_.bytes();
  if (held <= bytes + kHugePageBytes) return;
  rows_.reset();
  rows_room_ = 0;
  release(refs_);
  sort_memory_ = {};
  combined_ = 0;
  release(slots_);
}

void RowCombiner::make_room() {
  if (refs_.size() < combined_ + kBatch) refs_.resize(std::max(2 * refs_.size(), kFewestSlots));
  if ((combined_ + kBatch) * 4 <= slots_.size() * 3) return;
  const std::vector<Slot> before(slots_.begin(), slots_.end());
  slots_.assign(2 * before.size(), Slot{});
  mask_ = slots_.size() - 1;
  for (const Slot& slot : before) {
    if (slot.row == 0) continue;
    std::size_t at = slot.tag & mask_;
    while (slots_[at].row != 0) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

void RowCombiner::combine(const StagedRows& staged, std::size_t bucket) {
  begin(staged.rows(bucket), staged.row_bytes(bucket));
  staged.for_each(bucket, [this](std::string_view key, const char* value) {
    const ShortKey head(key.data(), key.size());
    add(hash_key(head, key), head, key, value);
  });
  finish();
}

void RowCombiner::flush() {
  if (rows_end_ > kMostRowBytes) throw std::bad_alloc();
  make_room();
  value_size_ == sizeof(std::uint64_t) ? look_up<sizeof(std::uint64_t)>() : look_up<0>();
}

// All that it works with is in variables of its own: what is written through a char* might be any member, as
// far as compilers know. With a call for each row and members it took 1.5 times as long.
template <std::size_t kValueSize>
void RowCombiner::look_up() {
  Slot* const slots = slots_.data();
  const std::size_t mask = mask_;
  const std::size_t value_size = kValueSize > 0 ? kValueSize : value_size_;
  char* const rows = rows_.get();
  char* end = rows + rows_end_;
  RowRef* ref = refs_.data() + combined_;
  const std::size_t pending = std::exchange(pending_rows_, 0);
  // What they will be compared with: 21 % of adding a row was waiting for it.
  for (std::size_t i = 0; i < pending; ++i) {
    __builtin_prefetch(rows + std::size_t{slots[pending_[i].hash & mask].row} * kRowAlignment);
  }
  // Values to be combined, together.
  std::array<char*, kBatch> into;
  std::array<const char*, kBatch> from;
  std::size_t found = 0;
  const auto same_key = [&](const char* row, const Pending& wanted) {
    if (load_u32(row + value_size) != wanted.key_size) return false;
    const char* there = row + value_size + 4;
    if (wanted.key_size > ShortKey::kBytes) return std::memcmp(there, wanted.key, wanted.key_size) == 0;
    return ShortKey(there, wanted.key_size) == wanted.head;
  };
  for (std::size_t i = 0; i < pending; ++i) {
    const Pending& row = pending_[i];
    const std::uint32_t tag = tag_of(row.hash);
    for (std::size_t at = row.hash & mask;; at = (at + 1) & mask) {
      Slot& slot = slots[at];
      if (slot.row == 0) {
        const std::size_t size = value_size + 4 + row.key_size;
        slot = {tag, static_cast<std::uint32_t>(static_cast<std::size_t>(end - rows) / kRowAlignment) + 1};
        std::memcpy(end, row.value, value_size);
        store_little(end + value_size, static_cast<std::uint32_t>(row.key_size));
        copy_readable(end + value_size + 4, row.key, row.key_size);
        *ref++ = {row.head.prefix(), end};
        end += (size + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
        break;
      }
      char* there = rows + std::size_t{slot.row - 1} * kRowAlignment;
      if (slot.tag == tag && same_key(there, row)) {
        into[found] = there;
        from[found] = row.value;
        ++found;
        break;
      }
    }
  }
  rows_end_ = static_cast<std::size_t>(end - rows);
  combined_ = static_cast<std::size_t>(ref - refs_.data());
  combine_(into.data(), from.data(), found);
}

void RowCombiner::finish() {
  flush();
  const auto key_of = [this](const char* row) { return format_.read(row).key; };
  sort_refs(
      std::span(refs_.data(), combined_), key_of,
      [&](const char* a, const char* b) { return key_of(a) < key_of(b); }, sort_memory_);
}

void RowCombiner::append_to(Slice& slice) {
  for (const RowRef& ref : rows()) {
    slice.append_row(*pool_, {ref.row, format_.row_size(load_u32(ref.row + value_size_), value_size_)});
  }
}

}  // namespace thresh
