// The node "map": hands the splits that no run covers to idle workers until all are covered.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "schedule/node.hpp"

namespace thresh::schedule {

// Each worker has at most one split under way and one prefetched. When all are done the workers seal, and
// what they then hold must be exactly the splits, each once: that is the cover.
// When every part is committed already there is nothing to map, whatever runs were lost.
class MapCoordinator : public Node {
 public:
  std::string name() const override { return "map"; }
  std::vector<Action> actions() const override;
  std::unique_ptr<Machine> prep(Job& job) override;
};

}  // namespace thresh::schedule
