// The edge to the operating system's files: handles that close themselves, calls that are checked once and
// here, errors that name the path. Every file that must be whole or absent goes through this layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thresh/errors.hpp"

namespace thresh::storage {

// Owns a file descriptor. Move-only; the destructor closes and ignores errors, so whoever wrote calls
// close().
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  // Throws Error{Io}: on NFS and with quotas close is where a failed write shows.
  void close(const std::string& path);

 private:
  int fd_ = -1;
};

// A disk or a quota is full.
struct DiskFull : Error {
  using Error::Error;
};
// A file is whole, and only another version of thresh knows what it says.
struct OtherVersion : Error {
  OtherVersion(const std::string& path, const std::string& how);
};
// What it says, and what to do about a full disk: for an error that ends a job.
std::string advised(const Error& error);
// "cannot <doing> <path>: <the system's text>", the path printable; as DiskFull if that is why. The code is
// Io for trouble of the file system that may pass.
[[noreturn]] void throw_errno(ExitCode code, std::string_view doing, std::string_view path, int error);
std::string errno_text(int error);

// What stat says of a file, as far as we care.
struct FileStatus {
  enum class Kind { Regular, Directory, Link, Other };
  Kind kind = Kind::Other;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 0;
  bool same_file(const FileStatus& other) const noexcept {
    return device == other.device && inode == other.inode;
  }
};
// None if there is no such file (also under a path that is no directory). Other failures throw Error{code}.
std::optional<FileStatus> file_status(const std::string& path,
                                      ExitCode code = ExitCode::Io);  // follows links
std::optional<FileStatus> link_status(const std::string& path, ExitCode code = ExitCode::Io);  // does not
FileStatus status_of(int fd, const std::string& path);

// Refuses pipes and devices: other programs may have put one where a file of ours should be.
Fd open_to_read(const std::string& path, ExitCode code = ExitCode::Io);
// Creates a file that must not exist yet. `name`: what a message calls it.
Fd create_new(const std::string& path, const std::string& name, ExitCode code);
inline Fd create_new(const std::string& path) {
  return create_new(path, path, ExitCode::Io);
}

// Reads until `size` bytes or the end of the file; returns how many. Throws Error{Io}.
std::size_t read_at(int fd, char* to, std::size_t size, std::uint64_t offset, const std::string& path);
// Writes everything, in as many calls as it takes. Throws Error{Io}.
void write_all(int fd, std::string_view bytes, const std::string& path);
void write_at(int fd, std::string_view bytes, std::uint64_t offset, const std::string& path);
// The whole file. Throws Error{code} if it cannot be read.
std::string read_file(const std::string& path, ExitCode code = ExitCode::Io);
// The same for what a user named, which may be a pipe.
std::string read_stream(const std::string& path, ExitCode code);

// A failed fsync is never retried: the caller discards the file.
void fsync_file(int fd, const std::string& path);
// Has these bytes written to the disk, without waiting for it. A hint: it promises nothing, and what fails is
// told by fsync.
void begin_writeback(int fd, std::uint64_t offset, std::uint64_t size) noexcept;
// Has the file system set these bytes aside, without a change of the file's size; writing is quicker then,
// and truncate_file gives back what is too much. False where there is no room, or no such call.
bool reserve_room(int fd, std::uint64_t offset, std::uint64_t size) noexcept;
void truncate_file(int fd, std::uint64_t size, const std::string& path);
// Makes renames into and unlinks from the directory durable. File systems without that are accepted.
void fsync_directory(const std::string& path);

void rename_file(const std::string& from, const std::string& to);
enum class RenameResult { Done, SourceMissing, TargetExists };
// Renames unless `to` exists. Atomic where the kernel and the file system can.
RenameResult rename_to_free_name(const std::string& from, const std::string& to);
// Gives the file `unique` (a name nobody else uses) the name `claimed`, unless that is taken; `unique` is
// gone afterwards. True if the claim is ours. Exclusive on NFS too, also when a reply is lost.
bool claim_name(const std::string& unique, const std::string& claimed);
// False if it was not there.
bool remove_file(const std::string& path);
// False if it was not there or is not empty.
bool remove_directory_if_empty(const std::string& path);

// Like mkdir -p; what was made is durable. Throws Error{CannotCreate}.
void make_directories(const std::string& path);
// Entries but . and .., sorted by their bytes. Throws Error{code}.
std::vector<std::string> list_directory(const std::string& path, ExitCode code = ExitCode::Io);

// `to` is afterwards either as before or holds exactly these bytes, durably unless `fsync` is false. The
// temporary is made in `directory`, which is on the file system of `to`.
void write_durably(const std::string& directory, const std::string& to, std::string_view bytes,
                   bool fsync = true);
// The first half of it: a file under a unique name in `directory`. Returns its path.
std::string write_temporary(const std::string& directory, std::string_view bytes, bool fsync = true);

// Random, in lower-case hexadecimal: 2 digits a byte.
std::string random_hex(std::size_t bytes);
std::string hex64(std::uint64_t value);
// None unless it is 16 lower-case hexadecimal digits.
std::optional<std::uint64_t> parse_hex64(std::string_view text);

// What the names of our temporaries begin with.
inline constexpr std::string_view kTemporaryPrefix = "tmp.";

}  // namespace thresh::storage
