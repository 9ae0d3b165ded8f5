#include "core/inline_table.hpp"

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

void InlineTable::grow() {
  HugeVector<char> larger(slots_.size() * 2);
  const std::uint64_t mask = SlotLayout::mask(larger.size(), layout_.bytes());
  for_each([&](const char* slot, std::string_view) {
    std::size_t at = hash_at(slot) & mask;
    while (layout_.meta(larger.data() + at) != 0) at = (at + layout_.bytes()) & mask;
    std::memcpy(larger.data() + at, slot, layout_.bytes());
  });
  slots_.swap(larger);
  mask_ = mask;
}

}  // namespace thresh
