// The node "aggregate": has every part read back, then publishes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schedule/node.hpp"

namespace thresh::schedule {

// Once publishing has begun nothing but its own failure stops it: the workers are not needed any more, and
// parts already moved would be missed by a recovery.
class ResultAggregator : public Node {
 public:
  std::string name() const override { return "aggregate"; }
  std::vector<Action> actions() const override;
  std::unique_ptr<Machine> prep(Job& job) override;
};

// The conservation ledger: each part took in exactly the rows that the runs of its wave held, all parts were
// made from the same data, and a conserved weight is the same at the emits and in the lines.
std::optional<Failure> check_ledger(const Job& job);

}  // namespace thresh::schedule
