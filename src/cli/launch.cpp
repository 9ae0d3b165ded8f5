#include "cli/launch.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>
#include <variant>

#include "cli/command_line.hpp"
#include "cli/launch_command.hpp"
#include "cli/launch_facts.hpp"
#include "cli/shell_text.hpp"
#include "cli/supervise.hpp"
#include "cli/terminal.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using Words = std::vector<std::string>;

constexpr std::uint64_t kMostRanks = 1'000'000;
constexpr char kWho[] = "thresh launch";

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ExitCode::Usage, what);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// An option of launch that was typed behind the job; empty if there is none.
std::string misplaced_option(const Words& job) {
  const auto dashes = std::find(job.begin(), job.end(), "--");
  for (auto word = job.begin(); word != dashes; ++word) {
    std::string typed = word->substr(0, word->find('='));
    for (const ToolOption& option : launch_tool().options) {
      const std::string name(option.name);
      if (typed == "--" + name || typed == "-" + name || typed == std::string("-") + option.letter)
        return typed;
    }
  }
  return "";
}

// The job as its own ranks will understand it: what they would refuse is refused here, once.
RunJob check_job(const Words& job) {
  if (job.empty()) refuse("launch takes a job: thresh launch -np N JOB INPUT... -o DIR");
  try {
    const Command command = parse_command_line(job, registered_jobs());
    if (const auto* run = std::get_if<RunJob>(&command)) return *run;
  } catch (const Error&) {
    const std::string option = misplaced_option(job);
    if (option.empty()) throw;
    refuse("option " + option + " is launch's and goes before the job: thresh launch " + option + " ... " +
           job.front());
  }
  refuse("launch takes a job, and '" + job.front() + "' is none; thresh list names the jobs");
}

// Those that the file names, if it is one that can be read twice and no more than names and slots.
std::vector<LaunchHost> hosts_in(const std::string& hostfile) {
  const auto status = storage::file_status(hostfile, ExitCode::Usage);
  if (!status) refuse("option --hostfile: there is no file '" + hostfile + "'");
  if (status->kind != storage::FileStatus::Kind::Regular) return {};
  return parse_hostfile(storage::read_file(hostfile, ExitCode::Usage));
}

LaunchRequest read_request(const ToolArguments& arguments) {
  if (arguments.has("hosts") && arguments.has("hostfile"))
    refuse("--hosts and --hostfile exclude each other");
  LaunchRequest request;
  request.ranks = parse_value(arguments, "np",
                              [](const std::string& value) { return parse_count(value, 1, kMostRanks); });
  request.hosts = parse_value(arguments, "hosts", parse_hosts).value_or(std::vector<LaunchHost>());
  request.hostfile = arguments.value("hostfile").value_or("");
  if (arguments.has("hostfile")) request.hosts = hosts_in(request.hostfile);
  request.fault_tolerant = !arguments.has("no-ft");
  // No matter where a shell would find another thresh.
  request.program = {std::filesystem::read_symlink("/proc/self/exe").string()};
  request.program.insert(request.program.end(), arguments.command.begin(), arguments.command.end());
  return request;
}

void note_what_a_loss_costs(const LaunchRequest& request, const MpiFacts& mpi) {
  if (!request.fault_tolerant || survives_losses(request, mpi)) return;
  const std::string who = mpi.open_mpi == 0 ? mpi.mpirun + " is not that of Open MPI and gets -np alone"
                                            : "this Open MPI has no ULFM";
  print_note(kWho, who + ": the loss of a rank costs a restart");
}

// What a restart runs: the hosts that do not answer are left out of it.
Words next_command(LaunchRequest request, const MpiFacts& mpi, const MachineFacts& machine) {
  if (!request.hostfile.empty()) {  // it may say something else now
    try {
      request.hosts = hosts_in(request.hostfile);
    } catch (const Error&) {
      // mpirun will say so as well, and may do better the next time.
    }
  }
  std::vector<LaunchHost> there = hosts_that_answer(request, mpi, machine);
  if (there.empty() && !request.hosts.empty()) {
    print_note(kWho, "no host answers; trying all of them");
    there = request.hosts;
  }
  for (const LaunchHost& host : request.hosts) {
    if (std::find(there.begin(), there.end(), host) == there.end()) {
      print_note(kWho, "host " + host.name + " does not answer; goes on without it");
    }
  }
  const bool as_before =
      there.size() == request.hosts.size() && (there.empty() || slots_of(there) >= request.ranks.value_or(0));
  Words command = launch_command(as_before ? request : moved_to(there, request), mpi, machine);
  if (!as_before) print_note(kWho, "runs " + shell_text(command));
  return command;
}

int launch(const ToolArguments& arguments) {
  // The ranks of another mpirun would each start one.
  if (!environment("OMPI_COMM_WORLD_RANK").empty()) {
    refuse("thresh launch starts mpirun itself: run it without one");
  }
  const RunJob job = check_job(arguments.command);
  LaunchRequest request = read_request(arguments);
  Supervision plan;
  read_restart_options(arguments, plan);

  const std::string preferred = environment("THRESH_MPIRUN");
  const MpiFacts mpi = ask_mpi(arguments.value("mpirun").value_or(preferred.empty() ? "mpirun" : preferred));
  MachineFacts machine = look_at_machine();
  if (request.hosts.empty() && request.hostfile.empty()) machine.nodes = nodes_to_tell(mpi);
  const Words command = launch_command(request, mpi, machine);
  plan.command = understand(command);
  plan.output = job.options.output;
  plan.who = kWho;
  if (request.hosts.size() > 1 || !request.hostfile.empty())
    plan.next_command = [&] { return next_command(request, mpi, machine); };
  note_what_a_loss_costs(request, mpi);
  if (arguments.has("dry-run")) {
    print_out(shell_text(command) + "\n");
    return static_cast<int>(ExitCode::Done);
  }
  print_note(kWho, "runs " + shell_text(command));
  return supervise(plan);
}

}  // namespace

Tool launch_tool() {
  std::vector<ToolOption> options = {
      {"np", "N", "Ranks. In an allocation of a batch system, or with hosts, all slots unless given.", 'n'},
      {"hosts", "LIST", "Hosts and how many ranks each may have: node1:8,node2:8."},
      {"hostfile", "FILE", "The same in a file, as mpirun reads it: a line NAME slots=N each."},
      {"no-ft", "", "Leave ULFM off: a lost rank costs a restart."},
      {"mpirun", "PATH", "Another mpirun. [default: THRESH_MPIRUN of the environment, or mpirun]"},
      {"dry-run", "", "Print the command on stdout, to be typed into a shell, and run nothing."}};
  for (const ToolOption& option : restart_options()) options.push_back(option);
  return {"launch",
          "runs a job on ranks until it is done",
          {"-np N [options] JOB INPUT... -o DIR [options of the job]",
           "[-np N] --hosts A:2,B:2 JOB INPUT... -o DIR"},
          "Puts together the command for the mpirun that is there and supervises it, as\n"
          "thresh supervise does. With Open MPI 5 and ULFM the other ranks go on when one is\n"
          "lost. When they cannot, the command is run again, until OUTPUT holds _SUCCESS.\n"
          "Options of launch come before the job.\n",
          std::move(options),
          launch,
          /*acts=*/true,
          /*starts_job=*/true};
}

}  // namespace thresh::cli
