// The node "shuffle": moves a wave of partitions to their owners.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "schedule/node.hpp"

namespace thresh::schedule {

// Plans a wave of partitions that are not committed and waits until every worker has its slices.
class Shuffle : public Node {
 public:
  std::string name() const override { return "shuffle"; }
  std::vector<Action> actions() const override;
  std::unique_ptr<Machine> prep(Job& job) override;
};

}  // namespace thresh::schedule
