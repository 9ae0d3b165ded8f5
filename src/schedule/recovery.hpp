// The node "recover": the next generation, and what the survivors still hold.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "schedule/node.hpp"

namespace thresh::schedule {

// Asks the fault handler, claims the next generation and calls the roll. A loss meanwhile starts it over.
class Recovery : public Node {
 public:
  std::string name() const override { return "recover"; }
  std::vector<Action> actions() const override;
  std::unique_ptr<Machine> prep(Job& job) override;
};

}  // namespace thresh::schedule
