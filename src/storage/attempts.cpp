#include "storage/attempts.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "core/text.hpp"
#include "storage/posix.hpp"
#include "thresh/hash.hpp"

namespace thresh::storage {
namespace {

constexpr std::string_view kHead = "thresh attempt 2 ";

// Takes a number and the blank behind it off the text.
template <class Number>
bool take(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

std::optional<AttemptNote> parse_line(std::string_view line, const std::string& job_id) {
  if (!line.starts_with(kHead)) return std::nullopt;
  line.remove_prefix(kHead.size());
  if (!line.starts_with(job_id + " ")) return std::nullopt;
  line.remove_prefix(job_id.size() + 1);
  AttemptNote note;
  int kind = 0;
  if (!take(line, kind) || !take(line, note.split) || !take(line, note.record.offset) ||
      !take(line, note.code) || !take(line, note.task_timeout_ms)) {
    return std::nullopt;
  }
  if (kind < static_cast<int>(AttemptKind::Crash) || kind > static_cast<int>(AttemptKind::Quarantine)) {
    return std::nullopt;
  }
  note.kind = static_cast<AttemptKind>(kind);
  note.record.what = line;
  return note;
}

std::string line_of(const std::string& job_id, const AttemptNote& note) {
  return std::string(kHead) + job_id + " " + std::to_string(static_cast<int>(note.kind)) + " " +
         std::to_string(note.split) + " " + std::to_string(note.record.offset) + " " +
         std::to_string(note.code) + " " + std::to_string(note.task_timeout_ms) + " " +
         printable(note.record.what, 500) + "\n";
}

// Async-signal-safe.
class Line {
 public:
  void add(const char* text, std::size_t size) noexcept {
    const std::size_t room = sizeof bytes_ - used_;
    std::memcpy(bytes_ + used_, text, std::min(size, room));
    used_ += std::min(size, room);
  }
  void add(std::uint64_t number) noexcept {
    char digits[20];
    std::size_t at = sizeof digits;
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    add(digits + at, sizeof digits - at);
  }
  void write_to(int fd) const noexcept {
    if (::write(fd, bytes_, used_) < 0) return;  // nothing can be done about it here
  }

 private:
  char bytes_[512];
  std::size_t used_ = 0;
};

}  // namespace

Breadcrumb::Breadcrumb(const std::string& attempts_dir, const std::string& job_id, const AttemptNote& note,
                       std::uint32_t attempt, const std::string& nonce)
    : path_(attempts_dir + "/" + std::to_string(note.split) + "." + nonce + "-" + std::to_string(attempt)),
      head_(std::string(kHead) + job_id + " "),
      split_(" " + std::to_string(note.split) + " "),
      since_(" " + std::to_string(note.code) + " " + std::to_string(note.task_timeout_ms) + " ") {}

void Breadcrumb::leave(AttemptKind kind, std::uint64_t offset, const char* what) const noexcept {
  Line line;
  line.add(head_.data(), head_.size());
  line.add(static_cast<std::uint64_t>(kind));
  line.add(split_.data(), split_.size());
  line.add(offset);
  line.add(since_.data(), since_.size());
  line.add(what, std::strlen(what));
  line.add("\n", 1);
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return;
  line.write_to(fd);
  ::fsync(fd);
  ::close(fd);
}

std::uint64_t code_of(std::string_view build, std::string_view job_version) {
  return hash_bytes(std::string(build).append(" ").append(job_version));
}

std::vector<AttemptNote> read_attempts(const JobPaths& paths, const std::string& job_id,
                                       std::vector<std::string>& damage) {
  std::vector<AttemptNote> notes;
  if (!link_status(paths.attempts())) return notes;
  for (const std::string& name : list_directory(paths.attempts())) {
    if (!is_attempt_name(name)) continue;
    const std::string path = paths.attempts() + "/" + name;
    const std::string text = read_file(path);
    for (std::string_view rest = text; !rest.empty();) {  // a verdict may have 10,000 lines
      const std::size_t end = rest.find('\n');
      auto note = end == std::string_view::npos ? std::nullopt : parse_line(rest.substr(0, end), job_id);
      if (!note) {
        damage.push_back(printable(path) + " is damaged");
        break;
      }
      notes.push_back(std::move(*note));
      rest.remove_prefix(end + 1);
    }
  }
  return notes;
}

void write_verdict(const JobPaths& paths, const std::string& job_id, SplitId split,
                   const std::vector<BlamedRecord>& records) {
  std::string text;
  for (const BlamedRecord& record : records) {
    text += line_of(job_id, {AttemptKind::Quarantine, split, record});
  }
  make_directories(paths.attempts());
  write_durably(paths.attempts(), paths.attempts() + "/" + std::to_string(split) + "." + random_hex(8), text);
}

bool is_attempt_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  return dot != 0 && dot != std::string_view::npos &&
         name.substr(0, dot).find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace thresh::storage
