#include "cli/run.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/terminal.hpp"
#include "engine/run.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

int report(ExitCode code, const char* what, bool speaks) {
  if (speaks) {
    print_error(what);
  } else {
    // The first rank that ends with an error makes mpirun end the others: let it be the one that speaks.
    std::this_thread::sleep_for(std::chrono::seconds(2));
  }
  return static_cast<int>(code);
}

// Each of many would do it, in each other's way.
void refuse_other_ranks(const Tool& tool) {
  if (!tool.acts || speaks_for_all()) return;
  std::string ranks;
  for (const std::string& rank : ranks_told()) ranks += (ranks.empty() ? "" : " ") + rank;
  throw Error(ExitCode::Usage,
              std::string(tool.name) + " runs in one process alone, and this is another rank (" + ranks +
                  "): start it without mpirun or srun; if each process is to run its own, unset that");
}

int execute(const Command& command) {
  if (const auto* print = std::get_if<Print>(&command)) {
    if (speaks_for_all()) print_out(print->text);
    return static_cast<int>(ExitCode::Done);
  }
  if (const auto* tool = std::get_if<RunTool>(&command)) {
    refuse_other_ranks(*tool->tool);
    return tool->tool->run(tool->arguments);
  }
  const auto& run = std::get<RunJob>(command);
  if (run.options.key) return engine::run(run.options, run.job->with_key(*run.options.key));
  return engine::run(run.options, *run.job);
}

}  // namespace

int run(int argc, char** argv) noexcept {
  occupy_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error that names it
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is seen as EPIPE; a lost peer must not end a rank
  bool speaks = true;
  try {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    // Of the ranks of a job one speaks; each process of a tool does its own work and tells of it.
    const bool is_tool = !arguments.empty() && find_tool(arguments.front()) != nullptr;
    speaks = is_tool || speaks_for_all();
    return execute(parse_command_line(arguments, registered_jobs()));
  } catch (const Error& error) {
    return report(error.code(), error.what(), speaks);
  } catch (const std::exception& error) {
    return report(ExitCode::Internal, error.what(), speaks);
  }
}

}  // namespace thresh::cli
