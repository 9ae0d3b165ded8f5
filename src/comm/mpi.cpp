#include "comm/mpi.hpp"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "comm/ulfm.hpp"
#include "thresh/errors.hpp"

namespace thresh::comm {
namespace {

std::string describe(const char* call, int error) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  if (MPI_Error_string(error, text, &length) != MPI_SUCCESS) length = 0;
  return std::string(call) + ": " + std::string(text, static_cast<std::size_t>(length));
}

std::uint64_t probe_of(const Process& process) noexcept {
  return (process.pid + 1) * 0x9e3779b97f4a7c15U ^ process.start_time;
}

}  // namespace

MpiError::MpiError(const char* call, int error) : std::runtime_error(describe(call, error)) {}

void check(const char* call, int error) {
  if (error == MPI_SUCCESS) return;
  if (ulfm::says_rank_lost(error)) {
    throw Error(ExitCode::StoppedEarly,
                std::string("a rank was lost (") + call + "); run the same command again");
  }
  throw MpiError(call, error);
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
  // A peer that dies must not take this rank with it through a socket.
  if (ulfm::active()) std::signal(SIGPIPE, SIG_IGN);
}

Session::~Session() {
  const int error = MPI_Finalize();
  if (error != MPI_SUCCESS) std::fprintf(stderr, "thresh: MPI_Finalize failed with %d\n", error);
}

void Session::leave(int code) noexcept {
  std::fflush(nullptr);
  _exit(code);  // tidy: _exit because MPI's own handlers at exit may wait for the lost
}

void Session::abort_all(int code) noexcept {
  MPI_Abort(MPI_COMM_WORLD, code);
  std::abort();  // MPI_Abort does not return, whatever its declaration says
}

Communicator::Communicator(MPI_Comm comm) : survives_losses_(ulfm::active()) {
  check("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
  check("MPI_Comm_rank", MPI_Comm_rank(comm, &rank_));
  int size = 0;
  check("MPI_Comm_size", MPI_Comm_size(comm, &size));
  for (int rank = 0; rank < size; ++rank) members_.push_back(rank);
  mpi_ranks_ = members_;
  comm_ = comm;
}

Communicator Communicator::duplicate_world_all() {
  MPI_Comm comm = MPI_COMM_NULL;
  check("MPI_Comm_dup", MPI_Comm_dup(MPI_COMM_WORLD, &comm));
  return Communicator(comm);
}

Neighbours Communicator::neighbours_all(Process own, const CpuSet& cpus, bool reads) {
  const auto none_but = [&own](int ranks) {
    Neighbours found;
    found.processes.resize(static_cast<std::size_t>(ranks));
    found.processes.front() = own;
    return found;
  };
  MPI_Comm node = MPI_COMM_NULL;
  const int error = MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  if (!good("MPI_Comm_split_type", error)) return none_but(size());
  int ranks = 1;
  check("MPI_Comm_size", MPI_Comm_size(node, &ranks));
  struct Member {
    Process process;
    CpuSet cpus;
    std::uint64_t rank;
    std::uint64_t probe;  // where its memory holds what no other process has there
  };
  const std::uint64_t probe = probe_of(own);
  const Member self{own, cpus, static_cast<std::uint64_t>(rank_), reinterpret_cast<std::uintptr_t>(&probe)};
  std::vector<Member> members(static_cast<std::size_t>(ranks));
  if (!good("MPI_Allgather",
            MPI_Allgather(&self, sizeof self, MPI_BYTE, members.data(), sizeof self, MPI_BYTE, node))) {
    ulfm::revoke(node);  // another rank may wait for this one in there
    return none_but(ranks);
  }
  int all_read = reads ? 1 : 0;
  std::vector<std::uint64_t> others(static_cast<std::size_t>(size()));
  for (const Member& member : members) {
    if (member.rank == self.rank) continue;
    others[member.rank] = member.process.pid;
    if (!reads_memory_of(member.process.pid, member.probe, probe_of(member.process))) all_read = 0;
  }
  // The probe is there until all have read it.
  if (!good("MPI_Allreduce", MPI_Allreduce(MPI_IN_PLACE, &all_read, 1, MPI_INT, MPI_MIN, node))) {
    ulfm::revoke(node);
    return none_but(ranks);
  }
  good("MPI_Comm_free", MPI_Comm_free(&node));
  Neighbours found;
  found.memory = PeerMemory(all_read != 0 ? std::move(others) : std::vector<std::uint64_t>());
  CpuSet all{};
  for (const Member& member : members) {
    found.processes.push_back(member.process);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] |= member.cpus[i];
  }
  Seat seat{static_cast<std::uint32_t>(members.front().rank), 0};
  for (const std::uint64_t word : all) seat.cpus += static_cast<std::uint32_t>(std::popcount(word));
  found.seats.resize(static_cast<std::size_t>(size()));
  if (!good("MPI_Allgather",
            MPI_Allgather(&seat, sizeof seat, MPI_BYTE, found.seats.data(), sizeof seat, MPI_BYTE, comm_))) {
    found.seats.clear();
  }
  return found;
}

