#include "comm/mailbox.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <limits>
#include <thread>
#include <utility>

namespace thresh::comm {
namespace {

// A plan for each of thousands of workers is under way at once: to test all of them at each send is
// quadratic.
constexpr std::size_t kSweptAtSend = 16;

}  // namespace

Mailbox::~Mailbox() {
  using namespace std::chrono_literals;
  try {
    for (int tries = 0; tries < 1000 && !drained(); ++tries) std::this_thread::sleep_for(1ms);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "thresh: %s\n", error.what());
  }
  // MPI may read these buffers as long as their requests are open.
  if (!outgoing_.empty()) keep_for_ever(std::move(outgoing_));
}

void Mailbox::forget_lost() {
  if (std::exchange(repairs_, comm_->repairs()) == comm_->repairs()) return;
  if (!outgoing_.empty()) keep_for_ever(std::exchange(outgoing_, {}));
}

void Mailbox::send(Channel channel, int to, std::string bytes) {
  forget_lost();
  const int mpi_rank = comm_->mpi_rank(to);
  if (comm_->broken() || mpi_rank < 0) return;
  Outgoing& out = outgoing_.emplace_back();
  out.bytes = std::move(bytes);
  const int error = MPI_Isend(out.bytes.data(), to_count(out.bytes.size()), MPI_BYTE, mpi_rank,
                              static_cast<int>(channel), comm_->get(), &out.request);
  if (comm_->good("MPI_Isend", error)) sweep(kSweptAtSend);
}

std::optional<Letter> Mailbox::receive(Channel channel) {
  forget_lost();
  if (comm_->broken()) return std::nullopt;
  int there = 0;
  MPI_Status status;
  const bool looked = comm_->good(
      "MPI_Iprobe", MPI_Iprobe(MPI_ANY_SOURCE, static_cast<int>(channel), comm_->get(), &there, &status));
  if (!looked) return std::nullopt;
  if (there == 0) {
    sweep(std::numeric_limits<std::size_t>::max());
    comm_->look();
    return std::nullopt;
  }
  int count = 0;
  check("MPI_Get_count", MPI_Get_count(&status, MPI_BYTE, &count));
  const int from = comm_->members().at(static_cast<std::size_t>(status.MPI_SOURCE));
  Letter letter{from, std::string(static_cast<std::size_t>(count), '\0')};
  if (!take(letter.bytes, count, status)) return std::nullopt;
  return letter;
}

// A long message comes in parts, and those do not come any more if the communicator was revoked meanwhile. A
// blocking call would then wait for ever: so it looks whether that happened.
bool Mailbox::take(std::string& bytes, int count, const MPI_Status& found) {
  MPI_Request request = MPI_REQUEST_NULL;
  int done = 0;
  const int error =
      MPI_Irecv(bytes.data(), count, MPI_BYTE, found.MPI_SOURCE, found.MPI_TAG, comm_->get(), &request);
  if (!comm_->good("MPI_Irecv", error)) return false;
  while (comm_->good("MPI_Test", MPI_Test(&request, &done, MPI_STATUS_IGNORE)) && done == 0) {
    int there = 0;
    const bool whole = comm_->good(
        "MPI_Iprobe", MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_->get(), &there, MPI_STATUS_IGNORE));
    comm_->look();
    if (whole && !comm_->broken()) continue;
    keep_for_ever(std::move(bytes));  // MPI may still write there
    return false;
  }
  return done != 0;
}

bool Mailbox::drained() {
  forget_lost();
  if (!comm_->broken()) sweep(std::numeric_limits<std::size_t>::max());
  return outgoing_.empty() || comm_->broken();
}

void Mailbox::sweep(std::size_t most) {
  for (auto at = outgoing_.begin(); at != outgoing_.end() && most > 0; --most) {
    int done = 0;
    if (!comm_->good("MPI_Test", MPI_Test(&at->request, &done, MPI_STATUS_IGNORE))) return;
    at = done != 0 ? outgoing_.erase(at) : std::next(at);
  }
}

}  // namespace thresh::comm
