// One partition of one run: rows in chunks. A row never straddles two chunks.
//
// A slice has two homes: its first chunks may be in a store, the others are in memory.
//
// Its rows are in order, by (key, value); unless it is `loose`: rows without a combiner need not be sorted
// before they travel. Of a loose slice the rows in memory have no order. They are sorted when they leave it,
// so what is in the store is in order from one spill to the next.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/row.hpp"
#include "core/stored_chunks.hpp"
#include "core/task.hpp"
#include "thresh/job_type.hpp"

namespace thresh {

class Slice {
 public:
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

  void set_loose() noexcept { loose_ = true; }
  bool loose() const noexcept { return loose_; }

  // Rows, bytes and sums are computed by measure(), not kept while rows are appended.
  const std::vector<Chunk>& chunks() const noexcept { return chunks_; }  // those in memory
  const StoredChunks& stored() const noexcept { return stored_; }        // those before them
  bool empty() const noexcept { return chunks_.empty() && stored_.size() == 0; }
  // Reads every row; adds their weights to `*sum` if there is a weight. Throws Error{Internal} when the bytes
  // are not whole rows.
  SliceSize measure(const RowFormat& format, WeightOf weight = nullptr, std::uint64_t* sum = nullptr) const;

  // Writes what is in memory to the store, and gives its memory back. When that throws, no row is lost.
  // REQUIRES: always the same store, which outlives the slice.
  void spill(SliceStore& store, ChunkPool& pool, const RowFormat& format);
  // Where what is in order ends in the store: numbers of chunks. The last is stored().size().
  const std::vector<std::size_t>& sorted_to() const noexcept { return sorted_to_; }

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

  void sort_chunks(ChunkPool& pool, const RowFormat& format);

  bool loose_ = false;
  StoredChunks stored_;
  std::vector<std::size_t> sorted_to_;
  std::vector<Chunk> chunks_;
};

// Goes over the rows of a slice, or of some of its chunks, as they lie there. Borrows the slice. The rows
// were measured, or come from this process: sizes are trusted, but those of rows that come back from a store
// are checked.
class SliceCursor {
 public:
  // What is in a store is read through a buffer of so many bytes, more if a row needs it.
  static constexpr std::size_t kStreamBytes = ChunkPool::kChunkBytes;

  SliceCursor(const Slice& slice, const RowFormat& format, std::size_t stream_bytes = kStreamBytes)
      : SliceCursor(slice, format, stream_bytes, 0, slice.chunk_count()) {}
  // Of the chunks from `begin` to before `end`.
  SliceCursor(const Slice& slice, const RowFormat& format, std::size_t stream_bytes, std::size_t begin,
              std::size_t end)
      : slice_(&slice), format_(&format), chunk_(begin), last_chunk_(end), stream_bytes_(stream_bytes) {}

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
  std::size_t chunk_;  // the next one
  std::size_t last_chunk_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;  // of the rows at hand
  const char* begin_ = nullptr;
  // For what is in a store.
  std::size_t stream_bytes_;
  std::size_t streamed_ = 0;  // bytes of the next chunk that are done
  std::vector<char> buffer_;
};

// A sealed run. With a combiner each key is there once.
struct Run {
  RunSummary summary;
  std::vector<Slice> slices;  // by partition
};

}  // namespace thresh
