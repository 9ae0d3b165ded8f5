// What `thresh launch` finds out about MPI and this machine before it starts anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/launch_command.hpp"

namespace thresh::cli {

// Runs `mpirun --version`, and where it matters `ompi_info` and `prte_info` of the same folder. Throws
// Error{Config} if there is no such mpirun.
MpiFacts ask_mpi(const std::string& mpirun);

// All but the nodes.
MachineFacts look_at_machine();

// The nodes of the allocation that mpirun must be told of, as it does not know Slurm; none if there is no
// need. Throws Error{Config} if Slurm does not name them.
std::vector<LaunchHost> nodes_to_tell(const MpiFacts& mpi);

// Those of the request's hosts on which a process can be started now, each given 15 s to answer.
std::vector<LaunchHost> hosts_that_answer(const LaunchRequest& request, const MpiFacts& mpi,
                                          const MachineFacts& machine);

// What the answers mean.
int open_mpi_version(std::string_view mpirun_version);  // the major one; 0: it is not Open MPI
bool has_ulfm(std::string_view ompi_info);
bool asks_slurm(std::string_view info);  // of ompi_info or prte_info

}  // namespace thresh::cli
