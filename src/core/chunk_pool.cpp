#include "core/chunk_pool.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "core/huge_pages.hpp"

namespace thresh {
namespace {

constexpr std::size_t kBlockBytes = kHugePageBytes;

}  // namespace

void Chunk::release() noexcept {
  if (pool_ != nullptr) pool_->give_back(data_, capacity_);
  pool_ = nullptr;
}

ChunkPool::~ChunkPool() {
  for (void* block : blocks_) free_huge(block);
}

void ChunkPool::add_block() {
  void* block = allocate_huge(kBlockBytes);
  blocks_.push_back(block);
  // give_back must not allocate, so there is room for every chunk that exists.
  free_.reserve(blocks_.size() * (kBlockBytes / kChunkBytes));
  small_free_.reserve(blocks_.size() * (kBlockBytes / kSmallBytes));
  for (std::size_t at = kBlockBytes; at > 0; at -= kChunkBytes) {
    free_.push_back(static_cast<char*>(block) + at - kChunkBytes);
  }
}

// What was cut is whole again where all of it is free.
void ChunkPool::join_small() {
  constexpr std::size_t kParts = kChunkBytes / kSmallBytes;
  std::sort(small_free_.begin(), small_free_.end());
  auto kept = small_free_.begin();
  for (auto at = small_free_.begin(); at != small_free_.end();) {
    const bool whole = reinterpret_cast<std::uintptr_t>(*at) % kChunkBytes == 0 &&
                       small_free_.end() - at >= std::ptrdiff_t{kParts} &&
                       at[kParts - 1] == *at + (kParts - 1) * kSmallBytes;
    if (whole) {
      free_.push_back(*at);
      at += kParts;
    } else {
      *kept++ = *at++;
    }
  }
  small_free_.erase(kept, small_free_.end());
}

Chunk ChunkPool::take(std::size_t at_least) {
  if (at_least > kChunkBytes) {
    auto* own = static_cast<char*>(std::malloc(at_least));
    if (own == nullptr) throw std::bad_alloc();
    bytes_in_use_ += at_least;
    return Chunk(this, own, at_least);
  }
  if (free_.empty()) join_small();
  if (free_.empty()) add_block();
  char* data = free_.back();
  free_.pop_back();
  bytes_in_use_ += kChunkBytes;
  return Chunk(this, data, kChunkBytes);
}

Chunk ChunkPool::take_small(std::size_t at_least) {
  if (at_least > kSmallBytes) return take(at_least);
  if (small_free_.empty()) {
    if (free_.empty()) add_block();
    for (std::size_t at = kChunkBytes; at > 0; at -= kSmallBytes) {
      small_free_.push_back(free_.back() + at - kSmallBytes);
    }
    free_.pop_back();
  }
  char* data = small_free_.back();
  small_free_.pop_back();
  bytes_in_use_ += kSmallBytes;
  return Chunk(this, data, kSmallBytes);
}

void ChunkPool::give_back(char* data, std::size_t capacity) noexcept {
  bytes_in_use_ -= capacity;
  if (capacity > kChunkBytes) {
    std::free(data);
  } else {
    (capacity == kSmallBytes ? small_free_ : free_).push_back(data);
  }
}

}  // namespace thresh
