// What the machine and MPI do at best: memcpy of each rank at the same time, and all-to-all exchanges between
// all ranks, of 64 MiB a pair at once and of 64 rounds of 1 MiB in the same buffers. Prints a name and GB/s a
// line.
#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "files.hpp"

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr int kTries = 5;

// Best seconds of several tries, the slowest rank's of each.
double best_seconds(const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < kTries; ++i) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double begin = MPI_Wtime();
    work();
    double took = MPI_Wtime() - begin;
    MPI_Allreduce(MPI_IN_PLACE, &took, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    best = std::min(best, took);
  }
  return best;
}

void exchange(const char* from, char* to, std::size_t pair_bytes, int ranks, bool at_once) {
  const std::vector<int> counts(static_cast<std::size_t>(ranks), static_cast<int>(pair_bytes));
  std::vector<int> offsets;
  for (int i = 0; i < ranks; ++i) offsets.push_back(i * static_cast<int>(pair_bytes));
  if (at_once) {
    MPI_Alltoallv(from, counts.data(), offsets.data(), MPI_BYTE, to, counts.data(), offsets.data(), MPI_BYTE,
                  MPI_COMM_WORLD);
    return;
  }
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ialltoallv(from, counts.data(), offsets.data(), MPI_BYTE, to, counts.data(), offsets.data(), MPI_BYTE,
                 MPI_COMM_WORLD, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int ranks = 0, rank = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  constexpr std::size_t kPair = 64 * kMiB;
  const std::size_t size = kPair * static_cast<std::size_t>(ranks);
  const HugeBuffer from(size), to(size);
  std::memset(from.data(), 1, size);
  std::memset(to.data(), 2, size);

  const auto report = [&](const std::string& name, double seconds) {
    const double bytes = static_cast<double>(size) * ranks;
    if (rank == 0) std::printf("%s\t%.2f\n", name.c_str(), bytes / seconds / 1e9);
  };
  report("memcpy", best_seconds([&] { std::memcpy(to.data(), from.data(), size); }));
  for (const bool at_once : {true, false}) {
    const std::string name = at_once ? "MPI_Alltoallv" : "MPI_Ialltoallv";
    report(name + " 1 x 64 MiB",
           best_seconds([&] { exchange(from.data(), to.data(), kPair, ranks, at_once); }));
    report(name + " 64 x 1 MiB", best_seconds([&] {
             for (int i = 0; i < 64; ++i) exchange(from.data(), to.data(), kMiB, ranks, at_once);
           }));
  }
  MPI_Finalize();
}
