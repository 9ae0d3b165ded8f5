// The edge to MPI: the only place, with its .cpp, that includes mpi.h for the engine above it. Every call is
// checked here, once.
#pragma once

#include <mpi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "comm/peer_memory.hpp"
#include "core/task.hpp"

namespace thresh::comm {

// An MPI call failed.
class MpiError : public std::runtime_error {
 public:
  MpiError(const char* call, int error);
};

// Throws MpiError unless `error` is MPI_SUCCESS, and Error{StoppedEarly} where a lost rank cannot be done
// without: at the start.
void check(const char* call, int error);

// Narrows to what MPI counts with. Throws std::length_error: never truncates.
int to_count(std::uint64_t value);

// Leaks the value on purpose: MPI may still read or write its memory.
template <typename T>
void keep_for_ever(T&& value) {
  (void)std::make_unique<std::decay_t<T>>(std::forward<T>(value)).release();
}

// MPI_Init .. MPI_Finalize. At most one in a process.
class Session {
 public:
  Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // Ends this process without MPI_Finalize, with a code: where ranks may be lost, MPI_Abort makes mpirun
  // hang.
  [[noreturn]] static void leave(int code) noexcept;
  // Ends every rank of the job with `code`. The last resort, for the outermost layer alone.
  [[noreturn]] static void abort_all(int code) noexcept;
};

// A process of a host: ids are used again, but not with the same time of start.
struct Process {
  std::uint64_t pid = 0;
  std::uint64_t start_time = 0;  // since boot, in ticks

  friend bool operator==(const Process&, const Process&) = default;
};

// CPUs by their number, a bit each.
using CpuSet = std::array<std::uint64_t, 128>;

// Who is where.
struct Neighbours {
  std::vector<Process> processes;  // of the ranks that share this rank's memory, in the order of the ranks
  std::vector<Seat> seats;         // of all ranks, by rank
  PeerMemory memory;               // of those of this host, if all of them can read that of all others
};

// All ranks of the job, by the ranks that they had at launch, whatever MPI calls them after others were lost.
class Communicator {
 public:
  // Duplicates MPI_COMM_WORLD. Collective over all ranks.
  static Communicator duplicate_world_all();
  Communicator(Communicator&& other) noexcept;
  Communicator& operator=(Communicator&&) = delete;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  ~Communicator();

  int rank() const noexcept { return rank_; }
  int size() const noexcept { return static_cast<int>(mpi_ranks_.size()); }  // at launch
  // Those that are in it now, in ascending order: MPI's rank is the place.
  const std::vector<int>& members() const noexcept { return members_; }
  // The lowest rank that is alive.
  int coordinator() const noexcept { return members_.front(); }
  // What MPI calls the rank now; less than 0 if it was lost.
  int mpi_rank(int rank) const { return mpi_ranks_.at(static_cast<std::size_t>(rank)); }
  // Each gives its own process, and the CPUs that it may use. If a rank is lost meanwhile, and broken() says
  // so, this one's own process and blank ones, as many as there can be, no seats and no memory. `reads`:
  // whether this rank would read the memory of others. Collective.
  Neighbours neighbours_all(Process own, const CpuSet& cpus, bool reads);
  MPI_Comm get() const noexcept { return comm_; }  // borrowed

  // Whether ranks may be lost and the others go on.
  bool survives_losses() const noexcept { return survives_losses_; }
  // Whether the call succeeded. False, and broken() from then on, if it says that a rank is gone. Throws
  // MpiError for anything else.
  bool good(const char* call, int error);
  // Looks whether a rank is known to be gone. MPI learns of it in any call that looks for messages.
  void look();
  // A rank is gone, and all others know or will: nothing gets through until repair_all().
  bool broken() const noexcept { return broken_; }
  // Goes on without those that are gone; returns them. Waits for all others to do the same; messages under
  // way are lost. Requests on what was there before may never end: their buffers must stay.
  std::vector<int> repair_all();
  // Counts the repairs.
  unsigned repairs() const noexcept { return repairs_; }
  // To be called by a rank that is done, and waits for all others to be it: true if they are, and may end.
  // False after a repair, as one was lost and not all were done: they may wait for something.
  bool finish_all();

 private:
  explicit Communicator(MPI_Comm comm);
  void adopt(MPI_Comm comm);
  // Collective over those that are left, and the same on all: true if all of them are done.
  bool all_done_or_repaired(bool done, std::vector<int>& lost);

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0;
  std::vector<int> members_;
  std::vector<int> mpi_ranks_;  // by rank at launch
  bool survives_losses_ = false;
  bool broken_ = false;
  unsigned repairs_ = 0;
};

}  // namespace thresh::comm
