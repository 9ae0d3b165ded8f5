#include "storage/part_writer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstring>
#include <tuple>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/release.hpp"
#include "core/text.hpp"
#include "thresh/short_key.hpp"

namespace thresh::storage {
namespace {

// Small enough to be recycled by the C library: a fresh MiB a part costs its first touch.
constexpr std::size_t kPieceBytes = 256 << 10;
// The disk works while the next lines are made, so that fsync has little left to wait for: terasort of 1 GiB
// took 1.65 s instead of 2.09.
constexpr std::uint64_t kWritebackBytes = 1 << 20;
// How much room a part is given at once: as much as it has, within these. Finding a block for each 4 KiB as
// they are written is a quarter of the write: on ext4 512 MiB in parts of 16 MiB took 0.13 s, and 0.10 so.
// More at a time gains nothing there, but elsewhere each call may be a message; less is not missed by others
// who write to a disk that is nearly full.
constexpr std::uint64_t kLeastReserved = 1 << 20;
constexpr std::uint64_t kMostReserved = 8 << 20;
constexpr std::size_t kSlack = 16;  // behind the piece, for copies of a fixed size
constexpr std::size_t kShownKeyBytes = 100;

std::string part_file_name(PartitionId partition, Generation generation) {
  char name[64];
  std::snprintf(name, sizeof name, "p%05u.%u.", partition, generation);
  return name + random_hex(8);
}

bool holds_newline(std::string_view text) noexcept {
  return std::memchr(text.data(), '\n', text.size()) != nullptr;
}
bool holds_tab_or_newline(std::string_view text) noexcept {
  return holds_newline(text) || std::memchr(text.data(), '\t', text.size()) != nullptr;
}

// Whether one of the 8 bytes is `wanted` (Warren, Hacker's Delight, 6-1).
bool holds_byte(std::uint64_t bytes, char wanted) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  const std::uint64_t zero_where_wanted = bytes ^ (kOnes * static_cast<unsigned char>(wanted));
  return ((zero_where_wanted - kOnes) & ~zero_where_wanted & (kOnes << 7)) != 0;
}
// Whether it has neither TAB nor newline. REQUIRES: 16 bytes from `at` on can be read, size <= 16.
bool copied_text_is_plain(const char* at, std::size_t size) noexcept {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i found =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')));
  return (static_cast<unsigned>(_mm_movemask_epi8(found)) & ((1U << size) - 1)) == 0;
#else
  return !holds_tab_or_newline({at, size});
#endif
}
// The same without a loop. REQUIRES: text.size() <= ShortKey::kBytes.
bool short_text_is_plain(std::string_view text) noexcept {
  const ShortKey bytes = ShortKey::read(text);
  return !holds_byte(bytes.low(), '\n') && !holds_byte(bytes.high(), '\n') &&
         !holds_byte(bytes.low(), '\t') && !holds_byte(bytes.high(), '\t');
}

}  // namespace

PartWriter::PartWriter(std::string parts_dir, PartitionId partition, Generation generation,
                       std::string job_id, const PartOptions& options)
    : directory_(std::move(parts_dir)),
      partition_(partition),
      generation_(generation),
      job_id_(std::move(job_id)),
      options_(options),
      name_(part_file_name(partition, generation)),
      temporary_(directory_ + "/" + std::string(kTemporaryPrefix) + job_id_ + "." + name_),
      fd_(create_new(temporary_)),
      buffer_(kPieceBytes + kSlack) {
  if (options_.top == 0) take_no_ranks();
}

PartWriter::~PartWriter() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

// A line that the job began and did not end would go on with the next one.
void PartWriter::check_between_lines() const {
  if (!in_line_) [[likely]] {
    return;
  }
  throw Error(ExitCode::Internal, "key \"" + printable(line_key(), kShownKeyBytes) +
                                      "\": reduce began a line of output and did not end it");
}

void PartWriter::key(std::string_view text) {
  check_between_lines();
  in_line_ = true;
  line_begin_ = bytes();
  in_value_ = false;
  line_key_size_ = text.size();
  put_checked(text, Field::Key);
}

void PartWriter::append(std::string_view text) {
  if (!in_value_) put('\t');
  in_value_ = true;
  put_checked(text, Field::Value);
}

