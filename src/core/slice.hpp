// One partition of one run: rows in chunks. A row never straddles two chunks.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/row.hpp"
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
  const std::vector<Chunk>& chunks() const noexcept { return chunks_; }
  bool empty() const noexcept { return chunks_.empty(); }
  // Reads every row. Throws Error{Internal} when the bytes are not whole rows.
  SliceSize measure(const RowFormat& format) const;

 private:
  // In pieces of 16 bytes, where there is room for the last one: rows are short.
  static void copy_pieces(char* to, std::string_view from, std::size_t room) noexcept {
    if (from.size() + 16 > room || from.size() > 64) {
      std::memcpy(to, from.data(), from.size());
      return;
    }
    for (std::size_t at = 0; at < from.size(); at += 16) std::memcpy(to + at, from.data() + at, 16);
  }

  std::vector<Chunk> chunks_;
};

// Goes over the rows of a slice in their order. Borrows the slice. The rows were measured, or come from
// this process: sizes are trusted.
class SliceCursor {
 public:
  SliceCursor(const Slice& slice, const RowFormat& format) : slice_(&slice), format_(&format) {}

  // False at the end. The row lives as long as the slice.
  bool next(Row& row) noexcept {
    while (chunk_ < slice_->chunks().size()) {
      const Chunk& chunk = slice_->chunks()[chunk_];
      if (at_ < chunk.used()) {
        begin_ = chunk.data() + at_;
        row = format_->read(begin_);
        at_ += format_->row_size(row.key.size(), row.value.size());
        return true;
      }
      ++chunk_;
      at_ = 0;
    }
    return false;
  }
  // Where the latest row begins. REQUIRES: next() returned true.
  const char* begin() const noexcept { return begin_; }
  // The bytes of the latest row.
  std::string_view bytes() const noexcept {
    return {begin_, static_cast<std::size_t>(slice_->chunks()[chunk_].data() + at_ - begin_)};
  }

 private:
  const Slice* slice_;
  const RowFormat* format_;
  std::size_t chunk_ = 0;
  std::size_t at_ = 0;
  const char* begin_ = nullptr;
};

// A sealed run in memory. With a combiner each key is there once; the rows of a slice are ordered by
// (key, value).
struct Run {
  RunSummary summary;
  std::vector<Slice> slices;  // by partition
};

}  // namespace thresh
