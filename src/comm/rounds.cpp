#include "comm/rounds.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace thresh::comm {
namespace {

// Cuts the next round's counts off what is left; returns the bytes of the round.
std::size_t cut(std::vector<std::uint64_t>& left, std::uint64_t most, std::vector<int>& counts,
                std::vector<int>& offsets) {
  std::uint64_t total = 0;
  for (std::size_t rank = 0; rank < left.size(); ++rank) {
    const std::uint64_t bytes = std::min(left[rank], most);
    counts[rank] = to_count(bytes);
    offsets[rank] = to_count(total);
    total += bytes;
    left[rank] -= bytes;
  }
  return static_cast<std::size_t>(total);
}

}  // namespace

Rounds::Rounds(const Communicator& comm, RoundClient& client, std::uint64_t rounds, std::uint64_t round_bytes,
               std::vector<std::uint64_t> send, std::vector<std::uint64_t> receive)
    : comm_(&comm),
      client_(&client),
      rounds_(rounds),
      round_bytes_(round_bytes),
      send_left_(std::move(send)),
      receive_left_(std::move(receive)) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  if (send_left_.size() != ranks || receive_left_.size() != ranks) {
    throw std::logic_error("rounds: one count a rank is needed");
  }
  send_counts_.resize(ranks);
  send_offsets_.resize(ranks);
  receive_counts_.resize(ranks);
  receive_offsets_.resize(ranks);
}

Rounds::~Rounds() {
  if (open_) {  // MPI may still write there
    keep_for_ever(std::move(send_buffer_));
    keep_for_ever(std::move(receive_buffer_));
  }
}

bool Rounds::step() {
  while (round_ < rounds_) {
    if (!open_) begin_round();
    int finished = 0;
    check("MPI_Test", MPI_Test(&request_, &finished, MPI_STATUS_IGNORE));
    if (finished == 0) return false;
    end_round();
  }
  return true;
}

void Rounds::begin_round() {
  const std::size_t send = cut(send_left_, round_bytes_, send_counts_, send_offsets_);
  const std::size_t receive = cut(receive_left_, round_bytes_, receive_counts_, receive_offsets_);
  if (send_buffer_.size() < send) send_buffer_.resize(send);
  if (receive_buffer_.size() < receive) receive_buffer_.resize(receive);
  for (int rank = 0; rank < comm_->size(); ++rank) {
    const auto at = static_cast<std::size_t>(rank);
    if (send_counts_[at] == 0) continue;
    client_->fill(rank, send_buffer_.data() + send_offsets_[at], static_cast<std::size_t>(send_counts_[at]));
  }
  check("MPI_Ialltoallv", MPI_Ialltoallv(send_buffer_.data(), send_counts_.data(), send_offsets_.data(),
                                         MPI_BYTE, receive_buffer_.data(), receive_counts_.data(),
                                         receive_offsets_.data(), MPI_BYTE, comm_->get(), &request_));
  open_ = true;
}

void Rounds::end_round() {
  open_ = false;
  ++round_;
  for (int rank = 0; rank < comm_->size(); ++rank) {
    const auto at = static_cast<std::size_t>(rank);
    if (receive_counts_[at] == 0) continue;
    client_->take(rank, receive_buffer_.data() + receive_offsets_[at],
                  static_cast<std::size_t>(receive_counts_[at]));
  }
}

}  // namespace thresh::comm