void PartWriter::end_line(std::string_view rank, std::uint64_t weight) {
  put('\n');
  in_line_ = false;
  count_line(rank, weight);
}

void PartWriter::count_line(std::string_view rank, std::uint64_t weight) {
  ++lines_;
  weight_ += weigh(group_hash(), weight);
  if (options_.top > 0 && !rank.empty()) offer_top(rank);
}

// Short and plain texts, which most are, without a second look: they are copied, then looked at.
void PartWriter::line(std::string_view text, std::string_view piece, std::string_view rank,
                      std::uint64_t weight) {
  constexpr std::size_t kMost = ShortKey::kBytes;
  const std::size_t size = text.size() + piece.size() + 2;
  if (options_.escape || text.size() > kMost || piece.size() > kMost || size > kPieceBytes - used_)
      [[unlikely]] {
    return ResultSink::line(text, piece, rank, weight);
  }
  char* const at = buffer_.data() + used_;
  char* const value = at + text.size() + 1;
  copy_over(at, text.data(), text.size());
  const bool plain = copied_text_is_plain(at, text.size()) && !in_line_;
  copy_over(value, piece.data(), piece.size());
  if (!plain || !copied_text_is_plain(value, piece.size())) [[unlikely]] {
    return ResultSink::line(text, piece, rank, weight);
  }
  value[-1] = '\t';
  value[piece.size()] = '\n';
  line_begin_ = bytes();
  line_key_size_ = text.size();
  used_ += size;
  count_line(rank, weight);
}

void PartWriter::record(std::string_view head, std::string_view tail) {
  put(head);
  put(tail);
  ++lines_;
}

void PartWriter::put_checked(std::string_view text, Field field) {
  if (options_.escape) {
    put_escaped(text, field);
    return;
  }
  // Most texts are short and need no second look.
  if (text.size() <= ShortKey::kBytes && short_text_is_plain(text)) return put(text);
  if (field == Field::Key ? holds_tab_or_newline(text) : holds_newline(text)) refuse(text, field);
  put(text);
}

void PartWriter::put_escaped(std::string_view text, Field field) {
  std::size_t plain = 0;  // begin of what was not put yet
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char* escaped = nullptr;
    switch (text[i]) {
      case '\t':
        escaped = field == Field::Key ? "\\t" : nullptr;
        break;
      case '\n':
        escaped = "\\n";
        break;
      case '\r':
        escaped = "\\r";
        break;
      case '\\':
        escaped = "\\\\";
        break;
      default:
        break;
    }
    if (escaped == nullptr) continue;
    put(text.substr(plain, i - plain));
    put(escaped);
    plain = i + 1;
  }
  put(text.substr(plain));
}

void PartWriter::refuse(std::string_view text, Field field) const {
  std::string what;
  if (field == Field::Value) {
    what = "the value of the key \"" + printable(line_key(), kShownKeyBytes) + "\" holds a newline";
  } else {
    what = "the key \"" + printable(text, kShownKeyBytes) + "\" holds a " +
           (holds_newline(text) ? "newline" : "TAB");
  }
  throw Error(ExitCode::BadData, what + ", which a line of output cannot hold: use --escape");
}

// What was written of the line at hand begins with its key, in the buffer or in what was kept of it.
std::string PartWriter::line_key() const {
  if (line_begin_ < offset_) return flushed_key_;
  return {buffer_.data() + (line_begin_ - offset_), std::min(line_key_size_, kShownKeyBytes + 1)};
}

void PartWriter::put(char c) {
  if (used_ == kPieceBytes) [[unlikely]] {
    flush();
  }
  buffer_[used_++] = c;
}

void PartWriter::put(std::string_view text) {
  if (text.size() > kPieceBytes - used_) [[unlikely]] {
    flush();
    if (text.size() >= kPieceBytes) {
      if (line_begin_ == offset_) flushed_key_.assign(text.substr(0, kShownKeyBytes + 1));
      write_out(text);
      return;
    }
  }
  copy_over(buffer_.data() + used_, text.data(), text.size());
  used_ += text.size();
}

