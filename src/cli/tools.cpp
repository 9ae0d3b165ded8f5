#include <algorithm>

#include "cli/clean.hpp"
#include "cli/drill.hpp"
#include "cli/gen.hpp"
#include "cli/inspect.hpp"
#include "cli/launch.hpp"
#include "cli/status.hpp"
#include "cli/supervise.hpp"
#include "cli/tool.hpp"
#include "cli/validate_sort.hpp"
#include "cli/verify.hpp"

namespace thresh::cli {

const std::vector<Tool>& tools() {
  static const std::vector<Tool> all = {clean_tool(),         drain_tool(),  drill_tool(),  gen_tool(),
                                        inspect_tool(),       launch_tool(), status_tool(), supervise_tool(),
                                        validate_sort_tool(), verify_tool()};
  return all;
}

const Tool* find_tool(std::string_view name) {
  const auto at = std::find_if(tools().begin(), tools().end(), [&](const Tool& t) { return t.name == name; });
  return at == tools().end() ? nullptr : &*at;
}

}  // namespace thresh::cli
