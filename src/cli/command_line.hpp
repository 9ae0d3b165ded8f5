// From argv to what is to be done.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/tool.hpp"
#include "engine/options.hpp"
#include "thresh/job_type.hpp"

namespace thresh::cli {

// Something to print on stdout; nothing is run.
struct Print {
  std::string text;
};

struct RunJob {
  const JobType* job = nullptr;  // one of the jobs given to parse_command_line
  engine::RunOptions options;
};

struct RunTool {
  const Tool* tool = nullptr;  // one of tools()
  ToolArguments arguments;
};

using Command = std::variant<Print, RunJob, RunTool>;

// `arguments` without the program's name. Touches neither files nor MPI.
// Throws Error{Usage} with one line that says what is wrong and, for a misspelt name, what was meant.
Command parse_command_line(const std::vector<std::string>& arguments, const std::vector<JobType>& jobs);

}  // namespace thresh::cli
