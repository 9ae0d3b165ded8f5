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
  Overflow(const ChunkPool& pool, SliceStore& store, std::uint64_t limit_bytes)
      : pool_(&pool), store_(&store), limit_bytes_(limit_bytes) {}

  bool due() const noexcept { return store_ != nullptr && pool_->bytes_in_use() > limit_bytes_; }
  // Once the pool has more in use than the limit: writes the slice to the store.
  void relieve(Slice& slice) const {
    if (due()) slice.spill(*store_);
  }
  // The same for a slice that still grows row by row: its last chunk stays open, so that its rows lie in
  // chunks as if it had grown in memory. Sizes on the wire depend on that.
  void relieve_growing(Slice& slice) const {
    if (due() && slice.chunks().size() >= kPiece) slice.spill_full_chunks(*store_);
  }

 private:
  static constexpr std::size_t kPiece = 16;  // chunks: a write of 1 MiB

  const ChunkPool* pool_ = nullptr;
  SliceStore* store_ = nullptr;
  std::uint64_t limit_bytes_ = 0;
};

}  // namespace thresh
