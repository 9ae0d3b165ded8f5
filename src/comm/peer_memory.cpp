#include "comm/peer_memory.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

#include "thresh/errors.hpp"

namespace thresh::comm {
namespace {

constexpr std::size_t kMostPieces = 64;  // of one call

iovec remote(std::uint64_t address, std::uint64_t size) noexcept {
  return {std::bit_cast<void*>(std::uintptr_t{address}), static_cast<std::size_t>(size)};
}

}  // namespace

PeerGone::PeerGone(int rank, bool lives)
    : std::runtime_error("rank " + std::to_string(rank) + (lives ? " has other memory" : " is gone")),
      alive(lives) {}

bool reads_memory_of(std::uint64_t pid, std::uint64_t address, std::uint64_t expected) noexcept {
  std::uint64_t found = ~expected;
  const iovec to{&found, sizeof found};
  const iovec from = remote(address, sizeof found);
  const ssize_t read = ::process_vm_readv(static_cast<pid_t>(pid), &to, 1, &from, 1, 0);
  return read == static_cast<ssize_t>(sizeof found) && found == expected;
}

void PeerMemory::read(int rank, std::vector<RemotePiece>& pieces, std::size_t& at, char* to,
                      std::size_t size) const {
  const auto pid = static_cast<pid_t>(processes_[static_cast<std::size_t>(rank)]);
  while (size > 0) {
    std::array<iovec, kMostPieces> from;
    std::size_t count = 0;
    std::size_t wanted = 0;
    for (; count < from.size() && wanted < size; ++count) {
      const RemotePiece& piece = pieces[at + count];
      const std::uint64_t part = std::min<std::uint64_t>(piece.size, size - wanted);
      from[count] = remote(piece.address, part);
      wanted += static_cast<std::size_t>(part);
    }
    const iovec into{to, wanted};
    const ssize_t read = ::process_vm_readv(pid, &into, 1, from.data(), count, 0);
    // A process that ends has no memory from some moment on; one that gave up may use it for something else.
    if (read < 0 && errno == ESRCH) throw PeerGone(rank, false);
    if (read == 0 || (read < 0 && errno == EFAULT)) throw PeerGone(rank, true);
    if (read < 0) {
      throw Error(ExitCode::StoppedEarly, "cannot read the memory of rank " + std::to_string(rank) + ": " +
                                              std::generic_category().message(errno) +
                                              "; run the same command again with --no-host-reads");
    }
    to += read;
    size -= static_cast<std::size_t>(read);
    for (auto done = static_cast<std::uint64_t>(read); done > 0;) {
      RemotePiece& piece = pieces[at];
      const std::uint64_t part = std::min(piece.size, done);
      piece.address += part;
      piece.size -= part;
      done -= part;
      if (piece.size == 0) ++at;
    }
  }
}

}  // namespace thresh::comm
