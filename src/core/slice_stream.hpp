// How slices travel: a stream of bytes a pair of ranks, cut into rounds wherever a round ends.
//
// A slice is a header of Slice::kWireHeaderBytes (run id, partition, number of chunks), then
// each chunk as u32 size and its bytes. The reader allocates a chunk when its size is there.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "core/overflow.hpp"
#include "core/slice.hpp"

namespace thresh {

// Slices that were received, by (partition, run).
using SliceKey = std::pair<PartitionId, RunId>;

using ReceivedSlices = std::map<SliceKey, Slice>;

// What one rank sends to one other in a wave. Borrows runs that must not change while it lives.
class SliceSender {
 public:
  void add(const Run& run, PartitionId partition) { queue_.push_back({&run, partition}); }
  std::uint64_t bytes_left() const noexcept;
  // Copies the next bytes of the stream; returns how many: less than `size` only at its end.
  std::size_t fill(char* to, std::size_t size);

 private:
  struct Item {
    const Run* run;
    PartitionId partition;
  };
  bool next_piece();  // what is to be copied next; false at the end
  std::size_t copy_some(char* to, std::size_t size);

  std::vector<Item> queue_;
  std::size_t item_ = 0;
  std::size_t chunk_ = 0;
  enum class Stage { Header, ChunkSize, ChunkBytes } stage_ = Stage::Header;
  char header_[Slice::kWireHeaderBytes] = {};
  // The piece at hand: of header_, or of a chunk.
  const Slice* slice_ = nullptr;  // null: of header_
  std::size_t piece_at_ = 0;
  std::size_t piece_left_ = 0;
  std::uint64_t sent_ = 0;
};

// Rebuilds the slices of one stream. Borrows the pool.
class SliceReceiver {
 public:
  // What is more than memory has room for leaves it by `overflow`, as it comes.
  SliceReceiver(ChunkPool& pool, const RowFormat& format, std::uint32_t partitions, Overflow overflow = {})
      : pool_(&pool), format_(format), partitions_(partitions), overflow_(overflow) {}

  // Takes the next bytes of the stream. Throws Error{Internal} when they cannot be a stream.
  void take(std::string_view bytes, ReceivedSlices& into);
  // Whether the stream ended with a whole slice.
  bool at_boundary() const noexcept { return stage_ == Stage::Header && have_ == 0; }

 private:
  enum class Stage { Header, ChunkSize, ChunkBytes };
  bool gather(std::string_view& bytes, std::size_t wanted);
  void begin_slice(ReceivedSlices& into);
  void grow_chunk();
  void end_chunk();

  ChunkPool* pool_;
  RowFormat format_;
  std::uint32_t partitions_;
  Overflow overflow_;
  Stage stage_ = Stage::Header;
  char small_[Slice::kWireHeaderBytes] = {};
  std::size_t have_ = 0;  // bytes in small_
  Slice* slice_ = nullptr;
  std::uint32_t chunks_left_ = 0;
  Chunk chunk_;
  std::size_t chunk_bytes_left_ = 0;
};

}  // namespace thresh
