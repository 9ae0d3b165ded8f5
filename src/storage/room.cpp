#include "storage/room.hpp"

#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>

#include "core/text.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::storage {
namespace {

std::string kib(std::uint64_t bytes) {
  const std::uint64_t k = bytes >> 10;
  return k < 10'000 ? std::to_string(k) + " KiB" : std::to_string(k >> 10) + " MiB";
}

}  // namespace

std::optional<Room> room_at(const std::string& path) {
  std::string at = path.empty() ? "." : path;
  struct statvfs status {};
  while (::statvfs(at.c_str(), &status) != 0) {
    if (errno == EINTR) continue;
    const std::string parent = std::filesystem::path(at).parent_path().string();
    if (errno != ENOENT || at == "." || parent == at) return std::nullopt;
    at = parent.empty() ? "." : parent;
  }
  if (status.f_blocks == 0) return std::nullopt;  // ramfs, some of FUSE: it does not count
  // Network file systems may count no inodes at all.
  const bool has_inodes = status.f_files == 0 || status.f_favail > 0;
  return Room{std::uint64_t{status.f_bavail} * status.f_frsize, has_inodes, at};
}

std::optional<std::string> check_room(const std::string& path, std::string_view what,
                                      std::uint64_t wanted_bytes) {
  const std::optional<Room> room = room_at(path);
  if (!room) return std::nullopt;
  const std::string where = "the file system of " + printable(room->directory);
  const auto refuse = [&](const std::string& why) {
    throw DiskFull(ExitCode::Io, "no room for " + std::string(what) + ": " + errno_text(ENOSPC) + ": " +
                                     where + " has " + why);
  };
  if (!room->has_inodes) refuse("no inode left, so no file can be made there");
  if (room->bytes < kLeastRoomBytes) {
    refuse(kib(room->bytes) + " left, and at least " + kib(kLeastRoomBytes) + " are needed");
  }
  if (room->bytes >= wanted_bytes) return std::nullopt;
  return std::string(what) + " may need " + kib(wanted_bytes) + ", and " + where + " has " +
         kib(room->bytes) + " left: " + kib(wanted_bytes - room->bytes) + " may be missing";
}

}  // namespace thresh::storage
