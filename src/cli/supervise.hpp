// `thresh supervise`: runs a command again until its job is done, cannot succeed, or gets nowhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/supervised_command.hpp"
#include "cli/tool.hpp"

namespace thresh::cli {

struct Supervision {
  SupervisedCommand command;
  std::string output;  // of the job
  std::uint64_t max_restarts = 5;
  std::chrono::milliseconds pause{1000};  // before the first restart; longer for each further one
  std::string who = "thresh supervise";   // in messages
  // Says before each restart what is to be run then; none: always the same. A later --fresh is left out.
  std::function<std::vector<std::string>()> next_command;
};

// Returns the exit code: 0 done; 69 gave up; 75 or 130 stopped by a signal, or 75 by --max-time; else why the
// job cannot succeed. Throws Error{Usage} for a command that cannot be run.
int supervise(const Supervision& plan);

// --max-restarts and --backoff, for every tool that supervises.
std::vector<ToolOption> restart_options();
// Throws Error{Usage}.
void read_restart_options(const ToolArguments& arguments, Supervision& plan);

Tool supervise_tool();

}  // namespace thresh::cli
