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

// The rank does not exist any more, or, if `alive`, not what it had there.
struct PeerGone : std::runtime_error {
  PeerGone(int rank, bool lives);
  bool alive;
};

// Whether a process can read that many bytes of another's memory, and finds what it should.
bool reads_memory_of(std::uint64_t pid, std::uint64_t address, std::uint64_t expected) noexcept;

class PeerMemory {
 public:
  // Of nobody; others of this host may think otherwise.
  PeerMemory() = default;
  // By rank: its process, 0 if its memory cannot be read. The others of this host know the same.
  explicit PeerMemory(std::vector<std::uint64_t> processes)
      : processes_(std::move(processes)), known_(true) {}

  // Whether all others of this host know who reads whom. If one does not, nobody must read.
  bool known() const noexcept { return known_; }
  // Whether this rank reads that one's memory, and that one this one's.
  bool reads(int rank) const noexcept {
    return static_cast<std::size_t>(rank) < processes_.size() &&
           processes_[static_cast<std::size_t>(rank)] != 0;
  }
  // Copies the next `size` bytes of the pieces from `at` on, and takes them off their fronts; `at` comes to
  // the first that is left. REQUIRES: reads(rank), and the pieces have so many bytes. Throws PeerGone, and
  // Error{StoppedEarly} where the system does not let it read any more.
  void read(int rank, std::vector<RemotePiece>& pieces, std::size_t& at, char* to, std::size_t size) const;

 private:
  std::vector<std::uint64_t> processes_;
  bool known_ = false;
};

}  // namespace thresh::comm
