#include "cli/tool.hpp"

namespace thresh::cli {

const std::vector<Tool>& tools() {
  static const std::vector<Tool> all = {};
  return all;
}

}  // namespace thresh::cli
