#include "storage/hdf5_seal.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/checksum.hpp"
#include "storage/hdf5_handle.hpp"

namespace thresh::storage::h5 {
namespace {

constexpr char kMagic[8] = {'T', 'H', 'R', 'E', 'S', 'H', 0, 0};
constexpr std::uint32_t kVersion = 1;

// XXH3 of everything after the user block.
std::uint64_t content_hash(int fd, std::uint64_t length, const std::string& path, Progress* progress) {
  Checksum sum;
  std::vector<char> buffer(kPieceBytes);
  for (std::uint64_t offset = kUserBlock; offset < length;) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), length - offset));
    const std::size_t got = read_at(fd, buffer.data(), size, offset, path);
    if (got == 0) damaged(path, "it ends early");
    sum.add({buffer.data(), got});
    offset += got;
    if (progress != nullptr) progress->step();
  }
  return sum.value();
}

template <typename Number>
void put(std::string& to, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) to += static_cast<char>(value >> (8 * i) & 0xff);
}

std::string user_block(std::uint64_t length, std::uint64_t hash) {
  std::string block(kMagic, sizeof kMagic);
  put(block, kVersion);
  put(block, std::uint32_t{0});
  put(block, length);
  put(block, hash);
  block.resize(kUserBlock);
  return block;
}

}  // namespace

void seal(const std::string& path, bool fsync) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) throw_errno(ExitCode::Io, "write", path, errno);
  const std::uint64_t length = status_of(fd.get(), path).size;
  write_at(fd.get(), user_block(length, content_hash(fd.get(), length, path, nullptr)), 0, path);
  if (fsync) fsync_file(fd.get(), path);
  fd.close(path);
}

FileStatus check_seal(const std::string& path, Progress* progress) {
  const Fd fd = open_to_read(path);
  const FileStatus status = status_of(fd.get(), path);
  std::string block(kUserBlock, '\0');
  const std::size_t got = read_at(fd.get(), block.data(), block.size(), 0, path);
  if (got < kUserBlock) damaged(path, "it is too short");
  if (std::memcmp(block.data(), kMagic, sizeof kMagic) != 0) damaged(path, "it does not begin with THRESH");
  if (block != user_block(status.size, content_hash(fd.get(), status.size, path, progress))) {
    std::uint32_t version = 0;
    std::memcpy(&version, block.data() + sizeof kMagic, sizeof version);
    if (version != kVersion) damaged(path, "or it was written by another version of thresh");
    damaged(path, "its length or its checksum does not match");
  }
  return status;
}

}  // namespace thresh::storage::h5
