// One partition of one run: rows in chunks. A row never straddles two chunks.
//
// A slice has two homes: its first chunks may be in a store, the others are in memory.
//
// Its rows are in order, by (key, value); unless it is `loose`: rows without a combiner need not be sorted
// before they travel. Of a loose slice the rows in memory have no order. They are sorted when they leave it,
// so what is in the store is in order from one spill to the next.
//
// A `staged` slice is loose, and of a job that combines: its rows, which lie as RowFormat::staged() says, are
// combined by who reduces them. They come by ranges of keys, as long as none of them left memory.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/key_ranges.hpp"
#include "core/row.hpp"
#include "core/stored_chunks.hpp"
#include "core/task.hpp"
#include "thresh/job_type.hpp"
#include "thresh/progress.hpp"

namespace thresh {

// How the rows of a job lie.
inline RowFormat row_format(const JobType& job) noexcept {
  return RowFormat(job.value_size, job.usual_value);
}

// The ranges of keys that the rows of a staged slice come by. It travels with them, before the first.
struct StagedRanges {
  struct Range {
    KeyBound begin;  // no key is less
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
  };
  std::array<Range, KeyRanges::kRanges> ranges;
  std::uint64_t checksum = 0;

  // XXH3 of the ranges.
  std::uint64_t computed() const noexcept {
    return hash_bytes({reinterpret_cast<const char*>(ranges.data()), sizeof ranges});
  }
};
static_assert(sizeof(StagedRanges) == 64 * KeyRanges::kRanges + 8, "it travels as it lies in memory");

class Slice {
 public:
  // Bytes behind a staged row in memory that can be read.
  static constexpr std::size_t kSlack = 16;

  // Appends a copy of the row, in the format of the job. Returns where it lies.
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
  void set_staged() noexcept { loose_ = staged_ = true; }
  bool staged() const noexcept { return staged_; }
  // REQUIRES: staged(), and the rows come, or will, as it says.
  void set_ranges(std::unique_ptr<StagedRanges> ranges) { ranges_ = std::move(ranges); }
  // Null if it does not know them.
  const StagedRanges* ranges() const noexcept { return ranges_.get(); }
  // How its rows lie, in a job of this format.
  RowFormat format(const RowFormat& of_job) const noexcept { return staged_ ? of_job.staged() : of_job; }

  // Rows, bytes and sums are computed by measure(), not kept while rows are appended.
  const std::vector<Chunk>& chunks() const noexcept { return chunks_; }  // those in memory
  const StoredChunks& stored() const noexcept { return stored_; }        // those before them
  bool empty() const noexcept { return chunks_.empty() && stored_.size() == 0; }
  // Reads every row; adds their weights to `*sum` if there is a weight. `format`: of the job. Throws
  // Error{Internal} when the bytes are not whole rows.
  SliceSize measure(const RowFormat& format, WeightOf weight = nullptr, std::uint64_t* sum = nullptr) const;

  // Writes what is in memory to the store, and gives its memory back, with a step of `progress`, if there is
  // one, for some dozen MiB. When that throws, no row is lost. REQUIRES: always the same store, which
  // outlives the slice.
  void spill(SliceStore& store, ChunkPool& pool, const RowFormat& format, Progress* progress = nullptr);
  // Those in memory, by what is in one chunk of 16.
  std::uint64_t about_rows(const RowFormat& format) const;
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

  void spill_sorted(SliceStore& store, ChunkPool& pool, const RowFormat& format, Progress* progress);

  bool loose_ = false;
  bool staged_ = false;
  std::unique_ptr<StagedRanges> ranges_;
  StoredChunks stored_;
  std::vector<std::size_t> sorted_to_;
  std::vector<Chunk> chunks_;
};

// Goes over the rows of a slice, or of some of its chunks, as they lie there. Borrows the slice; the format
// is the job's. The rows
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
      : slice_(&slice),
        format_(slice.format(format)),
        chunk_(begin),
        last_chunk_(end),
        stream_bytes_(stream_bytes) {}

  // False at the end. A row in memory lives as long as the slice; one that was in a store until the next
  // call. Throws Error when the store fails, or gives back what are no rows.
  bool next(Row& row) {
    if (at_ == end_ && !advance()) return false;
    begin_ = at_;
    row = format_.read(begin_);
    at_ = row.key.data() + row.key.size();
    return true;
  }
  const RowFormat& format() const noexcept { return format_; }
  // Where the latest row begins. REQUIRES: next() returned true.
  const char* begin() const noexcept { return begin_; }
  // The bytes of the latest row.
  std::string_view bytes() const noexcept { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  bool advance();
  void stream();

  const Slice* slice_;
  RowFormat format_;
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

// A sealed run. With a combiner each key is there once, unless its slices are staged.
struct Run {
  RunSummary summary;
  std::vector<Slice> slices;  // by partition
};

}  // namespace thresh
