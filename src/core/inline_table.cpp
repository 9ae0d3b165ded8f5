#include "core/inline_table.hpp"

#include <array>
#include <vector>

namespace thresh {

char* InlineTable::find_or_add_long(std::uint64_t hash, std::string_view key, const char* value) {
  const std::uint32_t meta = SlotLayout::meta_of(hash, SlotLayout::kLongKey);
  const auto high = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & mask_;; at = (at + layout_.bytes()) & mask_) {
    char* const slot = slots_.data() + at;
    const std::uint32_t found = layout_.meta(slot);
    if (found == meta) {
      const LongKey there = long_key_of(slot);
      if (there.hash == high && std::string_view(there.at, there.size) == key) return layout_.value(slot);
    }
    if (found == 0) {
      if (long_keys_.empty() || long_keys_.back().room() < key.size()) {
        long_keys_.push_back(pool_->take(key.size()));
        long_bytes_ += long_keys_.back().capacity();
      }
      char* copy = long_keys_.back().extend(key.size());
      std::memcpy(copy, key.data(), key.size());
      const LongKey own{copy, static_cast<std::uint32_t>(key.size()), high};
      std::memcpy(slot, &own, sizeof own);
      layout_.set_meta(slot, meta);
      std::memcpy(layout_.value(slot), value, value_size_);
      ++rows_;
      return nullptr;
    }
  }
}

// In place: a slot goes on where it is, or as far behind the end of what there was.
void InlineTable::grow() {
  const std::size_t before = slot_bytes_;
  const std::size_t size = layout_.bytes();
  // Where a look-up that went past the end goes on: these are put aside, as others may come here now.
  std::size_t at = 0;
  while (layout_.meta(slots_.data() + at) != 0) at += size;
  std::vector<char> first(slots_.data(), slots_.data() + at);
  slots_.grow(2 * before);  // from here on nothing throws
  slot_bytes_ = 2 * before;
  mask_ = SlotLayout::mask(slot_bytes_, size);
  char* const data = slots_.data();
  const auto put = [&](const char* from) {
    std::size_t to = hash_at(from) & mask_;
    while (layout_.meta(data + to) != 0) to = (to + size) & mask_;
    std::memcpy(data + to, from, size);
  };
  for (std::size_t of_first = 0; of_first < at; of_first += size) layout_.set_meta(data + of_first, 0);
  // Each finds a place no later than its own: it does not go past one that may still go away.
  std::array<char, SlotLayout::kMostBytes> slot;
  for (; at < before; at += size) {
    if (layout_.meta(data + at) == 0) continue;
    std::memcpy(slot.data(), data + at, size);
    layout_.set_meta(data + at, 0);
    put(slot.data());
  }
  for (at = 0; at < first.size(); at += size) put(first.data() + at);
}

}  // namespace thresh
