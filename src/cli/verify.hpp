// thresh verify: is everything there, and is it what was written?
#pragma once

#include "cli/tool.hpp"

namespace thresh::cli {

Tool verify_tool();

}  // namespace thresh::cli
