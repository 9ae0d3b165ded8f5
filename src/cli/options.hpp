// The options of a job's command line: one table from which parsing, suggestions and help are made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/options.hpp"

namespace thresh::cli {

enum class Group { Data, Shaping, Running, Reporting };

struct OptionSpec {
  std::string_view name;      // long, without the dashes
  char letter;                // short form; 0: none
  std::string_view argument;  // what the value is; empty: a flag
  Group group;
  std::string_view text;       // for the help
  std::string_view otherwise;  // the default, for the help; empty for flags that are off by default
  // Puts the value into the options; flags get an empty one. Throws BadValue.
  void (*set)(engine::RunOptions& options, const std::string& value);
};

const std::vector<OptionSpec>& option_table();

// What the parser checks when all options are set. Throws Error{Usage}.
void check_options(const engine::RunOptions& options);

// The --peer-timeout that goes with a --task-timeout if none is given: a tenth more, at least a second.
std::chrono::milliseconds peer_timeout_for(std::chrono::milliseconds task_timeout);

}  // namespace thresh::cli
