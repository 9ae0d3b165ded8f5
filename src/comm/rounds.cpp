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

Rounds::Rounds(Communicator& comm, RoundClient& client, const RoundsPlan& plan,
               std::vector<std::uint64_t> send, std::vector<std::uint64_t> receive)
    : comm_(&comm),
      repairs_(comm.repairs()),
      client_(&client),
      rounds_(plan.rounds),
      round_bytes_(plan.asks ? std::max(plan.round_bytes, kOfferBytes) : plan.round_bytes),
      send_left_(std::move(send)),
      receive_left_(std::move(receive)),
      asks_(plan.asks) {
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
    keep_for_ever(std::move(answers_));
  }
}

std::uint64_t Rounds::rounds_without_offers() const {
  std::uint64_t rounds = 0;
  for (const int rank : comm_->members()) {
    const std::uint64_t bytes = send_left_[static_cast<std::size_t>(rank)];
    if (bytes == 0) continue;
    rounds = std::max(rounds, client_->may_offer(rank) ? 1 : (bytes - 1) / round_bytes_ + 1);
  }
  return rounds;
}

bool Rounds::ask() {
  if (!open_) {
    answers_ = {client_->can_offer() ? 0U : 1U, rounds_without_offers()};
    open_ = comm_->good("MPI_Iallreduce", MPI_Iallreduce(MPI_IN_PLACE, answers_.data(), 2, MPI_UINT64_T,
                                                         MPI_MAX, comm_->get(), &request_));
    if (!open_) return false;
  }
  if (!finished()) return false;
  asks_ = false;
  all_offer_ = answers_[0] == 0;
  if (!all_offer_) return true;
  rounds_ = answers_[1];
  for (const int rank : comm_->members()) {
    if (!client_->may_offer(rank)) continue;
    for (std::vector<std::uint64_t>* left : {&send_left_, &receive_left_}) {
      std::uint64_t& bytes = (*left)[static_cast<std::size_t>(rank)];
      if (bytes > 0) bytes = kOfferBytes;
    }
  }
  return true;
}

bool Rounds::step() {
  if (asks_ && (lost() || !ask())) return false;
  while (round_ < rounds_) {
    if (lost() || (!open_ && !begin_round()) || !finished()) return false;
    end_round();
  }
  return true;
}

bool Rounds::finished() {
  int finished = 0;
  if (!comm_->good("MPI_Test", MPI_Test(&request_, &finished, MPI_STATUS_IGNORE))) return false;
  if (finished != 0) open_ = false;
  return finished != 0;
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
  ++round_;
  const std::vector<int>& members = comm_->members();
  for (std::size_t at = 0; at < members.size(); ++at) {
    if (receive_counts_[at] == 0) continue;
    client_->take(members[at], receive_buffer_.data() + receive_offsets_[at],
                  static_cast<std::size_t>(receive_counts_[at]));
  }
}

}  // namespace thresh::comm
