// The slots of an open-addressing table with keys and values in them: one cache line a look-up. They are here
// and not with the table, so that the loop over a batch of emits has a job's own code inlined.
//
// A slot is `key, u32 meta, value`, the key padded with zeros. The low byte of meta is 0 in an empty slot,
// the size of the key and 1 if the key fits, and kLongKey if the slot refers to a key elsewhere; the other
// bits come from the hash, so that a slot of another key is seldom compared. Slots of 32 bytes beat those of
// 64 in a count written by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "thresh/emit_batch.hpp"
#include "thresh/short_key.hpp"

namespace thresh {

// The size of a slot for values of this size; 0: they are not for slots.
constexpr std::size_t slot_bytes(std::size_t value_size) noexcept {
  constexpr std::size_t kMeta = 4;
  const std::size_t needed = ShortKey::kBytes + kMeta + value_size;
  return value_size == 0 || needed > 64 ? 0 : needed > 32 ? 64 : 32;
}

// Where things are in a slot.
class SlotLayout {
 public:
  static constexpr std::uint32_t kLongKey = 255;
  static constexpr std::size_t kMostBytes = 64;

  // REQUIRES: slot_bytes(value_size) > 0.
  explicit constexpr SlotLayout(std::size_t value_size) noexcept
      : bytes_(slot_bytes(value_size)), key_room_(bytes_ - 4 - value_size) {}

  constexpr std::size_t bytes() const noexcept { return bytes_; }
  constexpr std::size_t key_room() const noexcept { return key_room_; }  // at least 16
  char* value(char* slot) const noexcept { return slot + key_room_ + 4; }
  const char* value(const char* slot) const noexcept { return slot + key_room_ + 4; }
  std::uint32_t meta(const char* slot) const noexcept {
    std::uint32_t meta = 0;
    std::memcpy(&meta, slot + key_room_, 4);
    return meta;
  }
  void set_meta(char* slot, std::uint32_t meta) const noexcept { std::memcpy(slot + key_room_, &meta, 4); }
  // hash & mask: where in a table of so many bytes, a power of two, the slot of a key is looked for first.
  static constexpr std::uint64_t mask(std::size_t table_bytes, std::size_t slot) noexcept {
    return (table_bytes - 1) & ~(std::uint64_t{slot} - 1);
  }
  // `kind`: the low byte.
  static constexpr std::uint32_t meta_of(std::uint64_t hash, std::size_t kind) noexcept {
    return static_cast<std::uint32_t>(hash >> 24 << 8) | static_cast<std::uint32_t>(kind);
  }

 private:
  std::size_t bytes_;
  std::size_t key_room_;
};

// What a loop over emits works on; borrowed from a table that has room for all of them.
struct Slots {
  char* data;
  std::uint64_t mask;  // see SlotLayout::mask
  std::size_t rows;
};

// Adds the committed emits of a batch: a new key comes with its value, the value of one that is there becomes
// combine(into, from). Emits whose keys do not fit into a slot are left to the caller: their places in the
// batch are appended to `left`. Returns the sum of weigh_emit(hash, value) over all emits.
template <std::size_t kValueSize, class Combine, class WeighEmit>
std::uint64_t combine_into_slots(Slots& slots, const EmitBatch& batch, std::vector<std::uint32_t>& left,
                                 Combine&& combine, WeighEmit&& weigh_emit) {
  constexpr SlotLayout kLayout(kValueSize);
  char* const data = slots.data;
  const std::uint64_t mask = slots.mask;
  std::size_t rows = 0;
  std::uint64_t weight = 0;
  // `rest`: how many bytes of the key are behind the first 16.
  const auto put = [&](const EmitBatch::Emit& emit, const char* value, std::size_t rest) {
    const ShortKey head = ShortKey::padded(emit.key);
    const std::uint32_t meta = SlotLayout::meta_of(emit.hash, emit.key_size + 1);
    for (std::uint64_t at = emit.hash & mask;; at = (at + kLayout.bytes()) & mask) {
      char* const slot = data + at;
      const std::uint32_t found = kLayout.meta(slot);
      if (found == meta && head.equals(slot) &&
          (rest == 0 || std::memcmp(slot + ShortKey::kBytes, emit.key + ShortKey::kBytes, rest) == 0)) {
        combine(kLayout.value(slot), value);
        return;
      }
      if (found == 0) {
        head.store(slot);
        if (rest > 0) std::memcpy(slot + ShortKey::kBytes, emit.key + ShortKey::kBytes, rest);
        kLayout.set_meta(slot, meta);
        std::memcpy(kLayout.value(slot), value, kValueSize);
        ++rows;
        return;
      }
    }
  };
  const std::span<const EmitBatch::Emit> emits = batch.emits();
  const EmitBatch::Emit* const begin = emits.data();
  const EmitBatch::Emit* const end = begin + emits.size();
  for (const EmitBatch::Emit* emit = begin; emit != end; ++emit) {
    const std::size_t key_size = emit->key_size;
    if (key_size <= ShortKey::kBytes) [[likely]] {
      const char* const value = emit->key + ShortKey::kBytes;
      weight += weigh_emit(emit->hash, value);
      put(*emit, value, 0);
      continue;
    }
    const char* const value = emit->key + key_size;
    weight += weigh_emit(emit->hash, value);
    if (key_size <= kLayout.key_room()) {
      put(*emit, value, key_size - ShortKey::kBytes);
    } else {
      left.push_back(static_cast<std::uint32_t>(emit - begin));
    }
  }
  slots.rows += rows;
  return weight;
}

}  // namespace thresh
