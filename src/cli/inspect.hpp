// thresh inspect: what is there, and what to type.
#pragma once

#include "cli/tool.hpp"

namespace thresh::cli {

Tool inspect_tool();

}  // namespace thresh::cli
