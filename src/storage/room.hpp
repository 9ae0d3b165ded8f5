// Is there room? Asked before a job starts, so that it does not find out after an hour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thresh::storage {

// Of the file system of `path`, or of the nearest directory above it that is there.
struct Room {
  std::uint64_t bytes = 0;  // that we may use
  bool has_inodes = true;   // a file can be made; true if the file system does not count them
  std::string directory;    // which was looked at
};
// None if nobody knows: what is wrong shows when a file is made.
std::optional<Room> room_at(const std::string& path);

// With less than this, not even a small job is done.
constexpr std::uint64_t kLeastRoomBytes = std::uint64_t{256} << 10;

// Throws Error{Io} if nothing can be written there: no inode is free, or less than
// kLeastRoomBytes. Returns a warning if there is less than `wanted_bytes`, else nothing. `what`: "the
// output".
std::optional<std::string> check_room(const std::string& path, std::string_view what,
                                      std::uint64_t wanted_bytes);

}  // namespace thresh::storage
