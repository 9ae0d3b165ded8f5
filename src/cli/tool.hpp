// The commands besides jobs: `thresh verify DIR` and the like. They run in one process, without MPI.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/number.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {

struct ToolOption {
  std::string_view name;      // long, without the dashes
  std::string_view argument;  // what the value is; empty: a flag
  std::string_view text;      // for the help
  char letter = 0;            // short form; 0: none
};

// What was typed behind the tool's name.
class ToolArguments {
 public:
  std::vector<std::string> words;
  std::vector<std::string> command;  // what follows "--", or the first word of a tool that starts a job
  // The value of an option; empty for a flag. None if it was not given.
  std::optional<std::string> value(std::string_view option) const;
  bool has(std::string_view option) const { return value(option).has_value(); }

  std::vector<std::pair<std::string, std::string>> values;  // option, value; "help" may be among them
};

struct Tool {
  std::string_view name;
  std::string_view summary;             // one line
  std::vector<std::string_view> usage;  // what follows "thresh NAME", a line each
  std::string_view details;             // for its help; lines of at most 80 columns
  std::vector<ToolOption> options;
  // Returns the exit code. Throws Error.
  int (*run)(const ToolArguments& arguments);
  // It changes or starts something, so of the ranks that a launcher started 0 alone may run it. Others only
  // look, and any process may.
  bool acts = false;
  // Its options end at the first word, from which on all is the command line of a job. Long ones may have one
  // dash, as mpirun's -np.
  bool starts_job = false;
};

const std::vector<Tool>& tools();
// None if no tool has that name.
const Tool* find_tool(std::string_view name);

// The one word of a command that looks at a directory. Throws Error{Usage} if there is another number of
// them.
std::string directory_of(std::string_view tool, const ToolArguments& arguments);

// `arguments` without the tool's name. Throws Error{Usage}, with the nearest name for an unknown option.
ToolArguments parse_tool(const Tool& tool, const std::vector<std::string>& arguments);

// What `parse` makes of the option's value; none if it was not given. Throws Error{Usage} where `parse`
// throws BadValue.
template <typename Parse>
auto parse_value(const ToolArguments& arguments, const std::string& option, Parse parse)
    -> std::optional<decltype(parse(std::string()))> {
  const auto value = arguments.value(option);
  if (!value) return std::nullopt;
  try {
    return parse(*value);
  } catch (const BadValue& bad) {
    throw Error(ExitCode::Usage, "option --" + option + ": '" + *value + "' " + bad.what());
  }
}

}  // namespace thresh::cli
