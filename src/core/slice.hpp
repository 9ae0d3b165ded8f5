// One partition of one run: rows in chunks. A row never straddles two chunks.
//
// A slice has two homes: its first chunks may be in a store, the others are in memory. Which ones says
// nothing about its rows.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/row.hpp"
#include "core/stored_chunks.hpp"
#include "core/task.hpp"

namespace thresh {

class Slice {
 public:
  // On the wire: a header (see slice_stream.hpp), then each chunk's size and bytes.
  static constexpr std::uint64_t kWireHeaderBytes = 24;
  static constexpr std::uint64_t kWireChunkBytes = 4;

  // Appends a copy of the row. Returns where it lies.
  char* append(ChunkPool& pool, const RowFormat& format, std::string_view key, std::string_view value);
  // Appends a row as it lies elsewhere. REQUIRES: 16 bytes from its last begun 16 on can be read.
  void append_row(ChunkPool& pool, std::string_view row) {
    if (chunks_.empty() || chunks_.back().room() < row.size()) [[unlikely]] {
      chunks_.push_back(pool.take(row.size()));
    }
    Chunk& chunk = chunks_.back();
    const std::size_t room = chunk.room();
    copy_pieces(chunk.extend(row.size()), row, room);
  }
  // Appends the bytes of whole rows, as they arrive from another rank.
  Chunk& append_chunk(Chunk chunk);

  // Rows, bytes and sums are computed by measure(), not kept while rows are appended.
  const std::vector<Chunk>& chunks() const noexcept { return chunks_; }  // those in memory
  const StoredChunks& stored() const noexcept { return stored_; }        // those before them
  bool empty() const noexcept { return chunks_.empty() && stored_.size() == 0; }
  // Reads every row. Throws Error{Internal} when the bytes are not whole rows.
  SliceSize measure(const RowFormat& format) const;

  // Writes all chunks, or all but the last, to the store, and gives their memory back. When that throws, the
  // slice is as before. REQUIRES: always the same store, which outlives the slice.
  void spill(SliceStore& store) { spill_first(store, chunks_.size()); }
  void spill_full_chunks(SliceStore& store) {
    if (!chunks_.empty()) spill_first(store, chunks_.size() - 1);
  }

  // Its chunks as a sequence, wherever they are.
  std::size_t chunk_count() const noexcept { return stored_.size() + chunks_.size(); }
  std::size_t chunk_size(std::size_t chunk) const;
  void copy(std::size_t chunk, std::size_t at, char* to, std::size_t size) const;

 private:
  // In pieces of 16 bytes, where there is room for the last one: rows are short.
  static void copy_pieces(char* to, std::string_view from, std::size_t room) noexcept {
    if (from.size() + 16 > room || from.size() > 64) {
      std::memcpy(to, from.data(), from.size());
      return;
    }
    for (std::size_t at = 0; at < from.size(); at += 16) std::memcpy(to + at, from.data() + at, 16);
  }

  void spill_first(SliceStore& store, std::size_t count);

  StoredChunks stored_;
  std::vector<Chunk> chunks_;
};

// Goes over the rows of a slice in their order. Borrows the slice. The rows were measured, or come from
// this process: sizes are trusted, but those of rows that come back from a store are checked.
class SliceCursor {
 public:
  // What is in a store is read through a buffer of so many bytes, more if a row needs it.
  static constexpr std::size_t kStreamBytes = ChunkPool::kChunkBytes;

  SliceCursor(const Slice& slice, const RowFormat& format, std::size_t stream_bytes = kStreamBytes)
      : slice_(&slice), format_(&format), stream_bytes_(stream_bytes) {}

  // False at the end. A row in memory lives as long as the slice; one that was in a store until the next
  // call. Throws Error when the store fails, or gives back what are no rows.
  bool next(Row& row) {
    if (at_ == end_ && !advance()) return false;
    begin_ = at_;
    row = format_->read(begin_);
    at_ += format_->row_size(row.key.size(), row.value.size());
    return true;
  }
  // Where the latest row begins. REQUIRES: next() returned true.
  const char* begin() const noexcept { return begin_; }
  // The bytes of the latest row.
  std::string_view bytes() const noexcept { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  bool advance();
  void stream();

  const Slice* slice_;
  const RowFormat* format_;
  std::size_t chunk_ = 0;  // the next one
  const char* at_ = nullptr;
  const char* end_ = nullptr;  // of the rows at hand
  const char* begin_ = nullptr;
  // For what is in a store.
  std::size_t stream_bytes_;
  std::size_t streamed_ = 0;  // bytes of the next chunk that are done
  std::vector<char> buffer_;
};

// A sealed run. With a combiner each key is there once; the rows of a slice are ordered by (key, value).
struct Run {
  RunSummary summary;
  std::vector<Slice> slices;  // by partition
};

}  // namespace thresh
