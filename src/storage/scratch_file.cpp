#include "storage/scratch_file.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/text.hpp"

namespace thresh::storage {
namespace {

constexpr std::size_t kMostPieces = 64;  // a call: 4 MiB of usual chunks

[[noreturn]] void cannot(ExitCode code, const char* what, const std::string& directory, int error) {
  throw StoreFailed(code, "cannot " + std::string(what) + " the scratch file in " + printable(directory) +
                              ": " + errno_text(error) + "; --scratch DIR names another directory");
}

// A file without a name, or one that loses it at once.
Fd open_nameless(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
  if (fd >= 0) return Fd(fd);
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return Fd();
  const std::string path = directory + "/thresh-scratch." + random_hex(8);
  Fd named(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (named && ::unlink(path.c_str()) != 0) return Fd();
  return named;
}

}  // namespace

void ScratchFile::open() {
  if (fd_) return;
  fd_ = open_nameless(directory_);
  if (!fd_) cannot(ExitCode::CannotCreate, "create", directory_, errno);
}

std::uint64_t ScratchFile::append(const std::vector<std::string_view>& pieces) {
  open();
  std::uint64_t at = end_;
  std::size_t piece = 0;
  std::size_t done = 0;  // of the piece
  while (piece < pieces.size()) {
    std::array<iovec, kMostPieces> vectors;
    std::size_t count = 0;
    for (std::size_t i = piece; i < pieces.size() && count < kMostPieces; ++i, ++count) {
      const std::string_view rest = i == piece ? pieces[i].substr(done) : pieces[i];
      vectors[count] = {const_cast<char*>(rest.data()), rest.size()};
    }
    const ssize_t put = ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count), static_cast<off_t>(at));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) cannot(ExitCode::Io, "write to", directory_, put < 0 ? errno : ENOSPC);
    at += static_cast<std::uint64_t>(put);
    for (done += static_cast<std::size_t>(put); piece < pieces.size() && done >= pieces[piece].size();
         ++piece) {
      done -= pieces[piece].size();
    }
  }
  return std::exchange(end_, at);
}

void ScratchFile::read(std::uint64_t offset, char* to, std::size_t size) const {
  while (size > 0) {
    const ssize_t got = ::pread(fd_.get(), to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) cannot(ExitCode::Io, "read from", directory_, got < 0 ? errno : EIO);
    to += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
}

void ScratchFile::release(std::uint64_t offset, std::uint64_t size) noexcept {
  if (!holes_ || size == 0) return;
  const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  while (::fallocate(fd_.get(), mode, static_cast<off_t>(offset), static_cast<off_t>(size)) != 0) {
    if (errno == EINTR) continue;
    holes_ = false;  // the room comes back when the worker ends
    return;
  }
}

}  // namespace thresh::storage
