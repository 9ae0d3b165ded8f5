// `thresh supervise`: runs a command again until its job is done, cannot succeed, or gets nowhere.
#pragma once

#include "cli/tool.hpp"

namespace thresh::cli {

// Returns the exit code: 0 done; 69 gave up; 75 or 130 stopped by a signal, or 75 by --max-time; else why the
// job cannot succeed. Throws Error{Usage} for a command line that is wrong.
int supervise(const ToolArguments& arguments);

Tool supervise_tool();

}  // namespace thresh::cli
