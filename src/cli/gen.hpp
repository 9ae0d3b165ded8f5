// thresh gen: data to try jobs on.
#pragma once

#include "cli/tool.hpp"

namespace thresh::cli {

Tool gen_tool();

}  // namespace thresh::cli
