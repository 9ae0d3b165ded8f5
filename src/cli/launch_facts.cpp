#include "cli/launch_facts.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "cli/child.hpp"
#include "cli/number.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kMostToAnswer = 30s;
constexpr std::chrono::seconds kMostToStart = 15s;  // a process on a host that is there
constexpr std::size_t kMostAtOnce = 16;             // questions to hosts
constexpr int kWithPrrte = 5;  // from this Open MPI on it is PRRTE that knows batch systems

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What the command says; nothing if it fails, is not there or does not come to an end.
std::string answer_of(const std::vector<std::string>& command, std::chrono::seconds most = kMostToAnswer) {
  try {
    const ChildEnd end = run_child(command, most);
    return end.in_time && end.code == 0 ? end.said : "";
  } catch (const Error&) {
    return "";
  }
}

std::string beside(const std::string& mpirun, const std::string& name) {
  const std::size_t slash = mpirun.rfind('/');
  return slash == std::string::npos ? name : mpirun.substr(0, slash + 1) + name;
}

// Cores and not hardware threads, as mpirun counts. Where the kernel does not tell: whatever we may run on.
std::uint64_t physical_cores() {
  const std::string cpus = "/sys/devices/system/cpu/";
  std::set<std::pair<std::string, std::string>> cores;
  try {
    for (const std::string& name : storage::list_directory(cpus)) {
      if (!name.starts_with("cpu") || name.find_first_not_of("0123456789", 3) != std::string::npos) continue;
      const std::string topology = cpus + name + "/topology/";
      if (!storage::link_status(topology + "core_id")) continue;  // it is offline
      cores.emplace(storage::read_file(topology + "physical_package_id"),
                    storage::read_file(topology + "core_id"));
    }
  } catch (const Error&) {
    cores.clear();
  }
  const std::uint64_t usable = std::max(1U, std::thread::hardware_concurrency());
  return cores.empty() ? usable : std::min<std::uint64_t>(cores.size(), usable);
}

}  // namespace

int open_mpi_version(std::string_view mpirun_version) {
  constexpr std::string_view kName = "(Open MPI) ";
  const std::size_t at = mpirun_version.find(kName);
  if (at == std::string_view::npos) return 0;
  int version = 0;
  for (const char c : mpirun_version.substr(at + kName.size())) {
    if (c < '0' || c > '9' || version > 1000) break;
    version = version * 10 + (c - '0');
  }
  return version;
}

bool has_ulfm(std::string_view ompi_info) {
  constexpr std::string_view kHeading = "MPI extensions:";
  const std::size_t at = ompi_info.find(kHeading);
  if (at == std::string_view::npos) return false;
  // A long list is broken into lines; the next heading ends it.
  const std::string_view rest = ompi_info.substr(at + kHeading.size());
  return rest.substr(0, rest.find(':')).find("ftmpi") != std::string_view::npos;
}

bool asks_slurm(std::string_view info) {
  return info.find("MCA ras: slurm ") != std::string_view::npos;
}

MpiFacts ask_mpi(const std::string& mpirun) {
  MpiFacts mpi;
  mpi.mpirun = mpirun;
  ChildEnd end;
  try {
    end = run_child({mpirun, "--version"}, kMostToAnswer);
  } catch (const Error& error) {
    throw Error(ExitCode::Config, std::string(error.what()) +
                                      "; install Open MPI, put its mpirun into PATH or give --mpirun PATH");
  }
  if (!end.in_time) {
    throw Error(ExitCode::Config, mpirun + " --version does not come to an end; give another --mpirun PATH");
  }
  mpi.open_mpi = open_mpi_version(end.said);
  if (mpi.open_mpi == 0) return mpi;
  const std::string info = answer_of({beside(mpirun, "ompi_info")});
  mpi.ulfm = has_ulfm(info);
  mpi.asks_slurm = asks_slurm(info);
  if (mpi.open_mpi >= kWithPrrte && !mpi.asks_slurm && !environment("SLURM_JOB_ID").empty()) {
    mpi.asks_slurm = asks_slurm(answer_of({beside(mpirun, "prte_info")}));
  }
  return mpi;
}

MachineFacts look_at_machine() {
  MachineFacts machine;
  machine.cores = physical_cores();
  machine.root = ::geteuid() == 0;
  // Slurm, PBS, LSF and Grid Engine, which mpirun looks for as well.
  for (const char* sign : {"SLURM_JOB_ID", "PBS_NODEFILE", "LSB_DJOB_HOSTFILE", "PE_HOSTFILE"}) {
    if (!environment(sign).empty()) machine.allocation = true;
  }
  return machine;
}

std::vector<LaunchHost> hosts_that_answer(const LaunchRequest& request, const MpiFacts& mpi,
                                          const MachineFacts& machine) {
  std::vector<char> answers(request.hosts.size(), 0);
  std::atomic<std::size_t> next{0};
  const auto ask = [&] {
    for (std::size_t i = next++; i < answers.size(); i = next++) {
      answers[i] = !answer_of(question_to(request.hosts[i], request, mpi, machine), kMostToStart).empty();
    }
  };
  {
    std::vector<std::jthread> who;
    while (who.size() < std::min(kMostAtOnce, answers.size())) who.emplace_back(ask);
  }
  std::vector<LaunchHost> there;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i] != 0) there.push_back(request.hosts[i]);
  }
  return there;
}

std::vector<LaunchHost> nodes_to_tell(const MpiFacts& mpi) {
  if (mpi.open_mpi == 0 || mpi.asks_slurm || environment("SLURM_JOB_ID").empty()) return {};
  std::vector<std::string> names;
  std::istringstream lines(answer_of({"scontrol", "show", "hostnames", environment("SLURM_JOB_NODELIST")}));
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  if (names.empty()) {
    throw Error(
        ExitCode::Config,
        "this mpirun does not know Slurm, and scontrol does not name the nodes of the allocation: give "
        "them as --hosts NAME:SLOTS,...");
  }
  try {
    return slurm_nodes(names, environment("SLURM_TASKS_PER_NODE"));
  } catch (const BadValue& bad) {
    throw Error(ExitCode::Config,
                "SLURM_TASKS_PER_NODE='" + environment("SLURM_TASKS_PER_NODE") + "' " + bad.what());
  }
}

}  // namespace thresh::cli
