#include "core/staged_rows.hpp"

namespace thresh {

// Tells the last chunk how much of it was written.
void StagedRows::settle(Bucket& bucket) noexcept {
  if (bucket.chunks.empty()) return;
  Chunk& last = bucket.chunks.back();
  last.extend(static_cast<std::size_t>(bucket.at - last.data()) - last.used());
}

void StagedRows::make_room(Bucket& into, std::size_t size) {
  settle(into);
  into.chunks.push_back(pool_->take(size + kSlack));
  Chunk& chunk = into.chunks.back();
  bytes_ += chunk.capacity();
  into.at = chunk.data();
  into.end = chunk.data() + chunk.capacity();
}

void StagedRows::add_long(Bucket& into, std::string_view key, const char* value) {
  const std::size_t size = 1 + 4 + value_size_ + key.size();
  if (static_cast<std::size_t>(into.end - into.at) < size + kSlack) make_room(into, size);
  *into.at = static_cast<char>(kLongKey);
  store_little(into.at + 1, static_cast<std::uint32_t>(key.size()));
  std::memcpy(into.at + 5, value, value_size_);
  std::memcpy(into.at + 5 + value_size_, key.data(), key.size());
  into.at += size;
  ++into.rows;
}

std::uint64_t StagedRows::key_bytes(std::size_t bucket) const noexcept {
  const Bucket& from = buckets_[bucket];
  std::uint64_t bytes = 0;
  for (const Chunk& chunk : from.chunks) {
    const bool last = &chunk == &from.chunks.back();
    bytes += last ? static_cast<std::uint64_t>(from.at - chunk.data()) : chunk.used();
  }
  return bytes;
}

void StagedRows::drop(std::size_t bucket) noexcept {
  Bucket& from = buckets_[bucket];
  for (const Chunk& chunk : from.chunks) bytes_ -= chunk.capacity();
  from = Bucket();
}

}  // namespace thresh
