// `thresh validate-sort`: whether files are in order, one after the other, and hold what another input holds.
#pragma once

#include "cli/tool.hpp"

namespace thresh::cli {

Tool validate_sort_tool();

}  // namespace thresh::cli
