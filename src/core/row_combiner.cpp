#include "core/row_combiner.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "thresh/hash.hpp"

namespace thresh {
namespace {

constexpr std::size_t kReadable = ShortKey::kBytes;  // bytes from each key on
constexpr std::size_t kFewestSlots = 1 << 10;

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
  pending_rows_ = found_ = 0;  // there may be some from before an error
  const std::size_t slots = std::bit_ceil(std::max(kFewestSlots, refs_.size() * 3 / 2));
  refs_.clear();
  slots_.reserve(kHugePageBytes / sizeof(Slot));
  slots_.assign(slots, Slot{});
  mask_ = slots - 1;
}

void RowCombiner::keep_at_most(std::uint64_t bytes) {
  const std::uint64_t held =
      rows_room_ + refs_.capacity() * sizeof(RowRef) + slots_.capacity() * sizeof(Slot);
  if (held <= bytes + kHugePageBytes) return;
  rows_.reset();
  rows_room_ = 0;
  refs_ = {};
  slots_ = {};
}

void RowCombiner::make_room_in_slots() {
  if ((refs_.size() + kBatch) * 4 <= slots_.size() * 3) return;
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
  make_room_in_slots();
  // What they will be compared with: 21 % of adding a row was waiting for it.
  for (std::size_t i = 0; i < pending_rows_; ++i) {
    const Slot& slot = slots_[pending_[i].hash & mask_];
    __builtin_prefetch(rows_.get() + std::size_t{slot.row} * kRowAlignment);
  }
  for (std::size_t i = 0; i < pending_rows_; ++i) find_or_add(pending_[i]);
  pending_rows_ = 0;
  combine_(into_.data(), from_.data(), std::exchange(found_, 0));
}

bool RowCombiner::same_key(const char* row, const Pending& wanted) const noexcept {
  if (load_u32(row + value_size_) != wanted.key_size) return false;
  const char* there = row + value_size_ + 4;
  if (wanted.key_size > ShortKey::kBytes) return std::memcmp(there, wanted.key, wanted.key_size) == 0;
  return ShortKey(there, wanted.key_size) == wanted.head;
}

void RowCombiner::copy_value(char* to, const char* from) const noexcept {
  if (value_size_ == sizeof(std::uint64_t)) {
    store_little(to, load_little<std::uint64_t>(from));
  } else {
    std::memcpy(to, from, value_size_);
  }
}

void RowCombiner::find_or_add(const Pending& row) {
  const std::uint32_t tag = tag_of(row.hash);
  for (std::size_t at = row.hash & mask_;; at = (at + 1) & mask_) {
    Slot& slot = slots_[at];
    if (slot.row == 0) {
      const std::size_t size = format_.row_size(row.key_size, value_size_);
      slot = {tag, static_cast<std::uint32_t>(rows_end_ / kRowAlignment) + 1};
      char* to = rows_.get() + rows_end_;
      rows_end_ += (size + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
      copy_value(to, row.value);
      store_little(to + value_size_, static_cast<std::uint32_t>(row.key_size));
      copy_over(to + value_size_ + 4, row.key, row.key_size);
      refs_.push_back({row.head.prefix(), to});
      return;
    }
    char* there = rows_.get() + std::size_t{slot.row - 1} * kRowAlignment;
    if (slot.tag == tag && same_key(there, row)) {
      into_[found_] = there;
      from_[found_] = row.value;
      ++found_;
      return;
    }
  }
}

void RowCombiner::finish() {
  flush();
  const auto key_of = [this](const char* row) { return format_.read(row).key; };
  sort_refs(refs_, key_of, [&](const char* a, const char* b) { return key_of(a) < key_of(b); });
}

void RowCombiner::append_to(Slice& slice) {
  for (const RowRef& ref : refs_) {
    slice.append_row(*pool_, {ref.row, format_.row_size(load_u32(ref.row + value_size_), value_size_)});
  }
}

}  // namespace thresh
