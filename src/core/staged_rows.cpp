#include "core/staged_rows.hpp"

#include <new>

namespace thresh {

void StagedRows::make_room(std::size_t bucket, std::size_t size) {
  Head& head = heads_[bucket];
  std::vector<Chunk>& chunks = chunks_[bucket];
  if (!chunks.empty()) {  // tell the last one how much of it was written
    Chunk& last = chunks.back();
    last.extend(static_cast<std::size_t>(head.at - last.data()) - last.used());
  }
  chunks.push_back(pool_->take(size + kSlack));
  Chunk& chunk = chunks.back();
  if (chunk.capacity() > UINT32_MAX) throw std::bad_alloc();
  bytes_ += chunk.capacity();
  head.at = chunk.data();
  head.room = static_cast<std::uint32_t>(chunk.capacity());
}

void StagedRows::add_long(std::size_t bucket, std::string_view key, const char* value) {
  const std::size_t size = 1 + 4 + value_size_ + key.size();
  Head& into = heads_[bucket];
  if (into.room < size + kSlack) make_room(bucket, size);
  *into.at = static_cast<char>(kLongKey);
  store_little(into.at + 1, static_cast<std::uint32_t>(key.size()));
  std::memcpy(into.at + 5, value, value_size_);
  std::memcpy(into.at + 5 + value_size_, key.data(), key.size());
  into.at += size;
  into.room -= static_cast<std::uint32_t>(size);
  ++into.rows;
}

std::uint64_t StagedRows::key_bytes(std::size_t bucket) const noexcept {
  std::uint64_t bytes = 0;
  for (const Chunk& chunk : chunks_[bucket]) {
    const bool last = &chunk == &chunks_[bucket].back();
    bytes += last ? static_cast<std::uint64_t>(heads_[bucket].at - chunk.data()) : chunk.used();
  }
  return bytes;
}

void StagedRows::drop(std::size_t bucket) noexcept {
  for (const Chunk& chunk : chunks_[bucket]) bytes_ -= chunk.capacity();
  chunks_[bucket].clear();
  heads_[bucket] = {};
}

}  // namespace thresh
