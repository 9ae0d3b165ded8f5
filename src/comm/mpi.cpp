#include "comm/mpi.hpp"

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace thresh::comm {
namespace {

std::string describe(const char* call, int error) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  if (MPI_Error_string(error, text, &length) != MPI_SUCCESS) length = 0;
  return std::string(call) + ": " + std::string(text, static_cast<std::size_t>(length));
}

int class_of(int error) {
  int result = MPI_ERR_UNKNOWN;
  return MPI_Error_class(error, &result) == MPI_SUCCESS ? result : MPI_ERR_UNKNOWN;
}

}  // namespace

MpiError::MpiError(const char* call, int error)
    : std::runtime_error(describe(call, error)), class_(class_of(error)) {}

void check(const char* call, int error) {
  if (error != MPI_SUCCESS) throw MpiError(call, error);
}

int to_count(std::uint64_t value) {
  if (value > INT_MAX)
    throw std::length_error("a message of more than 2 GiB: " + std::to_string(value) + " bytes");
  return static_cast<int>(value);
}

Session::Session() {
  int provided = MPI_THREAD_SINGLE;
  // Without the arguments: Open MPI puts them in one environment string, of which the kernel takes 128 KiB,
  // so that a job without mpirun failed over 20,000 names of inputs.
  check("MPI_Init_thread", MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided));
  if (provided < MPI_THREAD_FUNNELED) throw std::runtime_error("this MPI does not support threads at all");
}

Session::~Session() {
  const int error = MPI_Finalize();
  if (error != MPI_SUCCESS) std::fprintf(stderr, "thresh: MPI_Finalize failed with %d\n", error);
}

void Session::abort_all(int code) noexcept {
  MPI_Abort(MPI_COMM_WORLD, code);
  std::abort();  // MPI_Abort does not return, whatever its declaration says
}

Communicator::Communicator(MPI_Comm comm) : comm_(comm) {
  check("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN));
  check("MPI_Comm_rank", MPI_Comm_rank(comm_, &rank_));
  check("MPI_Comm_size", MPI_Comm_size(comm_, &size_));
}

Communicator Communicator::duplicate_world_all() {
  MPI_Comm comm = MPI_COMM_NULL;
  check("MPI_Comm_dup", MPI_Comm_dup(MPI_COMM_WORLD, &comm));
  return Communicator(comm);
}

int Communicator::ranks_of_this_node_all() const {
  MPI_Comm node = MPI_COMM_NULL;
  check("MPI_Comm_split_type", MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
  int ranks = 1;
  check("MPI_Comm_size", MPI_Comm_size(node, &ranks));
  check("MPI_Comm_free", MPI_Comm_free(&node));
  return ranks;
}

Communicator::Communicator(Communicator&& other) noexcept
    : comm_(std::exchange(other.comm_, MPI_COMM_NULL)), rank_(other.rank_), size_(other.size_) {}

Communicator::~Communicator() {
  if (comm_ != MPI_COMM_NULL && MPI_Comm_free(&comm_) != MPI_SUCCESS) {
    std::fprintf(stderr, "thresh: MPI_Comm_free failed\n");
  }
}

}  // namespace thresh::comm
