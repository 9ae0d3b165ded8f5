// The memory of ranks of the same host, read where it lies: process_vm_readv copies once what takes three
// copies through MPI.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace thresh::comm {

// A piece of memory of another rank; as it travels.
struct RemotePiece {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

// The rank does not exist any more, or not what it had there.
struct PeerGone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Whether a process can read that many bytes of another's memory, and finds what it should.
bool reads_memory_of(std::uint64_t pid, std::uint64_t address, std::uint64_t expected) noexcept;

class PeerMemory {
 public:
  // Of nobody.
  PeerMemory() = default;
  // By rank: its process, 0 if its memory cannot be read.
  explicit PeerMemory(std::vector<std::uint64_t> processes) : processes_(std::move(processes)) {}

  // Whether this rank reads that one's memory, and that one this one's.
  bool reads(int rank) const noexcept {
    return static_cast<std::size_t>(rank) < processes_.size() &&
           processes_[static_cast<std::size_t>(rank)] != 0;
  }
  // Copies the next `size` bytes of the pieces from `at` on, and takes them off their fronts; `at` comes to
  // the first that is left. REQUIRES: reads(rank), and the pieces have so many bytes. Throws PeerGone, and
  // std::system_error where the system does not let it read any more.
  void read(int rank, std::vector<RemotePiece>& pieces, std::size_t& at, char* to, std::size_t size) const;

 private:
  std::vector<std::uint64_t> processes_;
};

}  // namespace thresh::comm
