// `thresh status` and `thresh drain`: what a job that runs is at, and a worker of it that is to leave.
#pragma once

#include "cli/tool.hpp"

namespace thresh::cli {

Tool status_tool();
Tool drain_tool();

}  // namespace thresh::cli
