// thresh drill: faults on purpose, on the user's own machine.
#pragma once

#include "cli/tool.hpp"

namespace thresh::cli {

Tool drill_tool();

}  // namespace thresh::cli
