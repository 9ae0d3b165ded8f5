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
  std::uint64_t bytes;
};
static_assert(sizeof(Header) == SliceSize::kHeaderBytes);

[[noreturn]] void bad_stream(const char* what) {
  throw Error(ExitCode::Internal,
              std::string("the shuffle received bytes that are not a slice of a run: ") + what);
}

}  // namespace

std::uint64_t SliceSender::bytes_left() const noexcept {
  std::uint64_t bytes = 0;
  for (const Item& item : queue_) bytes += item.run->summary.slices[item.partition].wire_bytes();
  return bytes - sent_;
}

bool SliceSender::next_piece() {
  for (; item_ < queue_.size(); ++item_, began_ = false) {
    const Item& item = queue_[item_];
    const Slice& slice = item.run->slices[item.partition];
    piece_at_ = 0;
    if (!began_) {
      if (slice.empty()) continue;
      const RunId& id = item.run->summary.id;
      const Header header{id.generation, id.worker, id.sequence, item.partition,
                          item.run->summary.slices[item.partition].bytes};
      std::memcpy(header_, &header, sizeof header);
      slice_ = nullptr;
      piece_left_ = sizeof header;
      chunk_ = 0;
      began_ = true;
      return true;
    }
    if (chunk_ < slice.chunk_count()) {
      slice_ = &slice;
      piece_left_ = slice.chunk_size(chunk_++);
      return true;
    }
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

// True when the whole header is there.
bool SliceReceiver::gather_header(std::string_view& bytes) {
  const std::size_t part = std::min(sizeof header_ - have_, bytes.size());
  std::memcpy(header_ + have_, bytes.data(), part);
  bytes.remove_prefix(part);
  have_ += part;
  if (have_ < sizeof header_) return false;
  have_ = 0;
  return true;
}

void SliceReceiver::begin_slice(ReceivedSlices& into) {
  Header header{};
  std::memcpy(&header, header_, sizeof header);
  if (header.partition >= partitions_) bad_stream("its partition does not exist");
  if (header.bytes == 0) bad_stream("its header is damaged");
  const SliceKey key{header.partition, {header.generation, header.worker, header.sequence}};
  const auto [at, added] = into.try_emplace(key);
  if (!added) bad_stream("it arrived before");
  slice_ = &at->second;
  if (loose_) slice_->set_loose();
  rows_left_ = header.bytes;
}

// What is in the chunk goes to the slice, but for a row that is not whole yet. From here on sizes of rows are
// trusted, so they are checked while the chunk is in cache.
void SliceReceiver::cut_chunk() {
  std::string_view rest(chunk_.data(), chunk_.used());
  while (const std::size_t row = format_.checked_size(rest)) rest.remove_prefix(row);
  const std::size_t whole = chunk_.used() - rest.size();
  Chunk next;
  if (rows_left_ > 0) {
    next = pool_->take(room_for_rest(rest, whole > 0));
    std::memcpy(next.extend(rest.size()), rest.data(), rest.size());
  } else if (!rest.empty()) {
    bad_stream("its rows are damaged");
  }
  if (whole > 0) {
    chunk_.truncate(whole);
    slice_->append_chunk(std::move(chunk_));
    // What is sorted before it leaves goes in large pieces: each is a source of the merge.
    if (loose_) {
      overflow_.relieve_growing(*slice_);
    } else {
      overflow_.relieve(*slice_);
    }
  }
  chunk_ = std::move(next);
}

// The begin of a row that is larger than its chunk is trusted with twice the memory that it has filled.
std::size_t SliceReceiver::room_for_rest(std::string_view rest, bool chunk_is_new) const {
  if (chunk_is_new) return rest.size() + 1;
  const std::size_t row = format_.claimed_size(rest);
  if (row > rest.size() + rows_left_) bad_stream("its rows are damaged");
  return row > rest.size() ? std::min(row, 2 * rest.size()) : 2 * rest.size();
}

void SliceReceiver::take_rows(std::string_view& bytes) {
  if (chunk_.capacity() == 0) chunk_ = pool_->take();
  const std::size_t part =
      static_cast<std::size_t>(std::min<std::uint64_t>({rows_left_, bytes.size(), chunk_.room()}));
  std::memcpy(chunk_.extend(part), bytes.data(), part);
  bytes.remove_prefix(part);
  rows_left_ -= part;
  if (rows_left_ > 0 && chunk_.room() > 0) return;
  cut_chunk();
  if (rows_left_ > 0) return;
  overflow_.relieve(*slice_);
  slice_ = nullptr;
}

void SliceReceiver::take(std::string_view bytes, ReceivedSlices& into) {
  while (!bytes.empty()) {
    if (slice_ != nullptr) {
      take_rows(bytes);
    } else if (gather_header(bytes)) {
      begin_slice(into);
    }
  }
}

}  // namespace thresh
