// An open-addressing table whose slots hold key and value: one cache line a look-up.
//
// A slot of kSlotBytes is `key, u32 meta, value`, the key padded with zeros. The low byte of meta is 0 in an
// empty slot, the size of the key and 1 if the key fits, and kLongKey if the slot refers to a key elsewhere;
// the other bits come from the hash, so that a slot of another key is seldom compared. Slots of 32 bytes
// beat those of 64 in a count written by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/huge_pages.hpp"
#include "thresh/emit_batch.hpp"
#include "thresh/hash.hpp"
#include "thresh/short_key.hpp"

namespace thresh {

template <std::size_t kSlotBytes>
class InlineTable {
 public:
  // The largest values that leave room for what a slot of a long key needs.
  static constexpr std::size_t kMostValueBytes = kSlotBytes - 4 - 16;

  // REQUIRES: 0 < value_size <= kMostValueBytes. Borrows the pool, for long keys.
  InlineTable(ChunkPool& pool, std::size_t value_size, std::size_t slots)
      : pool_(&pool), value_size_(value_size), key_room_(kSlotBytes - 4 - value_size), slots_(slots) {}

  std::size_t rows() const noexcept { return rows_; }
  std::size_t slots() const noexcept { return slots_.size(); }
  std::uint64_t bytes() const noexcept { return slots_.size() * kSlotBytes + long_bytes_; }

  // Makes room so that `more` keys may come without moving a slot: at most two thirds full.
  void reserve(std::size_t more) {
    while ((rows_ + more) * 3 > slots_.size() * 2) grow();
  }
  bool must_grow_for(std::size_t more) const noexcept { return (rows_ + more) * 3 > slots_.size() * 2; }
  LookUp look_up() const noexcept {
    return {slots_.data()->bytes, slots_.size() - 1, kSlotBytes == 32 ? 5 : 6};
  }

  // Where the value of the key is; null if the key is new: then it came with a copy of `value`.
  // `head` is the begin of the key. REQUIRES: reserve().
  char* find_or_add(std::uint64_t hash, const ShortKey& head, std::string_view key, const char* value) {
    if (key.size() > key_room_) [[unlikely]] {
      return find_or_add_long(hash, key, value);
    }
    const std::uint32_t meta = meta_of(hash, key.size() + 1);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      Slot& slot = slots_[at];
      const std::uint32_t found = meta_at(slot);
      if (found == meta && head.equals(slot.bytes) && tail_equals(slot, key)) return value_at(slot);
      if (found == 0) {
        head.store(slot.bytes);
        if (key.size() > 16) std::memcpy(slot.bytes + 16, key.data() + 16, key.size() - 16);
        fill(slot, meta, value);
        return nullptr;
      }
    }
  }

  // Calls use(slot, key) for every row. Slot and key live until the table changes.
  template <typename Use>
  void for_each(Use&& use) const {
    for (const Slot& slot : slots_) {
      if (meta_at(slot) != 0) use(slot.bytes, key_of(slot));
    }
  }
  std::uint64_t hash_at(const char* slot) const noexcept {
    const std::string_view key = key_at(slot);
    return key.size() > ShortKey::kBytes ? hash_bytes(key) : hash_short_key({slot, key.size()}, key.size());
  }
  std::string_view key_at(const char* slot) const noexcept {
    return key_of(*reinterpret_cast<const Slot*>(slot));
  }
  const char* value_at(const char* slot) const noexcept { return slot + key_room_ + 4; }
  // Empty again, with that many slots.
  void reset(std::size_t slots) {
    slots_ = HugeVector<Slot>(slots);
    rows_ = 0;
    long_keys_.clear();
    long_bytes_ = 0;
  }

 private:
  static constexpr std::uint32_t kLongKey = 255;

  struct alignas(32) Slot {
    char bytes[kSlotBytes] = {};
  };
  static_assert(sizeof(Slot) == kSlotBytes);
  // What the slot of a long key holds in place of it.
  struct LongKey {
    const char* at;
    std::uint32_t size;
    std::uint32_t hash;  // high half
  };
  static_assert(sizeof(LongKey) == 16);

  static std::uint32_t meta_of(std::uint64_t hash, std::size_t kind) noexcept {
    return static_cast<std::uint32_t>(hash >> 24 << 8) | static_cast<std::uint32_t>(kind);
  }
  std::uint32_t meta_at(const Slot& slot) const noexcept {
    std::uint32_t meta = 0;
    std::memcpy(&meta, slot.bytes + key_room_, 4);
    return meta;
  }
  char* value_at(Slot& slot) const noexcept { return slot.bytes + key_room_ + 4; }
  const char* value_at(const Slot& slot) const noexcept { return slot.bytes + key_room_ + 4; }
  static bool tail_equals(const Slot& slot, std::string_view key) noexcept {
    return key.size() <= 16 || std::memcmp(slot.bytes + 16, key.data() + 16, key.size() - 16) == 0;
  }
  static LongKey long_key_of(const Slot& slot) noexcept {
    LongKey key;
    std::memcpy(&key, slot.bytes, sizeof key);
    return key;
  }
  std::string_view key_of(const Slot& slot) const noexcept {
    const std::uint32_t kind = meta_at(slot) & 255;
    if (kind != kLongKey) return {slot.bytes, kind - 1};
    const LongKey key = long_key_of(slot);
    return {key.at, key.size};
  }
  void fill(Slot& slot, std::uint32_t meta, const char* value) noexcept {
    std::memcpy(slot.bytes + key_room_, &meta, 4);
    std::memcpy(value_at(slot), value, value_size_);
    ++rows_;
  }

  char* find_or_add_long(std::uint64_t hash, std::string_view key, const char* value);
  void grow();

  ChunkPool* pool_;
  std::size_t value_size_;
  std::size_t key_room_;
  HugeVector<Slot> slots_;  // a power of two
  std::size_t rows_ = 0;
  std::vector<Chunk> long_keys_;
  std::uint64_t long_bytes_ = 0;
};

}  // namespace thresh
