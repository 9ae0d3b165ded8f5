// How slices travel: a stream of bytes a pair of ranks, cut into rounds wherever a round ends.
//
// A slice is a header of SliceSize::kHeaderBytes (run id, partition and whether it is staged, bytes of the
// rest, a checksum), if it is staged its ranges, then the rows. How they lie in chunks is up to each side.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/overflow.hpp"
#include "core/slice.hpp"

namespace thresh {

// Slices that were received, by (partition, run).
using SliceKey = std::pair<PartitionId, RunId>;

using ReceivedSlices = std::map<SliceKey, Slice>;

// A stream as it lies in the memory of its sender: pieces of its runs, and of its own heads of slices.
struct StreamPieces {
  std::vector<std::unique_ptr<char[]>> heads;
  std::vector<std::string_view> pieces;
};

// What one rank sends to one other in a wave. Borrows runs that must not change while it lives.
class SliceSender {
 public:
  void add(const Run& run, PartitionId partition) { queue_.push_back({&run, partition}); }
  std::uint64_t bytes_left() const noexcept;
  // Copies the next bytes of the stream; returns how many: less than `size` only at its end.
  std::size_t fill(char* to, std::size_t size);

  bool in_memory() const noexcept;  // all of it
  // The whole stream. REQUIRES: in_memory(). It lives as long as the slices do not change.
  StreamPieces pieces() const;

 private:
  struct Item {
    const Run* run;
    PartitionId partition;
  };
  static constexpr std::size_t kMostHeadBytes = SliceSize::kHeaderBytes + sizeof(StagedRanges);

  static std::size_t write_head(const Item& item, char* to);
  bool next_piece();  // what is to be copied next; false at the end
  std::size_t copy_some(char* to, std::size_t size);

  std::vector<Item> queue_;
  std::size_t item_ = 0;
  std::size_t chunk_ = 0;
  bool began_ = false;  // the header of the item was sent
  char header_[kMostHeadBytes] = {};
  // The piece at hand: of header_, or of a chunk.
  const Slice* slice_ = nullptr;  // null: of header_
  std::size_t piece_at_ = 0;
  std::size_t piece_left_ = 0;
  std::uint64_t sent_ = 0;
};

// Where the bytes of a stream come from, in their order.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t left() const noexcept = 0;
  // Where rows come next: so many bytes are rows of this program, with nothing lost on the way. 0: nobody
  // knows.
  virtual std::size_t whole_rows() const noexcept = 0;
  // Copies the next bytes. REQUIRES: size <= left().
  virtual void read(char* to, std::size_t size) = 0;
};

// Rebuilds the slices of one stream. Borrows the pool.
class SliceReceiver {
 public:
  // What is more than memory has room for leaves it by `overflow`, as it comes. `loose`: what all slices are
  // that are not staged. `format`: of the job.
  SliceReceiver(ChunkPool& pool, const RowFormat& format, std::uint32_t partitions, bool loose,
                Overflow overflow = {})
      : pool_(&pool), format_(format), partitions_(partitions), loose_(loose), overflow_(overflow) {}

  // Takes the next bytes of the stream. Throws Error{Internal} when they cannot be a stream.
  void take(std::string_view bytes, ReceivedSlices& into);
  // Takes about `most` of them, or all; none of the rows of a partition behind `last`. Throws what the source
  // throws, too.
  void take(ByteSource& bytes, std::uint64_t most, ReceivedSlices& into, PartitionId last = UINT32_MAX);
  // Whether the stream ended with a whole slice.
  bool at_boundary() const noexcept { return slice_ == nullptr && have_ == 0; }
  // Of the slice that is coming, or came last; 0 before the first.
  PartitionId partition() const noexcept { return partition_; }

 private:
  bool gather(ByteSource& bytes, char* to, std::size_t size);
  void begin_slice(ReceivedSlices& into);
  void begin_rows();
  bool chunk_is_full() const noexcept { return chunk_.room() <= slack_; }
  void take_rows(ByteSource& bytes);
  void take_whole_rows(ByteSource& bytes, std::size_t size);
  void cut_chunk();
  void keep_chunk();
  void end_slice();
  std::size_t room_for_rest(std::string_view rest, bool chunk_is_new) const;

  ChunkPool* pool_;
  RowFormat format_;
  std::uint32_t partitions_;
  bool loose_;
  Overflow overflow_;
  char header_[SliceSize::kHeaderBytes] = {};
  std::size_t have_ = 0;                  // bytes of header_ or ranges_
  std::unique_ptr<StagedRanges> ranges_;  // that are coming
  Slice* slice_ = nullptr;                // that is coming
  PartitionId partition_ = 0;             // of it, or the one before
  RowFormat slice_format_{0};
  std::size_t slack_ = 0;        // behind its rows
  std::uint64_t rows_left_ = 0;  // bytes of its rows
  Chunk chunk_;                  // its last one, which may end within a row
};

}  // namespace thresh
