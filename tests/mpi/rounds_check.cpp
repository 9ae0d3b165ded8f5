// rounds_check BYTES ROUND_BYTES OFFERS: every rank sends every other about BYTES bytes through comm::Rounds
// and checks what arrives, byte for byte. Exits with 1 and a line on stderr if anything is wrong. OFFERS: who
// offers instead: `nobody`; `all`; `some` pairs; `unable`: all might, but the last rank is not able to;
// `unsure`: nor does it know that the others might.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "comm/mpi.hpp"
#include "comm/rounds.hpp"

namespace {

using thresh::comm::Communicator;

// Different for each pair of ranks and each position.
char byte_at(int from, int to, std::uint64_t at) {
  std::uint64_t x = at * 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(from * 31 + to);
  x ^= x >> 29;
  return static_cast<char>(x);
}

std::uint64_t bytes_of(int from, int to, std::uint64_t bytes) {
  // Pairs differ, some send nothing.
  return (from + 2 * to) % 5 == 4 ? 0 : bytes + static_cast<std::uint64_t>(from * 7 + to * 3);
}

using thresh::comm::Rounds;

class Client final : public thresh::comm::RoundClient {
 public:
  Client(const Communicator& comm, std::string offers)
      : self_(comm.rank()),
        last_(comm.size() - 1),
        offers_(std::move(offers)),
        sent_(static_cast<std::size_t>(comm.size())),
        received_(sent_) {}
  bool may_offer(int rank) const override {
    if (offers_ == "unsure" && self_ == last_) return false;
    return offers_ == "some" ? rank % 2 == self_ % 2 : offers_ != "nobody";
  }
  bool can_offer() const override { return !refused() || self_ != last_; }
  bool offers(int rank) const { return may_offer(rank) && !refused(); }

  void fill(int rank, char* to, std::size_t size) override {
    wrong_ += offers(rank) && size != Rounds::kOfferBytes;
    std::uint64_t& at = sent_[static_cast<std::size_t>(rank)];
    for (std::size_t i = 0; i < size; ++i) to[i] = byte_at(self_, rank, at++);
  }
  void take(int rank, const char* from, std::size_t size) override {
    std::uint64_t& at = received_[static_cast<std::size_t>(rank)];
    for (std::size_t i = 0; i < size; ++i) wrong_ += from[i] != byte_at(rank, self_, at++);
  }
  bool good(const std::vector<std::uint64_t>& expected) const { return wrong_ == 0 && received_ == expected; }

 private:
  bool refused() const { return offers_ == "unable" || offers_ == "unsure"; }

  int self_;
  int last_;
  std::string offers_;
  std::vector<std::uint64_t> sent_;
  std::vector<std::uint64_t> received_;
  std::uint64_t wrong_ = 0;
};

int check(Communicator& comm, std::uint64_t bytes, std::uint64_t round_bytes, const std::string& offers) {
  Client client(comm, offers);
  std::vector<std::uint64_t> send;
  std::vector<std::uint64_t> receive;
  std::uint64_t rounds = 0;
  for (int rank = 0; rank < comm.size(); ++rank) {
    send.push_back(bytes_of(comm.rank(), rank, bytes));
    receive.push_back(bytes_of(rank, comm.rank(), bytes));
    for (int to = 0; to < comm.size(); ++to) {
      rounds = std::max(rounds, (bytes_of(rank, to, bytes) + round_bytes - 1) / round_bytes);
    }
  }
  Rounds all(comm, client, {rounds, round_bytes, offers != "nobody"}, send, receive);
  while (!all.step()) std::this_thread::yield();
  std::vector<std::uint64_t> expected = receive;
  for (int rank = 0; rank < comm.size(); ++rank) {
    std::uint64_t& from = expected[static_cast<std::size_t>(rank)];
    if (client.offers(rank) && from > 0) from = Rounds::kOfferBytes;
  }
  // Where all offer, one round is enough.
  if (client.good(expected) && (offers != "all" || all.round() <= 1)) return 0;
  std::fprintf(stderr, "rounds_check: rank %d received other bytes than were sent\n", comm.rank());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: rounds_check BYTES ROUND_BYTES OFFERS\n");
    return 64;
  }
  const thresh::comm::Session session;
  Communicator comm = Communicator::duplicate_world_all();
  return check(comm, std::strtoull(argv[1], nullptr, 10), std::strtoull(argv[2], nullptr, 10), argv[3]);
}