void PartWriter::flush() {
  if (line_begin_ >= offset_) {
    const std::size_t begin = line_begin_ - offset_;
    flushed_key_.assign(buffer_.data() + begin,
                        std::min({used_ - begin, line_key_size_, kShownKeyBytes + 1}));
  }
  const std::size_t size = std::exchange(used_, 0);
  write_out({buffer_.data(), size});
}

void PartWriter::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPieceBytes);
    checksum_.add(piece);
    if (offset_ > 0) reserve_room_for(piece.size());  // what fits into the buffer is written at once
    write_all(fd_.get(), piece, temporary_);
    offset_ += piece.size();
    if (options_.fsync && offset_ - writeback_from_ >= kWritebackBytes) {
      begin_writeback(fd_.get(), writeback_from_, offset_ - writeback_from_);
      writeback_from_ = offset_;
    }
    bytes.remove_prefix(piece.size());
  }
}

void PartWriter::reserve_room_for(std::size_t piece) {
  if (!reserves_ || offset_ + piece <= reserved_) return;
  const std::uint64_t size = std::clamp(offset_, kLeastReserved, kMostReserved);
  reserves_ = reserve_room(fd_.get(), offset_, size);
  if (reserves_) reserved_ = offset_ + size;
}

bool ranks_before(const TopLine& a, const TopLine& b) noexcept {
  if (a.rank != b.rank) return a.rank > b.rank;
  return std::tie(a.key, a.offset) < std::tie(b.key, b.offset);
}

// With ranks_before as its order the heap's front is the line that --top would drop first.
void PartWriter::offer_top(std::string_view rank) {
  if (top_.size() == options_.top) {
    const TopLine& worst = top_.front();
    // An equal rank loses against an equal or smaller key: lines come in no order of keys that we know of.
    if (rank < worst.rank || (rank == worst.rank && group_key() >= worst.key)) return;
    std::pop_heap(top_.begin(), top_.end(), ranks_before);
    top_.pop_back();
  }
  top_.push_back({std::string(rank), std::string(group_key()), line_begin_, bytes() - line_begin_});
  std::push_heap(top_.begin(), top_.end(), ranks_before);
}

void PartWriter::finish(PartSummary ledger) {
  check_between_lines();
  flush();
  release(buffer_);
  part_ = std::move(ledger);
  part_.partition = partition_;
  part_.file = name_;
  part_.groups = groups();
  part_.lines = lines_;
  part_.bytes = offset_;
  part_.checksum = checksum_.value();
  part_.weight = weight_;
  part_.top = std::move(top_);
  std::sort(part_.top.begin(), part_.top.end(), ranks_before);
}

PartSummary PartWriter::commit() {
  assert(part_.file == name_ && !temporary_.empty());
  if (reserved_ > offset_) truncate_file(fd_.get(), offset_, temporary_);
  if (options_.fsync) fsync_file(fd_.get(), temporary_);
  fd_.close(temporary_);
  rename_file(temporary_, directory_ + "/" + name_);
  temporary_ = directory_ + "/" + name_;  // still ours to remove if the sidecar fails
  const std::string sidecar = make_commit(part_, generation_, job_id_);
  write_durably(directory_, directory_ + "/" + commit_name(name_), sidecar, options_.fsync);
  temporary_.clear();
  return std::move(part_);
}

std::optional<std::string> check_part(const std::string& directory, const std::string& file,
                                      std::uint64_t bytes, std::uint64_t checksum, Progress* progress) {
  const std::string path = directory + "/" + file;
  try {
    const Fd fd = open_to_read(path);
    const std::uint64_t size = status_of(fd.get(), path).size;
    if (size != bytes) {
      return printable(path) + " has " + std::to_string(size) + " bytes instead of " + std::to_string(bytes);
    }
    Checksum sum;
    std::vector<char> buffer(kPieceBytes);
    for (std::uint64_t offset = 0; offset < bytes;) {
      const std::size_t got = read_at(fd.get(), buffer.data(), buffer.size(), offset, path);
      if (got == 0) return printable(path) + " ends early, at offset " + std::to_string(offset);
      sum.add({buffer.data(), got});
      offset += got;
      if (progress != nullptr) progress->step();
    }
    const std::uint64_t found = sum.value();
    if (found == checksum) return std::nullopt;
    return printable(path) + " was changed: its XXH3 is " + hex64(found) + " instead of " + hex64(checksum);
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace thresh::storage
