#include "core/inline_table.hpp"

namespace thresh {

template <std::size_t kSlotBytes>
char* InlineTable<kSlotBytes>::find_or_add_long(std::uint64_t hash, std::string_view key, const char* value) {
  const std::uint32_t meta = meta_of(hash, kLongKey);
  const auto high = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    const std::uint32_t found = meta_at(slot);
    if (found == meta) {
      const LongKey there = long_key_of(slot);
      if (there.hash == high && std::string_view(there.at, there.size) == key) return value_at(slot);
    }
    if (found == 0) {
      if (long_keys_.empty() || long_keys_.back().room() < key.size()) {
        long_keys_.push_back(pool_->take(key.size()));
        long_bytes_ += long_keys_.back().capacity();
      }
      char* copy = long_keys_.back().extend(key.size());
      std::memcpy(copy, key.data(), key.size());
      const LongKey own{copy, static_cast<std::uint32_t>(key.size()), high};
      std::memcpy(slot.bytes, &own, sizeof own);
      fill(slot, meta, value);
      return nullptr;
    }
  }
}

template <std::size_t kSlotBytes>
void InlineTable<kSlotBytes>::grow() {
  HugeVector<Slot> larger(slots_.size() * 2);
  const std::size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (meta_at(slot) == 0) continue;
    std::size_t at = hash_at(slot.bytes) & mask;
    while (meta_at(larger[at]) != 0) at = (at + 1) & mask;
    larger[at] = slot;
  }
  slots_.swap(larger);
}

template class InlineTable<32>;
template class InlineTable<64>;

}  // namespace thresh
