// When rows leave memory.
#pragma once

#include <cstdint>

#include "core/chunk_pool.hpp"
#include "core/slice.hpp"
#include "core/slice_store.hpp"

namespace thresh {

// Borrows pool and store.
class Overflow {
 public:
  // Nothing ever leaves.
  Overflow() = default;
  Overflow(ChunkPool& pool, SliceStore& store, const RowFormat& format, std::uint64_t limit_bytes)
      : pool_(&pool), store_(&store), format_(format), limit_bytes_(limit_bytes) {}

  bool due() const noexcept { return store_ != nullptr && pool_->bytes_in_use() > limit_bytes_; }
  // Once the pool has more in use than the limit: writes the slice to the store.
  void relieve(Slice& slice) const {
    if (due()) slice.spill(*store_, *pool_, format_);
  }
  // The same for a slice that still grows, in large pieces.
  void relieve_growing(Slice& slice) const {
    if (due() && slice.chunks().size() >= kPiece) slice.spill(*store_, *pool_, format_);
  }

 private:
  static constexpr std::size_t kPiece = 16;  // chunks: a write of 1 MiB

  ChunkPool* pool_ = nullptr;
  SliceStore* store_ = nullptr;
  RowFormat format_{0};
  std::uint64_t limit_bytes_ = 0;
};

}  // namespace thresh
