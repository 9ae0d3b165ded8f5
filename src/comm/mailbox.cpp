#include "comm/mailbox.hpp"

#include <chrono>
#include <cstdio>
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
  } catch (const MpiError& error) {
    std::fprintf(stderr, "thresh: %s\n", error.what());
  }
  // MPI may read these buffers as long as their requests are open.
  if (!outgoing_.empty()) keep_for_ever(std::move(outgoing_));
}

void Mailbox::send(Channel channel, int to, std::string bytes) {
  Outgoing& out = outgoing_.emplace_back();
  out.bytes = std::move(bytes);
  check("MPI_Isend", MPI_Isend(out.bytes.data(), to_count(out.bytes.size()), MPI_BYTE, to,
                               static_cast<int>(channel), comm_->get(), &out.request));
  sweep(kSweptAtSend);
}

std::optional<Letter> Mailbox::receive(Channel channel) {
  int there = 0;
  MPI_Message message = MPI_MESSAGE_NULL;
  MPI_Status status;
  check("MPI_Improbe",
        MPI_Improbe(MPI_ANY_SOURCE, static_cast<int>(channel), comm_->get(), &there, &message, &status));
  if (there == 0) {
    sweep(std::numeric_limits<std::size_t>::max());
    return std::nullopt;
  }
  int count = 0;
  check("MPI_Get_count", MPI_Get_count(&status, MPI_BYTE, &count));
  Letter letter{status.MPI_SOURCE, std::string(static_cast<std::size_t>(count), '\0')};
  check("MPI_Mrecv", MPI_Mrecv(letter.bytes.data(), count, MPI_BYTE, &message, MPI_STATUS_IGNORE));
  return letter;
}

bool Mailbox::drained() {
  sweep(std::numeric_limits<std::size_t>::max());
  return outgoing_.empty();
}

void Mailbox::sweep(std::size_t most) {
  for (auto at = outgoing_.begin(); at != outgoing_.end() && most > 0; --most) {
    int done = 0;
    check("MPI_Test", MPI_Test(&at->request, &done, MPI_STATUS_IGNORE));
    at = done != 0 ? outgoing_.erase(at) : std::next(at);
  }
}

}  // namespace thresh::comm
