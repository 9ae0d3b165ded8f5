// Chunks of a slice that were written to a store.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/slice_store.hpp"

namespace thresh {

// Gives its room in the store back when it is destroyed; the store outlives it.
class StoredChunks {
 public:
  struct Extent {
    std::uint64_t offset = 0;
    std::uint32_t size = 0;  // a chunk that travels is smaller than 4 GiB
  };

  StoredChunks() = default;
  StoredChunks(StoredChunks&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)), extents_(std::exchange(other.extents_, {})) {}
  StoredChunks& operator=(StoredChunks&& other) noexcept;
  ~StoredChunks() { release(); }

  // Writes the chunks behind those that are there. When that throws, nothing was added.
  // REQUIRES: always the same store.
  void append(SliceStore& store, std::span<const Chunk> chunks);

  std::size_t size() const noexcept { return extents_.size(); }
  std::size_t chunk_size(std::size_t chunk) const { return extents_[chunk].size; }
  // Copies `size` bytes of a chunk from its byte `at` on.
  void read(std::size_t chunk, std::size_t at, char* to, std::size_t size) const {
    store_->read(extents_[chunk].offset + at, to, size);
  }

 private:
  void release() noexcept;

  SliceStore* store_ = nullptr;
  std::vector<Extent> extents_;
};

}  // namespace thresh
