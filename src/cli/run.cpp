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

int report(ExitCode code, const char* what) {
  if (speaks_for_all()) {
    print_error(what);
  } else {
    // The first rank that ends with an error makes mpirun end the others: let it be the one that speaks.
    std::this_thread::sleep_for(std::chrono::seconds(2));
  }
  return static_cast<int>(code);
}

int execute(const Command& command) {
  if (const auto* print = std::get_if<Print>(&command)) {
    if (speaks_for_all()) print_out(print->text);
    return static_cast<int>(ExitCode::Done);
  }
  if (const auto* tool = std::get_if<RunTool>(&command)) {
    if (!speaks_for_all()) return static_cast<int>(ExitCode::Done);
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
  try {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return execute(parse_command_line(arguments, registered_jobs()));
  } catch (const Error& error) {
    return report(error.code(), error.what());
  } catch (const std::exception& error) {
    return report(ExitCode::Internal, error.what());
  }
}

}  // namespace thresh::cli
