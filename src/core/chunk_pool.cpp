#include "core/chunk_pool.hpp"

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

Chunk ChunkPool::take(std::size_t at_least) {
  if (at_least > kChunkBytes) {
    auto* own = static_cast<char*>(std::malloc(at_least));
    if (own == nullptr) throw std::bad_alloc();
    bytes_in_use_ += at_least;
    return Chunk(this, own, at_least);
  }
  if (free_.empty()) {
    void* block = allocate_huge(kBlockBytes);
    blocks_.push_back(block);
    // give_back must not allocate, so there is room for every chunk that exists.
    free_.reserve(blocks_.size() * (kBlockBytes / kChunkBytes));
    for (std::size_t at = kBlockBytes; at > 0; at -= kChunkBytes) {
      free_.push_back(static_cast<char*>(block) + at - kChunkBytes);
    }
  }
  char* data = free_.back();
  free_.pop_back();
  bytes_in_use_ += kChunkBytes;
  return Chunk(this, data, kChunkBytes);
}

void ChunkPool::give_back(char* data, std::size_t capacity) noexcept {
  bytes_in_use_ -= capacity;
  if (capacity > kChunkBytes) {
    std::free(data);
  } else {
    free_.push_back(data);
  }
}

}  // namespace thresh
