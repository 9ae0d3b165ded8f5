// The node "reduce": has the partitions of the wave reduced to committed parts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "schedule/node.hpp"

namespace thresh::schedule {

// Ends with NextWave while partitions are left.
class ReduceCoordinator : public Node {
 public:
  std::string name() const override { return "reduce"; }
  std::vector<Action> actions() const override;
  std::unique_ptr<Machine> prep(Job& job) override;
};

}  // namespace thresh::schedule
