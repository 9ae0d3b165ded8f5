#include "core/slice_stream.hpp"

#include <algorithm>
#include <cstring>

#include "thresh/errors.hpp"

namespace thresh {
namespace {

struct Header {
  std::uint32_t generation;
  std::uint32_t worker;
  std::uint32_t sequence;
  std::uint32_t partition;
  std::uint32_t chunks;
  std::uint32_t reserved;  // 0
};
static_assert(sizeof(Header) == Slice::kWireHeaderBytes);

// No chunk is larger than a row, and rows are limited by EmitBatch to what a u32 can say.
constexpr std::uint32_t kChunkSizeBytes = Slice::kWireChunkBytes;

// What is allocated on the word of a chunk's size alone; more as its bytes arrive.
constexpr std::size_t kTrustedBytes = 1 << 20;

[[noreturn]] void bad_stream(const char* what) {
  throw Error(ExitCode::Internal,
              std::string("the shuffle received bytes that are not a slice of a run: ") + what);
}

}  // namespace

std::uint64_t SliceSender::bytes_left() const noexcept {
  std::uint64_t bytes = 0;
  for (const Item& item : queue_) bytes += item.run->summary.slices[item.partition].wire_bytes;
  return bytes - sent_;
}

bool SliceSender::next_piece() {
  while (item_ < queue_.size()) {
    const Item& item = queue_[item_];
    const Slice& slice = item.run->slices[item.partition];
    if (slice.empty() || (stage_ == Stage::ChunkSize && chunk_ == slice.chunk_count())) {
      stage_ = Stage::Header;
      ++item_;
      continue;
    }
    slice_ = nullptr;
    piece_at_ = 0;
    if (stage_ == Stage::Header) {
      const RunId& id = item.run->summary.id;
      const auto chunks = static_cast<std::uint32_t>(slice.chunk_count());
      const Header header{id.generation, id.worker, id.sequence, item.partition, chunks, 0};
      std::memcpy(header_, &header, sizeof header);
      piece_left_ = sizeof header;
      stage_ = Stage::ChunkSize;
      chunk_ = 0;
    } else if (stage_ == Stage::ChunkSize) {
      const auto used = static_cast<std::uint32_t>(slice.chunk_size(chunk_));
      std::memcpy(header_, &used, sizeof used);
      piece_left_ = sizeof used;
      stage_ = Stage::ChunkBytes;
    } else {
      slice_ = &slice;
      piece_left_ = slice.chunk_size(chunk_);
      stage_ = Stage::ChunkSize;
      ++chunk_;
    }
    return true;
  }
  return false;
}

std::size_t SliceSender::copy_some(char* to, std::size_t size) {
  const std::size_t part = std::min(piece_left_, size);
  if (slice_ == nullptr) {
    std::memcpy(to, header_ + piece_at_, part);
  } else {
    slice_->copy(chunk_ - 1, piece_at_, to, part);
  }
  piece_at_ += part;
  piece_left_ -= part;
  return part;
}

std::size_t SliceSender::fill(char* to, std::size_t size) {
  std::size_t filled = 0;
  while (filled < size && (piece_left_ > 0 || next_piece())) filled += copy_some(to + filled, size - filled);
  sent_ += filled;
  return filled;
}

// Collects `wanted` bytes in small_; true when they are there.
bool SliceReceiver::gather(std::string_view& bytes, std::size_t wanted) {
  const std::size_t part = std::min(wanted - have_, bytes.size());
  std::memcpy(small_ + have_, bytes.data(), part);
  bytes.remove_prefix(part);
  have_ += part;
  if (have_ < wanted) return false;
  have_ = 0;
  return true;
}

void SliceReceiver::begin_slice(ReceivedSlices& into) {
  Header header{};
  std::memcpy(&header, small_, sizeof header);
  if (header.partition >= partitions_) bad_stream("its partition does not exist");
  if (header.chunks == 0 || header.reserved != 0) bad_stream("its header is damaged");
  const SliceKey key{header.partition, {header.generation, header.worker, header.sequence}};
  const auto [at, added] = into.try_emplace(key);
  if (!added) bad_stream("it arrived before");
  slice_ = &at->second;
  chunks_left_ = header.chunks;
}

void SliceReceiver::grow_chunk() {
  Chunk larger = pool_->take(chunk_.used() + std::min(chunk_.used(), chunk_bytes_left_));
  std::memcpy(larger.extend(chunk_.used()), chunk_.data(), chunk_.used());
  chunk_ = std::move(larger);
}

// From here on sizes of rows are trusted, so they are checked while the chunk is in cache.
void SliceReceiver::end_chunk() {
  for (std::string_view rest(chunk_.data(), chunk_.used()); !rest.empty();) {
    const std::size_t row = format_.checked_size(rest);
    if (row == 0) bad_stream("its rows are damaged");
    rest.remove_prefix(row);
  }
  slice_->append_chunk(std::move(chunk_));
  overflow_.relieve(*slice_);
}

void SliceReceiver::take(std::string_view bytes, ReceivedSlices& into) {
  while (!bytes.empty()) {
    switch (stage_) {
      case Stage::Header:
        if (!gather(bytes, Slice::kWireHeaderBytes)) return;
        begin_slice(into);
        stage_ = Stage::ChunkSize;
        break;
      case Stage::ChunkSize:
        if (!gather(bytes, kChunkSizeBytes)) return;
        chunk_bytes_left_ = load_u32(small_);
        if (chunk_bytes_left_ == 0) bad_stream("it has an empty chunk");
        chunk_ = pool_->take(std::min(chunk_bytes_left_, kTrustedBytes));
        stage_ = Stage::ChunkBytes;
        break;
      case Stage::ChunkBytes: {
        if (chunk_.room() == 0) grow_chunk();
        const std::size_t part = std::min({chunk_bytes_left_, bytes.size(), chunk_.room()});
        std::memcpy(chunk_.extend(part), bytes.data(), part);
        bytes.remove_prefix(part);
        chunk_bytes_left_ -= part;
        if (chunk_bytes_left_ > 0) break;
        end_chunk();
        stage_ = --chunks_left_ > 0 ? Stage::ChunkSize : Stage::Header;
        break;
      }
    }
  }
}

}  // namespace thresh
