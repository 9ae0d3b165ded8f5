#include "comm/rounds.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace thresh::comm {
namespace {

// Cuts the next round's counts, in the order of the members, off what is left by rank; returns the bytes of
// the round.
std::size_t cut(const std::vector<int>& members, std::vector<std::uint64_t>& left, std::uint64_t most,
                std::vector<int>& counts, std::vector<int>& offsets) {
  std::uint64_t total = 0;
  for (std::size_t at = 0; at < members.size(); ++at) {
    std::uint64_t& of_rank = left[static_cast<std::size_t>(members[at])];
    const std::uint64_t bytes = std::min(of_rank, most);
    counts[at] = to_count(bytes);
    offsets[at] = to_count(total);
    total += bytes;
    of_rank -= bytes;
  }
  return static_cast<std::size_t>(total);
}

}  // namespace

Rounds::Rounds(Communicator& comm, RoundClient& client, std::uint64_t rounds, std::uint64_t round_bytes,
               std::vector<std::uint64_t> send, std::vector<std::uint64_t> receive)
    : comm_(&comm),
      repairs_(comm.repairs()),
      client_(&client),
      rounds_(rounds),
      round_bytes_(round_bytes),
      send_left_(std::move(send)),
      receive_left_(std::move(receive)) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  if (send_left_.size() != ranks || receive_left_.size() != ranks) {
    throw std::logic_error("rounds: one count a rank is needed");
  }
  const std::size_t members = comm.members().size();
  send_counts_.resize(members);
  send_offsets_.resize(members);
  receive_counts_.resize(members);
  receive_offsets_.resize(members);
}

Rounds::~Rounds() {
  if (open_) {  // MPI may still write there
    keep_for_ever(std::move(send_buffer_));
    keep_for_ever(std::move(receive_buffer_));
  }
}

bool Rounds::step() {
  while (round_ < rounds_) {
    if (lost() || (!open_ && !begin_round())) return false;
    int finished = 0;
    if (!comm_->good("MPI_Test", MPI_Test(&request_, &finished, MPI_STATUS_IGNORE))) return false;
    if (finished == 0) return false;
    end_round();
  }
  return true;
}

bool Rounds::begin_round() {
  const std::vector<int>& members = comm_->members();
  const std::size_t send = cut(members, send_left_, round_bytes_, send_counts_, send_offsets_);
  const std::size_t receive = cut(members, receive_left_, round_bytes_, receive_counts_, receive_offsets_);
  if (send_buffer_.size() < send) send_buffer_.resize(send);
  if (receive_buffer_.size() < receive) receive_buffer_.resize(receive);
  for (std::size_t at = 0; at < members.size(); ++at) {
    if (send_counts_[at] == 0) continue;
    client_->fill(members[at], send_buffer_.data() + send_offsets_[at],
                  static_cast<std::size_t>(send_counts_[at]));
  }
  open_ = comm_->good("MPI_Ialltoallv",
                      MPI_Ialltoallv(send_buffer_.data(), send_counts_.data(), send_offsets_.data(), MPI_BYTE,
                                     receive_buffer_.data(), receive_counts_.data(), receive_offsets_.data(),
                                     MPI_BYTE, comm_->get(), &request_));
  return open_;
}

void Rounds::end_round() {
  open_ = false;
  ++round_;
  const std::vector<int>& members = comm_->members();
  for (std::size_t at = 0; at < members.size(); ++at) {
    if (receive_counts_[at] == 0) continue;
    client_->take(members[at], receive_buffer_.data() + receive_offsets_[at],
                  static_cast<std::size_t>(receive_counts_[at]));
  }
}

}  // namespace thresh::comm
