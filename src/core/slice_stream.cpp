#include "core/slice_stream.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "thresh/errors.hpp"

namespace thresh {
namespace {

struct Header {
  static constexpr std::uint32_t kStaged = 1U << 31;

  std::uint32_t generation;
  std::uint32_t worker;
  std::uint32_t sequence;
  std::uint32_t partition;  // and kStaged
  std::uint64_t bytes;
  std::uint64_t checksum = 0;

  // XXH3 of what is before it. Of all that travels the ledger sees rows alone.
  std::uint64_t computed() const noexcept {
    return hash_bytes({reinterpret_cast<const char*>(this), offsetof(Header, checksum)});
  }
};
static_assert(sizeof(Header) == SliceSize::kHeaderBytes);

class Bytes final : public ByteSource {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t left() const noexcept override { return bytes_.size(); }
  std::size_t whole_rows() const noexcept override { return 0; }
  void read(char* to, std::size_t size) override {
    std::memcpy(to, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }

 private:
  std::string_view bytes_;
};

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

bool SliceSender::in_memory() const noexcept {
  return std::all_of(queue_.begin(), queue_.end(),
                     [](const Item& item) { return item.run->slices[item.partition].stored().size() == 0; });
}

StreamPieces SliceSender::pieces() const {
  StreamPieces out;
  for (const Item& item : queue_) {
    const Slice& slice = item.run->slices[item.partition];
    if (slice.empty()) continue;
    char head[kMostHeadBytes];
    const std::size_t size = write_head(item, head);  // of most slices much less
    out.heads.push_back(std::make_unique<char[]>(size));
    std::memcpy(out.heads.back().get(), head, size);
    out.pieces.emplace_back(out.heads.back().get(), size);
    for (const Chunk& chunk : slice.chunks()) {
      if (chunk.used() > 0) out.pieces.emplace_back(chunk.data(), chunk.used());
    }
  }
  return out;
}

// What is before the rows.
std::size_t SliceSender::write_head(const Item& item, char* to) {
  const Slice& slice = item.run->slices[item.partition];
  const RunId& id = item.run->summary.id;
  Header header{id.generation, id.worker, id.sequence,
                item.partition | (slice.staged() ? Header::kStaged : 0),
                item.run->summary.slices[item.partition].bytes};
  header.checksum = header.computed();
  std::memcpy(to, &header, sizeof header);
  if (!slice.staged()) return sizeof header;
  StagedRanges ranges = slice.ranges() != nullptr ? *slice.ranges() : StagedRanges{};
  ranges.checksum = ranges.computed();
  std::memcpy(to + sizeof header, &ranges, sizeof ranges);
  return sizeof header + sizeof ranges;
}

bool SliceSender::next_piece() {
  for (; item_ < queue_.size(); ++item_, began_ = false) {
    const Item& item = queue_[item_];
    const Slice& slice = item.run->slices[item.partition];
    piece_at_ = 0;
    if (!began_) {
      if (slice.empty()) continue;
      slice_ = nullptr;
      piece_left_ = write_head(item, header_);
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

// True when all of it is there.
bool SliceReceiver::gather(ByteSource& bytes, char* to, std::size_t size) {
  const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size - have_, bytes.left()));
  bytes.read(to + have_, part);
  have_ += part;
  if (have_ < size) return false;
  have_ = 0;
  return true;
}

void SliceReceiver::begin_slice(ReceivedSlices& into) {
  Header header{};
  std::memcpy(&header, header_, sizeof header);
  if (header.checksum != header.computed()) bad_stream("its header is damaged");
  const bool staged = (header.partition & Header::kStaged) != 0;
  header.partition &= ~Header::kStaged;
  if (header.partition >= partitions_) bad_stream("its partition does not exist");
  if (header.bytes <= (staged ? sizeof(StagedRanges) : 0)) bad_stream("it has no rows");
  if (staged && (loose_ || format_.value_size() == 0)) bad_stream("no rows of this job wait to be combined");
  const SliceKey key{header.partition, {header.generation, header.worker, header.sequence}};
  const auto [at, added] = into.try_emplace(key);
  if (!added) bad_stream("it arrived before");
  slice_ = &at->second;
  partition_ = header.partition;
  rows_left_ = header.bytes;
  slack_ = 0;
  if (loose_) slice_->set_loose();
  if (staged) {
    slice_->set_staged();
    slack_ = Slice::kSlack;
    rows_left_ -= sizeof(StagedRanges);
    ranges_ = std::make_unique<StagedRanges>();
  }
  slice_format_ = slice_->format(format_);
}

// Whether its rows are as its ranges say is seen when they are combined.
void SliceReceiver::begin_rows() {
  if (ranges_->checksum != ranges_->computed()) bad_stream("its ranges of keys are damaged");
  std::uint64_t rows = 0;
  for (const StagedRanges::Range& range : ranges_->ranges) rows |= range.rows;
  if (rows > 0) slice_->set_ranges(std::move(ranges_));
  ranges_.reset();
}

// What is in the chunk goes to the slice, but for a row that is not whole yet. From here on sizes of rows are
// trusted, so they are checked while the chunk is in cache.
void SliceReceiver::cut_chunk() {
  std::string_view rest(chunk_.data(), chunk_.used());
  while (const std::size_t row = slice_format_.checked_size(rest)) rest.remove_prefix(row);
  const std::size_t whole = chunk_.used() - rest.size();
  Chunk next;
  if (rows_left_ > 0) {
    next = pool_->take(room_for_rest(rest, whole > 0) + slack_);
    std::memcpy(next.extend(rest.size()), rest.data(), rest.size());
  } else if (!rest.empty()) {
    bad_stream("its rows are damaged");
  }
  if (whole > 0) {
    chunk_.truncate(whole);
    keep_chunk();
  }
  chunk_ = std::move(next);
}

void SliceReceiver::keep_chunk() {
  slice_->append_chunk(std::move(chunk_));
  // What is sorted before it leaves goes in large pieces: each is a source of the merge.
  if (slice_->loose()) {
    overflow_.relieve_growing(*slice_);
  } else {
    overflow_.relieve(*slice_);
  }
}

// The begin of a row that is larger than its chunk is trusted with twice the memory that it has filled.
std::size_t SliceReceiver::room_for_rest(std::string_view rest, bool chunk_is_new) const {
  if (chunk_is_new) return rest.size() + 1;
  const std::size_t row = slice_format_.claimed_size(rest);
  if (row > rest.size() + rows_left_) bad_stream("its rows are damaged");
  return row > rest.size() ? std::min(row, 2 * rest.size()) : 2 * rest.size();
}

void SliceReceiver::take_rows(ByteSource& bytes) {
  if (chunk_.capacity() == 0) chunk_ = pool_->take();
  const std::size_t part =
      static_cast<std::size_t>(std::min<std::uint64_t>({rows_left_, bytes.left(), chunk_.room() - slack_}));
  bytes.read(chunk_.extend(part), part);
  rows_left_ -= part;
  if (rows_left_ > 0 && !chunk_is_full()) return;
  cut_chunk();
  if (rows_left_ == 0) end_slice();
}

// To look at their sizes would take as long as to copy them.
void SliceReceiver::take_whole_rows(ByteSource& bytes, std::size_t size) {
  if (size > rows_left_) bad_stream("it has more rows than it says");
  if (chunk_.room() < size + slack_) {
    if (chunk_.used() > 0) keep_chunk();
    chunk_ = pool_->take(size + slack_);
  }
  bytes.read(chunk_.extend(size), size);
  rows_left_ -= size;
  if (rows_left_ > 0) return;
  keep_chunk();
  end_slice();
}

void SliceReceiver::end_slice() {
  overflow_.relieve(*slice_);
  slice_ = nullptr;
}

void SliceReceiver::take(std::string_view bytes, ReceivedSlices& into) {
  Bytes source(bytes);
  take(source, bytes.size(), into);
}

void SliceReceiver::take(ByteSource& bytes, std::uint64_t most, ReceivedSlices& into, PartitionId last) {
  const std::uint64_t stop = bytes.left() - std::min(most, bytes.left());
  while (bytes.left() > stop && partition_ <= last) {
    if (ranges_ != nullptr) {
      if (gather(bytes, reinterpret_cast<char*>(ranges_.get()), sizeof *ranges_)) begin_rows();
    } else if (slice_ != nullptr) {
      const std::size_t whole = bytes.whole_rows();
      whole > 0 ? take_whole_rows(bytes, whole) : take_rows(bytes);
    } else if (gather(bytes, header_, sizeof header_)) {
      begin_slice(into);
    }
  }
}

}  // namespace thresh
