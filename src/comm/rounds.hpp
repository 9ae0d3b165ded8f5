// The rounds of one wave of the shuffle: MPI_Ialltoallv in buffers that are used again in every round.
// (One call with 64 MiB a pair moves 6 GB/s through shared memory, 64 rounds of 1 MiB in the same
// buffers 19.)
#pragma once

#include <cstdint>
#include <vector>

#include "comm/mpi.hpp"
#include "core/release.hpp"

namespace thresh::comm {

// What a rank gives to and takes from the rounds.
class RoundClient {
 public:
  virtual ~RoundClient() = default;
  // Writes exactly `size` bytes for `rank` to `to`.
  virtual void fill(int rank, char* to, std::size_t size) = 0;
  // Takes the bytes that `rank` sent.
  virtual void take(int rank, const char* from, std::size_t size) = 0;

  // Whether this rank and that one could do with an offer of Rounds::kOfferBytes in place of what one sends
  // the other. Both say the same.
  virtual bool may_offer(int) const { return false; }
  // Whether this rank is able to make its offers.
  virtual bool can_offer() const { return true; }
};

// The same for all ranks.
struct RoundsPlan {
  std::uint64_t rounds = 0;
  std::uint64_t round_bytes = 0;  // most a pair moves in one
  bool asks = false;              // whether offers will do
};

// Bytes are a stream a pair of ranks; round k moves the bytes [k * round_bytes, (k + 1) * round_bytes) of
// each, so both ends know every count without asking. Collective: every rank of the communicator runs the
// same number of rounds with the same round_bytes, and the counts of both ends agree.
//
// If the plan says so, all are asked first whether they can make offers. If they can, every pair that may
// moves an offer in the first round, and nothing else; there are as many rounds as the others need.
class Rounds {
 public:
  static constexpr std::uint64_t kOfferBytes = 16;

  // Borrows comm and client. `send` and `receive`: bytes to and from each rank over all rounds, by rank at
  // launch.
  Rounds(Communicator& comm, RoundClient& client, const RoundsPlan& plan, std::vector<std::uint64_t> send,
         std::vector<std::uint64_t> receive);
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;
  // REQUIRES: done(), or the process ends soon: buffers of an open round are leaked.
  ~Rounds();

  // Goes on as far as it can without blocking; true when all rounds are done. False for ever once lost().
  bool step();
  // A rank was lost meanwhile: the rounds will not end.
  bool lost() const noexcept { return !done() && interrupted(); }
  // A rank was lost since they began.
  bool interrupted() const noexcept { return comm_->broken() || comm_->repairs() != repairs_; }
  bool done() const noexcept { return round_ == rounds_ && !open_ && !asks_; }
  // Gives the buffers back. REQUIRES: done().
  void release() noexcept {
    thresh::release(send_buffer_);
    thresh::release(receive_buffer_);
  }
  // Whether what goes to or comes from that rank is an offer.
  bool offers(int rank) const { return all_offer_ && client_->may_offer(rank); }
  std::uint64_t round() const noexcept { return round_; }
  // What this rank sends and receives in a round, at most.
  std::uint64_t bytes_of_round() const noexcept { return send_buffer_.size() + receive_buffer_.size(); }

 private:
  bool ask();          // false: not all have answered, or a rank is gone
  bool begin_round();  // false: a rank is gone
  bool finished();     // what is under way
  void end_round();
  std::uint64_t rounds_without_offers() const;

  Communicator* comm_;
  unsigned repairs_;  // of the communicator, at the start
  RoundClient* client_;
  std::uint64_t rounds_;
  std::uint64_t round_bytes_;
  std::vector<std::uint64_t> send_left_;
  std::vector<std::uint64_t> receive_left_;
  std::uint64_t round_ = 0;
  bool asks_;
  bool all_offer_ = false;
  std::vector<std::uint64_t> answers_;  // of all ranks: the greatest of each
  bool open_ = false;
  MPI_Request request_ = MPI_REQUEST_NULL;
  std::vector<int> send_counts_, send_offsets_, receive_counts_, receive_offsets_;
  std::vector<char> send_buffer_, receive_buffer_;
};

}  // namespace thresh::comm
