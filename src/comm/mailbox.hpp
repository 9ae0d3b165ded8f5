// Point-to-point messages of the control plane: small, owned by the mailbox until they are gone.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>

#include "comm/mpi.hpp"

namespace thresh::comm {

// Who a message is for. With one rank, rank 0 writes to itself: both ends are on one communicator.
enum class Channel : int { ToWorker = 1, ToCoordinator = 2 };

struct Letter {
  int from = 0;
  std::string bytes;
};

class Mailbox {
 public:
  // Borrows the communicator.
  explicit Mailbox(Communicator& comm) : comm_(&comm) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  // Waits up to a second for what is still on its way, then leaks it: MPI may still read the buffers.
  ~Mailbox();

  // Does not block. What cannot arrive any more, as a rank was lost, is dropped. Throws MpiError,
  // std::length_error past 2 GiB.
  void send(Channel channel, int to, std::string bytes);
  // The next message on the channel, if one is there. Does not block.
  std::optional<Letter> receive(Channel channel);
  // Whether everything sent has left. Does not block.
  bool drained();

 private:
  struct Outgoing {
    std::string bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };
  // Frees what has left, of the `most` that were sent first.
  void sweep(std::size_t most);
  // Receives a message that is there; false if it cannot arrive any more.
  bool take(std::string& bytes, int count, const MPI_Status& found);
  // What was under way when the communicator was repaired is lost.
  void forget_lost();

  Communicator* comm_;
  unsigned repairs_ = 0;          // of the communicator, so far
  std::list<Outgoing> outgoing_;  // addresses must not change while MPI reads them
};

}  // namespace thresh::comm
