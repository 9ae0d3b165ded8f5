// thresh clean: removes what a killed run left and nobody needs.
#pragma once

#include "cli/tool.hpp"

namespace thresh::cli {

Tool clean_tool();

}  // namespace thresh::cli
