// Memory for rows: chunks of 64 or 16 KiB from huge-page blocks, recycled and never handed back while the
// rank lives. First touch of memory costs 0.05 s a GiB with 2 MiB pages and 0.5 s with 4 KiB ones (virtual
// machine, one thread), so what was touched once is used again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace thresh {

class ChunkPool;

// A piece of memory owned by its holder; goes back to its pool when destroyed. The pool outlives it.
class Chunk {
 public:
  Chunk() = default;
  Chunk(Chunk&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        used_(std::exchange(other.used_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Chunk& operator=(Chunk&& other) noexcept {
    if (this != &other) {
      release();
      pool_ = std::exchange(other.pool_, nullptr);
      data_ = std::exchange(other.data_, nullptr);
      used_ = std::exchange(other.used_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  ~Chunk() { release(); }

  char* data() noexcept { return data_; }
  const char* data() const noexcept { return data_; }
  std::size_t used() const noexcept { return used_; }
  std::size_t room() const noexcept { return capacity_ - used_; }
  std::size_t capacity() const noexcept { return capacity_; }
  // Gives up all but the first bytes. REQUIRES: bytes <= used().
  void truncate(std::size_t bytes) noexcept { used_ = bytes; }
  // As if nothing had been written.
  void clear() noexcept { used_ = 0; }
  // REQUIRES: bytes <= room(). The bytes are not initialised.
  char* extend(std::size_t bytes) noexcept {
    char* at = data_ + used_;
    used_ += bytes;
    return at;
  }

 private:
  friend class ChunkPool;
  Chunk(ChunkPool* pool, char* data, std::size_t capacity) : pool_(pool), data_(data), capacity_(capacity) {}
  void release() noexcept;

  ChunkPool* pool_ = nullptr;
  char* data_ = nullptr;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
};

// Not thread-safe: a pool belongs to a rank's main thread.
class ChunkPool {
 public:
  static constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
  static constexpr std::size_t kSmallBytes = std::size_t{16} << 10;

  ChunkPool() = default;
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;
  ~ChunkPool();

  // An empty chunk of kChunkBytes, or of `at_least` when that is more. Throws std::bad_alloc.
  Chunk take(std::size_t at_least = kChunkBytes);
  // The same of kSmallBytes, for a thousand buckets that are filled in turn: all that they write to stays in
  // the third-level cache, where it was when it was zeroed. Staging 19 million distinct words: CPU of a
  // worker, s: 1.67 with kChunkBytes, 1.54 so.
  Chunk take_small(std::size_t at_least);

  std::uint64_t bytes_in_use() const noexcept { return bytes_in_use_; }

 private:
  friend class Chunk;
  void give_back(char* data, std::size_t capacity) noexcept;
  void add_block();
  void join_small();

  std::vector<void*> blocks_;
  std::vector<char*> free_;
  std::vector<char*> small_free_;  // quarters of a chunk
  std::uint64_t bytes_in_use_ = 0;
};

}  // namespace thresh