bool Communicator::good(const char* call, int error) {
  if (error == MPI_SUCCESS) return true;
  if (!ulfm::says_rank_lost(error)) throw MpiError(call, error);
  broken_ = true;
  return false;
}

void Communicator::look() {
  if (!broken_ && ulfm::any_failed(comm_)) broken_ = true;
}

std::vector<int> Communicator::repair_all() {
  std::vector<int> lost;
  all_done_or_repaired(false, lost);
  return lost;
}

// Every rank that notices a loss does exactly this, whatever it was at, so that no two wait for each other in
// different calls. A rank that dies meanwhile is in no one's way: shrink leaves it out, or the next call on
// the new communicator says so.
bool Communicator::all_done_or_repaired(bool done, std::vector<int>& lost) {
  MPI_Comm survivors = MPI_COMM_NULL;
  int error = MPI_SUCCESS;
  do {
    // The others may look for messages alone, and hear of the loss by this.
    if (broken_) ulfm::revoke(comm_);
    if (ulfm::agree(comm_, done)) return true;
    error = ulfm::shrink(comm_, survivors);
  } while (ulfm::says_rank_lost(error));
  check("MPIX_Comm_shrink", error);
  const std::vector<int> before = members_;
  adopt(survivors);
  std::set_difference(before.begin(), before.end(), members_.begin(), members_.end(),
                      std::back_inserter(lost));
  return false;
}

// The old communicator is not freed: requests on it may be open.
void Communicator::adopt(MPI_Comm comm) {
  check("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
  MPI_Group group = MPI_GROUP_NULL;
  MPI_Group old_group = MPI_GROUP_NULL;
  check("MPI_Comm_group", MPI_Comm_group(comm, &group));
  check("MPI_Comm_group", MPI_Comm_group(comm_, &old_group));
  int size = 0;
  check("MPI_Group_size", MPI_Group_size(group, &size));
  std::vector<int> members;
  mpi_ranks_.assign(mpi_ranks_.size(), -1);
  for (int rank = 0; rank < size; ++rank) {
    int old_rank = 0;
    check("MPI_Group_translate_ranks", MPI_Group_translate_ranks(group, 1, &rank, old_group, &old_rank));
    members.push_back(members_.at(static_cast<std::size_t>(old_rank)));
    mpi_ranks_.at(static_cast<std::size_t>(members.back())) = rank;
  }
  MPI_Group_free(&group);
  MPI_Group_free(&old_group);
  members_ = std::move(members);
  comm_ = comm;
  broken_ = false;
  ++repairs_;
}

// No barrier before it: an exchange that was abandoned may have taken the place of one in the order of
// collectives.
bool Communicator::finish_all() {
  std::vector<int> lost;
  return all_done_or_repaired(true, lost);
}

Communicator::Communicator(Communicator&& other) noexcept
    : comm_(std::exchange(other.comm_, MPI_COMM_NULL)),
      rank_(other.rank_),
      members_(std::move(other.members_)),
      mpi_ranks_(std::move(other.mpi_ranks_)),
      survives_losses_(other.survives_losses_),
      broken_(other.broken_),
      repairs_(other.repairs_) {}

Communicator::~Communicator() {
  if (comm_ != MPI_COMM_NULL && MPI_Comm_free(&comm_) != MPI_SUCCESS) {
    std::fprintf(stderr, "thresh: MPI_Comm_free failed\n");
  }
}

}  // namespace thresh::comm
