// Files and memory of the yardsticks: pieces of a text file for several threads, one output file that they
// share, large buffers. What goes wrong ends the program with one line.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

inline constexpr unsigned kThreads = 2;

[[noreturn]] inline void fail(const std::string& text) {
  std::fprintf(stderr, "yardstick: %s\n", text.c_str());
  std::exit(1);
}
[[noreturn]] inline void fail_with_errno(const std::string& text) {
  fail(text + ": " + std::strerror(errno));
}

// What all yardsticks are told: INPUT OUTPUT [--fsync].
struct CommandLine {
  std::string input, output;
  bool fsync = false;
};

inline CommandLine command_line(int argc, char** argv) {
  CommandLine given;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--fsync") {
      given.fsync = true;
    } else {
      names.push_back(word);
    }
  }
  if (names.size() != 2) fail("usage: " + std::string(argv[0]) + " INPUT OUTPUT [--fsync]");
  given.input = names[0];
  given.output = names[1];
  return given;
}

// Runs work(thread number) on all threads, this one included.
inline void on_all_threads(const std::function<void(unsigned)>& work) {
  std::vector<std::thread> others;
  for (unsigned i = 1; i < kThreads; ++i) others.emplace_back(work, i);
  work(0);
  for (std::thread& other : others) other.join();
}

// Anonymous memory in huge pages where the system has them. Zeroed when it is made.
class HugeBuffer {
 public:
  HugeBuffer() = default;
  explicit HugeBuffer(std::size_t size) : size_((size + kPage - 1) / kPage * kPage) {
    // One page more than is needed, so that the buffer can begin where a huge page does.
    mapped_ = mmap(nullptr, size_ + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) fail_with_errno("no memory");
    const auto begin = reinterpret_cast<std::uintptr_t>(mapped_);
    data_ = reinterpret_cast<char*>((begin + kPage - 1) / kPage * kPage);
    madvise(data_, size_, MADV_HUGEPAGE);
  }
  HugeBuffer(HugeBuffer&& other) noexcept { swap(other); }
  HugeBuffer& operator=(HugeBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~HugeBuffer() {
    if (mapped_ != nullptr) munmap(mapped_, size_ + kPage);
  }

  char* data() const { return data_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }

 private:
  static constexpr std::size_t kPage = std::size_t{2} << 20;
  void swap(HugeBuffer& other) {
    std::swap(size_, other.size_);
    std::swap(mapped_, other.mapped_);
    std::swap(data_, other.data_);
  }
  std::size_t size_ = 0;
  void* mapped_ = nullptr;
  char* data_ = nullptr;
};

// A file that threads read by pieces.
class InputFile {
 public:
  explicit InputFile(const std::string& path) : path_(path), fd_(open(path.c_str(), O_RDONLY)) {
    struct stat status {};
    if (fd_ < 0 || fstat(fd_, &status) != 0) fail_with_errno(path);
    size_ = static_cast<std::size_t>(status.st_size);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile() { close(fd_); }

  std::size_t size() const { return size_; }
  // The next `step` bytes that no thread has: where they begin. size() and more when there are none left.
  std::size_t next(std::size_t step) { return next_.fetch_add(step, std::memory_order_relaxed); }

  void read(char* to, std::size_t offset, std::size_t size) const {
    while (size > 0) {
      const ssize_t got = pread(fd_, to, size, static_cast<off_t>(offset));
      if (got == 0) fail(path_ + ": is shorter than it was");
      if (got < 0) fail_with_errno(path_);
      to += got;
      offset += static_cast<std::size_t>(got);
      size -= static_cast<std::size_t>(got);
    }
  }

 private:
  std::string path_;
  int fd_;
  std::size_t size_ = 0;
  std::atomic<std::size_t> next_{0};
};

// One thread's pieces of a text. A piece is whole: what is cut at its begin belongs to the piece before,
// which reads on to the end of it. `is_end` says which bytes end a word or line.
template <bool (*is_end)(char)>
class Pieces {
 public:
  // Bytes that may be read before and behind a piece.
  static constexpr std::size_t kMargin = 64;

  explicit Pieces(InputFile& file) : file_(file), buffer_(kMargin + kPiece + kAhead + kMargin) {}

  // False when nothing is left. The piece stays until the next call.
  bool next(std::string_view& piece) {
    while (true) {
      const std::size_t begin = file_.next(kPiece);
      if (begin >= file_.size()) return false;
      const std::size_t end = std::min(begin + kPiece, file_.size());
      piece = read(begin, end);
      if (!piece.empty()) return true;
    }
  }

 private:
  static constexpr std::size_t kPiece = std::size_t{256} << 10;  // stays in the second-level cache
  static constexpr std::size_t kAhead = std::size_t{1} << 10;

  std::string_view read(std::size_t begin, std::size_t end) {
    // The byte before tells whether something begins with the piece.
    const std::size_t from = begin == 0 ? 0 : begin - 1;
    std::size_t have = std::min(end + kAhead, file_.size());
    file_.read(at(0), from, have - from);
    const char* first = at(0);
    const char* const last = at(end - from);
    if (begin > 0) {
      while (first != last && !is_end(*first)) ++first;
      if (first == last || ++first == last) return {};  // all of it belongs to an earlier piece
    }
    // What is open at the end is read on. If the piece ends with an end, nothing is open.
    std::size_t stop = end - from;
    while (!is_end(*at(stop - 1)) && from + stop < file_.size()) {
      if (from + stop == have) {
        const std::size_t more = std::min(have + have - from, file_.size());
        const auto skipped = first - at(0);
        buffer_.resize(kMargin + (more - from) + kMargin);
        file_.read(at(have - from), have, more - have);
        have = more;
        first = at(0) + skipped;
      }
      ++stop;
    }
    return {first, static_cast<std::size_t>(at(stop) - first)};
  }
  char* at(std::size_t i) { return buffer_.data() + kMargin + i; }

  InputFile& file_;
  std::vector<char> buffer_;
};

// One file that threads write to, whole blocks in any order or where they say.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path)
      : path_(path), fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (fd_ < 0) fail_with_errno(path);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() { close(fd_); }

  void append(std::string_view bytes) { write(bytes, end_.fetch_add(bytes.size())); }
  void write(std::string_view bytes, std::size_t offset) {
    while (!bytes.empty()) {
      const ssize_t put = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (put < 0) fail_with_errno(path_);
      bytes.remove_prefix(static_cast<std::size_t>(put));
      offset += static_cast<std::size_t>(put);
    }
  }
  void finish(bool durable) {
    if (durable && fsync(fd_) != 0) fail_with_errno(path_);
  }

 private:
  std::string path_;
  int fd_;
  std::atomic<std::size_t> end_{0};
};

// One thread's lines on their way to the file that it shares, in writes of 1 MiB.
class Lines {
 public:
  // What one call of room() may ask for.
  static constexpr std::size_t kMostRoom = std::size_t{1} << 20;

  explicit Lines(OutputFile& file) : file_(file), buffer_(2 * kMostRoom) {}
  ~Lines() { flush(); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  // Where `size` bytes can be written; done() says how far they were.
  char* room(std::size_t size) {
    if (size > kMostRoom) fail("a line of output is longer than 1 MiB");
    if (used_ >= kMostRoom) flush();
    return buffer_.data() + used_;
  }
  void done(const char* end) { used_ = static_cast<std::size_t>(end - buffer_.data()); }

 private:
  void flush() {
    file_.append({buffer_.data(), used_});
    used_ = 0;
  }
  OutputFile& file_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
};
