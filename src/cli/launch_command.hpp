// From what is known of MPI and of the machine to the command that starts the ranks of a job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thresh::cli {

struct LaunchHost {
  std::string name;
  std::uint64_t slots = 1;  // ranks that it may be given
  bool operator==(const LaunchHost&) const = default;
};

// What a user asks for.
struct LaunchRequest {
  std::optional<std::uint64_t> ranks;
  std::vector<LaunchHost> hosts;  // none: this machine, or the nodes of the allocation
  std::string hostfile;           // what names the hosts; empty: the command names them
  bool fault_tolerant = true;     // ULFM, where MPI has it
  std::vector<std::string> program;
};

struct MpiFacts {
  std::string mpirun = "mpirun";  // as it is to be run
  int open_mpi = 0;               // the major version of Open MPI; 0: another MPI
  bool ulfm = false;              // it is built in
  bool asks_slurm = false;        // for the nodes
};

struct MachineFacts {
  std::uint64_t cores = 1;  // real ones, which mpirun counts as slots
  bool root = false;
  bool allocation = false;        // a batch system has given us nodes
  std::vector<LaunchHost> nodes;  // those of the allocation, if they are known
};

// Throws Error{Usage} if the number of ranks is missing or more than the hosts have slots, and Error{Config}
// for hosts of an MPI whose options are not known.
std::vector<std::string> launch_command(const LaunchRequest& request, const MpiFacts& mpi,
                                        const MachineFacts& machine);

// The command that starts one process on a host, the program's `--version`: whether the host can be used.
std::vector<std::string> question_to(const LaunchHost& host, const LaunchRequest& request,
                                     const MpiFacts& mpi, const MachineFacts& machine);

// The same job on these hosts: on fewer ranks if they have not the slots for all, and then without spares,
// whose places are taken.
LaunchRequest moved_to(std::vector<LaunchHost> hosts, const LaunchRequest& request);

// Whether the ranks go on by themselves when one is lost.
bool survives_losses(const LaunchRequest& request, const MpiFacts& mpi);

std::uint64_t slots_of(const std::vector<LaunchHost>& hosts);

// "a:2,b:1", as mpirun's -H takes it.
std::string hosts_text(const std::vector<LaunchHost>& hosts);

// "a:2,b": two slots and one, as mpirun's own -H reads it. Throws BadValue.
std::vector<LaunchHost> parse_hosts(std::string_view text);

// The hosts of a file as mpirun reads it: "NAME slots=N [max_slots=N]" a line, and comments behind '#'. None
// if it says anything else, or leaves it to mpirun how many slots a host has.
std::vector<LaunchHost> parse_hostfile(std::string_view text);

// The nodes of a Slurm allocation: their names, and what Slurm says of tasks, as in "2(x3),1". Without that,
// or for nodes that it does not reach, one task.
std::vector<LaunchHost> slurm_nodes(const std::vector<std::string>& names, std::string_view tasks_per_node);

}  // namespace thresh::cli
