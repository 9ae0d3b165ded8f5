#include "storage/split_reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <new>

#include "core/release.hpp"
#include "core/text.hpp"

namespace thresh::storage {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;
// What is read at a time to find where a line ends, which is usually soon.
constexpr std::size_t kTailBytes = 64 << 10;
constexpr std::size_t kMostKept = 8 * kReadBytes;

std::string at_offset(const InputFile& file, std::uint64_t offset) {
  return printable(file.path) + " (at offset " + std::to_string(offset) + ")";
}

}  // namespace

SplitReader::SplitReader(const InputFile& file, const Split& range, std::vector<char>& buffer,
                         std::size_t record_bytes)
    : file_(file), range_(range), buffer_(&buffer), record_bytes_(record_bytes) {
  assert(range.begin <= range.end && range.end <= file.size);
  fd_ = Fd(::open(file_.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd_ && (errno == ENOENT || errno == ENOTDIR)) {
    throw Error(ExitCode::Io,
                "the input " + at_offset(file_, range_.begin) +
                    " vanished after the job began: put it back and run the same command again");
  }
  if (!fd_) throw_errno(ExitCode::Io, "read the input", file_.path, errno);
  check_unchanged("after the job began");
  ::posix_fadvise(fd_.get(), static_cast<off_t>(range_.begin), static_cast<off_t>(range_.end - range_.begin),
                  POSIX_FADV_SEQUENTIAL);
  go_to(range);
}

SplitReader::~SplitReader() {
  if (buffer_->size() > kMostKept) release(*buffer_);
}

void SplitReader::go_to(const Split& range) {
  range_ = range;
  begin_ = filled_ = scanned_ = 0;
  if (record_bytes_ > 0) round_up_range();
  read_to_ = range_.begin;
  done_ = range_.begin == range_.end;
  if (!done_ && range_.begin > 0 && record_bytes_ == 0) skip_to_first_record();
}

void SplitReader::check_unchanged(std::string_view when) {
  const FileStatus now = status_of(fd_.get(), file_.path);
  if (now.kind != FileStatus::Kind::Regular) {
    throw Error(ExitCode::BadData, "the input " + printable(file_.path) + " is not a regular file any more");
  }
  if (now.size == file_.size && now.mtime_ns == file_.mtime_ns) return;
  std::string how = now.size == file_.size ? std::string("was modified ")
                                           : "changed its size from " + std::to_string(file_.size) + " to " +
                                                 std::to_string(now.size) + " bytes ";
  throw Error(ExitCode::BadData, "the input " + at_offset(file_, range_.begin) + " " + how +
                                     std::string(when) +
                                     ": leave it alone while the job runs, and start again with --fresh");
}

// The first record starts after the first newline at or after begin - 1, if that is before the end.
void SplitReader::skip_to_first_record() {
  char before = 0;
  bytes_read_ += read_at(fd_.get(), &before, 1, range_.begin - 1, file_.path);
  if (before == '\n') return;
  std::size_t piece = kTailBytes;
  while (read_to_ < range_.end) {
    begin_ = filled_ = scanned_ = 0;
    fill(static_cast<std::size_t>(std::min<std::uint64_t>(piece, range_.end - read_to_)));
    piece = std::min(2 * piece, kReadBytes);
    const void* newline = std::memchr(buffer_->data(), '\n', filled_);
    if (newline == nullptr) continue;
    begin_ = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_->data()) + 1;
    scanned_ = begin_;
    if (begin_ < filled_ || read_to_ < range_.end) return;
    break;
  }
  begin_ = filled_ = scanned_ = 0;
  check_unchanged("while it was read");
  done_ = true;
}

std::optional<Block> SplitReader::next() {
  if (done_) return std::nullopt;
  if (record_bytes_ > 0) return next_fixed();
  drop_returned_bytes();
  while (read_to_ < range_.end) {
    const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(kReadBytes, range_.end - read_to_));
    fill(piece);
    if (read_to_ == range_.end) break;  // where the last record ends is another question
    const void* newline = ::memrchr(buffer_->data() + scanned_, '\n', filled_ - scanned_);
    scanned_ = filled_;
    if (newline != nullptr) {
      return take(static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_->data()) + 1);
    }
  }
  return finish();
}

// Everything up to the end of the record that holds the split's last byte.
std::optional<Block> SplitReader::finish() {
  const std::uint64_t buffer_offset = read_to_ - filled_;  // file offset of the buffer's first byte
  auto from = static_cast<std::size_t>(range_.end - 1 - buffer_offset);
  std::size_t piece = kTailBytes;
  for (;;) {
    const void* newline = std::memchr(buffer_->data() + from, '\n', filled_ - from);
    if (newline != nullptr) {
      filled_ = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_->data()) + 1;
      break;
    }
    from = filled_;
    if (read_to_ == file_.size) break;
    fill(static_cast<std::size_t>(std::min<std::uint64_t>(piece, file_.size - read_to_)));
    piece = std::min(2 * piece, kReadBytes);
  }
  check_unchanged("while it was read");
  done_ = true;
  const std::uint64_t offset = buffer_offset + begin_;
  return Block{{buffer_->data() + begin_, filled_ - begin_}, offset};
}

// From the first record that starts in the range to the end of the last one.
void SplitReader::round_up_range() {
  const auto up = [this](std::uint64_t at) {
    const std::uint64_t over = at % record_bytes_;
    return over == 0 ? at : std::min(file_.size, at - over + record_bytes_);
  };
  range_.begin = up(range_.begin);
  range_.end = up(range_.end);
}

std::optional<Block> SplitReader::next_fixed() {
  filled_ = 0;
  const std::uint64_t piece = std::max<std::uint64_t>(kReadBytes / record_bytes_, 1) * record_bytes_;
  fill(static_cast<std::size_t>(std::min(piece, range_.end - read_to_)));
  done_ = read_to_ == range_.end;
  if (done_) check_unchanged("while it was read");
  return Block{{buffer_->data(), filled_}, read_to_ - filled_};
}

Block SplitReader::take(std::size_t end) {
  const Block block{{buffer_->data() + begin_, end - begin_}, read_to_ - (filled_ - begin_)};
  begin_ = end;
  return block;
}

// Moves the begin of an unfinished line to the front.
void SplitReader::drop_returned_bytes() {
  if (begin_ == 0) return;
  std::memmove(buffer_->data(), buffer_->data() + begin_, filled_ - begin_);
  filled_ -= begin_;
  scanned_ -= begin_;
  begin_ = 0;
}

// Reads `size` bytes behind those that are there.
void SplitReader::fill(std::size_t size) {
  make_room(filled_ + size);
  const std::size_t got = read_at(fd_.get(), buffer_->data() + filled_, size, read_to_, file_.path);
  if (got < size) {
    check_unchanged("while it was read");
    throw Error(ExitCode::Io, "reading the input " + at_offset(file_, read_to_ + got) +
                                  " ended before its size of " + std::to_string(file_.size) + " bytes");
  }
  filled_ += got;
  read_to_ += got;
  bytes_read_ += got;
}

void SplitReader::make_room(std::size_t size) {
  if (size <= buffer_->size()) return;
  try {
    buffer_->resize(std::max({size, 2 * buffer_->size(), kReadBytes + 4 * kTailBytes}));
  } catch (const std::bad_alloc&) {
    throw Error(ExitCode::BadData, "the line of the input " +
                                       at_offset(file_, read_to_ - (filled_ - begin_)) +
                                       " does not fit in memory");
  }
}

}  // namespace thresh::storage
