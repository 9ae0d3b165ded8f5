// The rounds of one wave of the shuffle: MPI_Ialltoallv in buffers that are used again in every round.
// (One call with 64 MiB a pair moves 6 GB/s through shared memory, 64 rounds of 1 MiB in the same
// buffers 19.)
#pragma once

#include <cstdint>
#include <vector>

#include "comm/mpi.hpp"

namespace thresh::comm {

// What a rank gives to and takes from the rounds.
class RoundClient {
 public:
  virtual ~RoundClient() = default;
  // Writes exactly `size` bytes for `rank` to `to`.
  virtual void fill(int rank, char* to, std::size_t size) = 0;
  // Takes the bytes that `rank` sent.
  virtual void take(int rank, const char* from, std::size_t size) = 0;
};

// Bytes are a stream a pair of ranks; round k moves the bytes [k * round_bytes, (k + 1) * round_bytes) of
// each, so both ends know every count without asking. Collective: every rank of the communicator runs the
// same number of rounds with the same round_bytes, and the counts of both ends agree.
class Rounds {
 public:
  // Borrows comm and client. `send` and `receive`: bytes to and from each rank over all rounds, by rank at
  // launch.
  Rounds(Communicator& comm, RoundClient& client, std::uint64_t rounds, std::uint64_t round_bytes,
         std::vector<std::uint64_t> send, std::vector<std::uint64_t> receive);
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;
  // REQUIRES: done(), or the process ends soon: buffers of an open round are leaked.
  ~Rounds();

  // Goes on as far as it can without blocking; true when all rounds are done. False for ever once lost().
  bool step();
  // A rank was lost meanwhile: the rounds will not end.
  bool lost() const noexcept { return !done() && (comm_->broken() || comm_->repairs() != repairs_); }
  bool done() const noexcept { return round_ == rounds_ && !open_; }
  std::uint64_t round() const noexcept { return round_; }
  // What this rank sends and receives in a round, at most.
  std::uint64_t bytes_of_round() const noexcept { return send_buffer_.size() + receive_buffer_.size(); }

 private:
  bool begin_round();  // false: a rank is gone
  void end_round();

  Communicator* comm_;
  unsigned repairs_;  // of the communicator, at the start
  RoundClient* client_;
  std::uint64_t rounds_;
  std::uint64_t round_bytes_;
  std::vector<std::uint64_t> send_left_;
  std::vector<std::uint64_t> receive_left_;
  std::uint64_t round_ = 0;
  bool open_ = false;
  MPI_Request request_ = MPI_REQUEST_NULL;
  std::vector<int> send_counts_, send_offsets_, receive_counts_, receive_offsets_;
  std::vector<char> send_buffer_, receive_buffer_;
};

}  // namespace thresh::comm
