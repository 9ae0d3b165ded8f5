// A direct-mapped cache of rows that are combined while they stay: what recurs soon need not be staged twice.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/huge_pages.hpp"
#include "thresh/short_key.hpp"

namespace thresh {

template <std::size_t kSlotBytes>
class CombiningCache {
 public:
  // Keys above most_key_bytes() must not come here.
  explicit CombiningCache(std::size_t value_size)
      : value_size_(value_size), key_room_(kSlotBytes - 4 - value_size) {}

  std::size_t most_key_bytes() const noexcept { return key_room_; }
  void open() {
    slots_.resize(kSlots);
    hashes_.resize(kSlots);
  }
  // Whether the cache has not shown that it is worth its cost: asked each kTrial look-ups.
  bool useless() noexcept {
    if (lookups_ < kTrial) return false;
    const bool few = hits_ * 20 < lookups_;
    lookups_ = hits_ = 0;
    return few;
  }

  // Where the value of the key is; null if the key is new. Then the row that was in its place, if any, went
  // to evict(hash, key, value) and the new one, with a copy of `value`, is there.
  // `head` is the begin of the key. REQUIRES: open().
  template <typename Evict>
  char* find_or_replace(std::uint64_t hash, const ShortKey& head, std::string_view key, const char* value,
                        Evict&& evict) {
    const std::size_t at = hash & (kSlots - 1);
    Slot& slot = slots_[at];
    const std::uint32_t kind = kind_of(slot);
    ++lookups_;
    if (hashes_[at] == hash && kind == key.size() + 1 && head.equals(slot.bytes) &&
        (key.size() <= 16 || std::memcmp(slot.bytes + 16, key.data() + 16, key.size() - 16) == 0)) {
      ++hits_;
      return slot.bytes + key_room_ + 4;
    }
    if (kind != 0) evict(hashes_[at], std::string_view(slot.bytes, kind - 1), slot.bytes + key_room_ + 4);
    head.store(slot.bytes);
    if (key.size() > 16) std::memcpy(slot.bytes + 16, key.data() + 16, key.size() - 16);
    const auto size = static_cast<std::uint32_t>(key.size() + 1);
    std::memcpy(slot.bytes + key_room_, &size, 4);
    std::memcpy(slot.bytes + key_room_ + 4, value, value_size_);
    hashes_[at] = hash;
    return nullptr;
  }

  // Evicts everything.
  template <typename Evict>
  void clear(Evict&& evict) {
    for (std::size_t at = 0; at < slots_.size(); ++at) {
      Slot& slot = slots_[at];
      const std::uint32_t kind = kind_of(slot);
      if (kind != 0) evict(hashes_[at], std::string_view(slot.bytes, kind - 1), slot.bytes + key_room_ + 4);
      slot = Slot();
    }
  }

 private:
  static constexpr std::size_t kSlots = (std::size_t{512} << 10) / kSlotBytes;
  static constexpr std::uint64_t kTrial = 1 << 20;

  struct alignas(32) Slot {
    char bytes[kSlotBytes] = {};
  };
  std::uint32_t kind_of(const Slot& slot) const noexcept {
    std::uint32_t kind = 0;
    std::memcpy(&kind, slot.bytes + key_room_, 4);
    return kind;
  }

  std::size_t value_size_;
  std::size_t key_room_;
  HugeVector<Slot> slots_;
  std::vector<std::uint64_t> hashes_;
  std::uint64_t lookups_ = 0;
  std::uint64_t hits_ = 0;
};

}  // namespace thresh
