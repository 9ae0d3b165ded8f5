// The edge to MPI: the only place, with its .cpp, that includes mpi.h for the engine above it. Every call is
// checked here, once.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace thresh::comm {

// An MPI call failed. `error_class` is the MPI error class, e.g. MPI_ERR_COMM.
class MpiError : public std::runtime_error {
 public:
  MpiError(const char* call, int error);
  int error_class() const noexcept { return class_; }

 private:
  int class_;
};

// Throws MpiError unless `error` is MPI_SUCCESS.
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

  // Ends every rank of the job with `code`. The last resort, for the outermost layer alone.
  [[noreturn]] static void abort_all(int code) noexcept;
};

// An owned communicator whose errors are returned (and thrown by check).
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
  int size() const noexcept { return size_; }
  // How many ranks share this rank's memory. Collective.
  int ranks_of_this_node_all() const;
  MPI_Comm get() const noexcept { return comm_; }  // borrowed

 private:
  explicit Communicator(MPI_Comm comm);

  MPI_Comm comm_;
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace thresh::comm
