#include "core/stored_chunks.hpp"

#include <cassert>
#include <string_view>

namespace thresh {

StoredChunks& StoredChunks::operator=(StoredChunks&& other) noexcept {
  if (this != &other) {
    release();
    store_ = std::exchange(other.store_, nullptr);
    extents_ = std::exchange(other.extents_, {});
  }
  return *this;
}

void StoredChunks::append(SliceStore& store, std::span<const Chunk> chunks) {
  assert(store_ == nullptr || store_ == &store);
  std::vector<std::string_view> pieces;
  pieces.reserve(chunks.size());
  for (const Chunk& chunk : chunks) pieces.emplace_back(chunk.data(), chunk.used());
  extents_.reserve(extents_.size() + pieces.size());
  std::uint64_t offset = store.append(pieces);
  store_ = &store;
  for (const std::string_view piece : pieces) {
    extents_.push_back({offset, static_cast<std::uint32_t>(piece.size())});
    offset += piece.size();
  }
}

// What lies together is given back together: a hole has whole blocks alone.
void StoredChunks::release() noexcept {
  for (std::size_t i = 0; i < extents_.size();) {
    const std::uint64_t begin = extents_[i].offset;
    std::uint64_t end = begin;
    for (; i < extents_.size() && extents_[i].offset == end; ++i) end += extents_[i].size;
    if (end == begin) break;  // empty chunks are not appended
    store_->release(begin, end - begin);
  }
  extents_.clear();
}

}  // namespace thresh
