#include "storage/posix.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "core/text.hpp"

namespace thresh::storage {
namespace {

// Linux writes at most 2 GiB - 4 KiB a call; a piece keeps partial progress small.
constexpr std::size_t kPieceBytes = 1 << 30;

FileStatus to_status(const struct stat& s) {
  FileStatus status;
  status.kind = S_ISREG(s.st_mode)   ? FileStatus::Kind::Regular
                : S_ISDIR(s.st_mode) ? FileStatus::Kind::Directory
                : S_ISLNK(s.st_mode) ? FileStatus::Kind::Link
                                     : FileStatus::Kind::Other;
  status.size = static_cast<std::uint64_t>(s.st_size);
  status.mtime_ns = std::int64_t{s.st_mtim.tv_sec} * 1'000'000'000 + s.st_mtim.tv_nsec;
  status.device = s.st_dev;
  status.inode = s.st_ino;
  status.links = s.st_nlink;
  return status;
}

std::optional<FileStatus> status_or_none(int result, const struct stat& s, const std::string& path,
                                         ExitCode code) {
  if (result == 0) return to_status(s);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw_errno(code, "look at", path, errno);
}

// Whether the error is about what the path names, and the same tomorrow. Others are the file system's trouble
// (ESTALE, ETIMEDOUT, EIO, ENFILE), which may pass: no reason to give a job up.
bool says_what_is_there(int error) noexcept {
  constexpr std::array kErrors{EACCES, EEXIST,  EINVAL,    EISDIR, ELOOP, ENAMETOOLONG, ENODEV,
                               ENOENT, ENOTDIR, ENOTEMPTY, ENXIO,  EPERM, EROFS};
  return std::find(kErrors.begin(), kErrors.end(), error) != kErrors.end();
}

// With room for one byte more than the file has, so that the next read finds the end of it. Files of /proc,
// and pipes, do not tell how many they have.
std::string read_to_end(Fd fd, const std::string& path, ExitCode code) {
  constexpr std::size_t kLeast = 4 << 10;
  struct stat status {};
  const bool known = ::fstat(fd.get(), &status) == 0 && status.st_size > 0;
  std::string bytes(std::max(kLeast, known ? static_cast<std::size_t>(status.st_size) + 1 : 0), '\0');
  std::size_t used = 0;
  for (;;) {
    if (used == bytes.size()) bytes.resize(2 * used);
    const ssize_t got = ::read(fd.get(), bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(code, "read", path, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

void Fd::close(const std::string& path) {
  const int fd = std::exchange(fd_, -1);
  // After EINTR the descriptor is closed on Linux, and its writes were handed over.
  if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) throw_errno(ExitCode::Io, "close", path, errno);
}

std::string errno_text(int error) {
  return std::generic_category().message(error);
}

OtherVersion::OtherVersion(const std::string& path, const std::string& how)
    : Error(ExitCode::BadData, printable(path) + " was written by another version of thresh" + how) {}

std::string advised(const Error& error) {
  const bool full = dynamic_cast<const DiskFull*>(&error) != nullptr;
  return std::string(error.what()) + (full ? "; make room and run the same command again" : "");
}

void throw_errno(ExitCode code, std::string_view doing, std::string_view path, int error) {
  const std::string what = "cannot " + std::string(doing) + " " + printable(path) + ": " + errno_text(error);
  if (error == ENOSPC || error == EDQUOT) throw DiskFull(code, what);
  throw Error(says_what_is_there(error) ? code : ExitCode::Io, what);
}

std::optional<FileStatus> file_status(const std::string& path, ExitCode code) {
  struct stat s {};
  return status_or_none(::stat(path.c_str(), &s), s, path, code);
}

std::optional<FileStatus> link_status(const std::string& path, ExitCode code) {
  struct stat s {};
  return status_or_none(::lstat(path.c_str(), &s), s, path, code);
}

FileStatus status_of(int fd, const std::string& path) {
  struct stat s {};
  if (::fstat(fd, &s) != 0) throw_errno(ExitCode::Io, "look at", path, errno);
  return to_status(s);
}

Fd open_to_read(const std::string& path, ExitCode code) {
  // To open a pipe would wait for someone who writes.
  if (const auto status = file_status(path, code); status && status->kind == FileStatus::Kind::Other) {
    throw Error(code, "cannot read " + printable(path) + ": it is no regular file");
  }
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw_errno(code, "read", path, errno);
  return Fd(fd);
}

Fd create_new(const std::string& path, const std::string& name, ExitCode code) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) throw_errno(code, "create", name, errno);
  return Fd(fd);
}

std::size_t read_at(int fd, char* to, std::size_t size, std::uint64_t offset, const std::string& path) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(fd, to + done, std::min(size - done, kPieceBytes), static_cast<off_t>(offset + done));
    if (got < 0) {
      if (errno == EINTR) continue;
      throw_errno(ExitCode::Io, "read (at offset " + std::to_string(offset + done) + ")", path, errno);
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), std::min(bytes.size(), kPieceBytes));
    if (put < 0) {
      if (errno == EINTR) continue;
      throw_errno(ExitCode::Io, "write", path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

void write_at(int fd, std::string_view bytes, std::uint64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0) {
      if (errno == EINTR) continue;
      throw_errno(ExitCode::Io, "write", path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
}

std::string read_file(const std::string& path, ExitCode code) {
  return read_to_end(open_to_read(path, code), path, code);
}

std::string read_stream(const std::string& path, ExitCode code) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw_errno(code, "read", path, errno);
  return read_to_end(std::move(fd), path, code);
}

void begin_writeback(int fd, std::uint64_t offset, std::uint64_t size) noexcept {
  (void)::sync_file_range(fd, static_cast<off64_t>(offset), static_cast<off64_t>(size),
                          SYNC_FILE_RANGE_WRITE);
}

bool reserve_room(int fd, std::uint64_t offset, std::uint64_t size) noexcept {
  return ::fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(size)) == 0;
}

void truncate_file(int fd, std::uint64_t size, const std::string& path) {
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) throw_errno(ExitCode::Io, "truncate", path, errno);
}

void fsync_file(int fd, const std::string& path) {
  if (::fsync(fd) != 0) throw_errno(ExitCode::Io, "make durable (fsync)", path, errno);
}

void fsync_directory(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == EACCES) return;  // may be written but not opened: nothing we can do
  if (!fd) throw_errno(ExitCode::Io, "open", path, errno);
  // EINVAL: the file system has no fsync of directories.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    throw_errno(ExitCode::Io, "make durable (fsync)", path, errno);
  }
}

void rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw_errno(ExitCode::Io, "rename " + printable(from) + " to", to, errno);
  }
}

RenameResult rename_to_free_name(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return RenameResult::Done;
  }
  if (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP) {
    if (link_status(to)) return link_status(from) ? RenameResult::TargetExists : RenameResult::SourceMissing;
    if (::rename(from.c_str(), to.c_str()) == 0) return RenameResult::Done;
  }
  if (errno == ENOENT && !link_status(from)) return RenameResult::SourceMissing;
  if (errno == EEXIST) return RenameResult::TargetExists;
  throw_errno(ExitCode::Io, "rename " + printable(from) + " to", to, errno);
}

bool claim_name(const std::string& unique, const std::string& claimed) {
  const Fd fd = open_to_read(unique);
  const bool linked = ::link(unique.c_str(), claimed.c_str()) == 0;
  const int error = errno;
  if (!linked && (error == EPERM || error == ENOTSUP || error == ENOSYS)) {  // no hard links here
    const RenameResult renamed = rename_to_free_name(unique, claimed);
    if (renamed == RenameResult::TargetExists) remove_file(unique);
    return renamed == RenameResult::Done;
  }
  // A lost reply reports a failure for a link that was made: the number of links tells.
  const bool ours = linked || status_of(fd.get(), unique).links > 1;
  remove_file(unique);
  if (!ours && error != EEXIST) throw_errno(ExitCode::Io, "create", claimed, error);
  return ours;
}

bool remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  throw_errno(ExitCode::Io, "remove", path, errno);
}

bool remove_directory_if_empty(const std::string& path) {
  if (::rmdir(path.c_str()) == 0) return true;
  if (errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST) return false;
  throw_errno(ExitCode::Io, "remove", path, errno);
}

void make_directories(const std::string& path) {
  if (const auto there = file_status(path, ExitCode::CannotCreate)) {
    if (there->kind == FileStatus::Kind::Directory) return;
    throw_errno(ExitCode::CannotCreate, "create the directory", path, ENOTDIR);
  }
  const std::filesystem::path full(path);
  std::filesystem::path parent = full.has_filename() ? full.parent_path() : full.parent_path().parent_path();
  if (parent.empty()) parent = ".";
  if (parent != full) make_directories(parent.string());
  if (::mkdir(path.c_str(), 0777) != 0) {
    const int error = errno;
    // Someone else may have made it meanwhile; a link that leads nowhere exists too.
    const auto there = file_status(path, ExitCode::CannotCreate);
    if (error != EEXIST || !there || there->kind != FileStatus::Kind::Directory) {
      throw_errno(ExitCode::CannotCreate, "create the directory", path, error);
    }
  }
  fsync_directory(parent.string());
}

std::vector<std::string> list_directory(const std::string& path, ExitCode code) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), &::closedir);
  if (!dir) throw_errno(code, "list", path, errno);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) throw_errno(code, "list", path, errno);
  std::sort(names.begin(), names.end());
  return names;
}

std::string write_temporary(const std::string& directory, std::string_view bytes, bool fsync) {
  std::string path = directory + "/" + std::string(kTemporaryPrefix) + random_hex(8);
  Fd fd = create_new(path);
  try {
    write_all(fd.get(), bytes, path);
    if (fsync) fsync_file(fd.get(), path);
    fd.close(path);
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
  return path;
}

void write_durably(const std::string& directory, const std::string& to, std::string_view bytes, bool fsync) {
  const std::string temporary = write_temporary(directory, bytes, fsync);
  try {
    rename_file(temporary, to);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  if (!fsync) return;
  const std::string parent = std::filesystem::path(to).parent_path().string();
  fsync_directory(parent.empty() ? "." : parent);
}

std::string random_hex(std::size_t bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string raw(bytes, '\0');
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t got = ::getrandom(raw.data() + done, bytes - done, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(ExitCode::Internal, "read", "the system's random numbers", errno);
    done += static_cast<std::size_t>(got);
  }
  std::string hex;
  for (const char c : raw) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

std::string hex64(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::optional<std::uint64_t> parse_hex64(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return value;
}

}  // namespace thresh::storage
