// An open-addressing table of the slots of thresh/slots.hpp.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/huge_pages.hpp"
#include "thresh/emit_batch.hpp"
#include "thresh/hash.hpp"
#include "thresh/short_key.hpp"
#include "thresh/slots.hpp"

namespace thresh {

class InlineTable {
 public:
  // REQUIRES: slot_bytes(value_size) > 0; `slots` is a power of two. Borrows the pool, for long keys.
  InlineTable(ChunkPool& pool, std::size_t value_size, std::size_t slots)
      : pool_(&pool), value_size_(value_size), layout_(value_size) {
    reset(slots);
  }

  std::size_t rows() const noexcept { return rows_; }
  std::uint64_t slot_bytes() const noexcept { return slot_bytes_; }
  std::uint64_t bytes() const noexcept { return slot_bytes_ + long_bytes_; }

  // Makes room so that `more` keys may come without moving a slot: at most a third full while the table is
  // small, at most two thirds then. Where a key goes on from a slot that another one has is not predicted.
  void reserve(std::size_t more) {
    while (must_grow_for(more)) grow();
  }
  bool must_grow_for(std::size_t more) const noexcept {
    const std::size_t thirds = slot_bytes_ < kSparseBytes ? 1 : 2;
    return (rows_ + more) * layout_.bytes() * 3 > slot_bytes_ * thirds;
  }
  // Up to seven eighths, where looking for a new key takes some 30 slots.
  bool has_room_for(std::size_t more) const noexcept {
    return (rows_ + more) * layout_.bytes() * 8 <= slot_bytes_ * 7;
  }
  LookUp look_up() const noexcept { return {slots_.data(), mask_}; }

  // For combine_into_slots, which tells how many rows there are now. REQUIRES: has_room_for() the batch.
  Slots slots() noexcept { return {slots_.data(), mask_, rows_}; }
  void set_rows(std::size_t rows) noexcept { rows_ = rows; }
  // Where the value of a key is that does not fit into a slot; null if the key is new: then it came with a
  // copy of `value`. REQUIRES: has_room_for().
  char* find_or_add_long(std::uint64_t hash, std::string_view key, const char* value);

  // Calls use(slot, key) for every row, or for those in every `step`-th slot. Slot and key live until the
  // table changes.
  template <typename Use>
  void for_each(Use&& use, std::size_t step = 1) const {
    for (std::size_t at = 0; at < slot_bytes_; at += step * layout_.bytes()) {
      const char* const slot = slots_.data() + at;
      if (layout_.meta(slot) != 0) use(slot, key_at(slot));
    }
  }
  std::uint64_t hash_at(const char* slot) const noexcept {
    const std::string_view key = key_at(slot);
    return hash_key(ShortKey::padded(slot), key);
  }
  std::string_view key_at(const char* slot) const noexcept {
    const std::uint32_t kind = layout_.meta(slot) & 255;
    if (kind != SlotLayout::kLongKey) return {slot, kind - 1};
    const LongKey key = long_key_of(slot);
    return {key.at, key.size};
  }
  const char* value_at(const char* slot) const noexcept { return layout_.value(slot); }
  // Empty again, with that many slots.
  void reset(std::size_t slots) {
    GrowingMemory zeros;
    zeros.grow(slots * layout_.bytes());
    slots_ = std::move(zeros);
    slot_bytes_ = slots * layout_.bytes();
    mask_ = SlotLayout::mask(slot_bytes_, layout_.bytes());
    rows_ = 0;
    long_keys_.clear();
    long_bytes_ = 0;
  }

 private:
  // What the slot of a long key holds in place of it.
  struct LongKey {
    const char* at;
    std::uint32_t size;
    std::uint32_t hash;  // high half
  };
  static_assert(sizeof(LongKey) == ShortKey::kBytes);
  static constexpr std::size_t kSparseBytes = std::size_t{32} << 20;  // what is larger would wait for memory

  static LongKey long_key_of(const char* slot) noexcept {
    LongKey key;
    std::memcpy(&key, slot, sizeof key);
    return key;
  }

  void grow();

  ChunkPool* pool_;
  std::size_t value_size_;
  SlotLayout layout_;
  GrowingMemory slots_;
  std::size_t slot_bytes_ = 0;
  std::uint64_t mask_ = 0;  // of hashes: where their slots begin
  std::size_t rows_ = 0;
  std::vector<Chunk> long_keys_;
  std::uint64_t long_bytes_ = 0;
};

}  // namespace thresh
