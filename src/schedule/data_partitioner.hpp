// The node "partition": input paths to splits and a number of partitions, and the opening of the job.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "schedule/node.hpp"

namespace thresh::schedule {

// Lists the inputs, plans, opens the job and calls the roll of its first generation.
class DataPartitioner : public Node {
 public:
  std::string name() const override { return "partition"; }
  std::vector<Action> actions() const override;
  std::unique_ptr<Machine> prep(Job& job) override;
};

}  // namespace thresh::schedule
