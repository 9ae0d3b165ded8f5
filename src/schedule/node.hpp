// A node of the job graph: prep(job) makes the phase's machine, drive() runs it, post() folds the result
// and names the edge to take. Checks and measurements are wrappers, not copied into each node.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/task.hpp"
#include "schedule/job.hpp"
#include "schedule/machine.hpp"

namespace thresh::schedule {

class Node {
 public:
  virtual ~Node() = default;
  virtual std::string name() const = 0;
  // Every action that post() can return. None: the job ends here.
  virtual std::vector<Action> actions() const = 0;
  // The machine borrows the job.
  virtual std::unique_ptr<Machine> prep(Job& job) = 0;
  // REQUIRES: the machine is the one that prep() made, and its outcome() is set.
  virtual Action post(Job& job, Machine& machine);
};

using Check = std::function<std::optional<Failure>(const Job&)>;

// Runs `before` in front of the node and `after` behind it, unless the node ends with Lost, GivenUp or
// Failed. What a check objects to becomes job.failure, and the action Failed. Either may be empty.
class Validated : public Node {
 public:
  Validated(std::unique_ptr<Node> node, Check before, Check after);
  std::string name() const override { return node_->name(); }
  std::vector<Action> actions() const override { return node_->actions(); }
  std::unique_ptr<Machine> prep(Job& job) override;
  Action post(Job& job, Machine& machine) override;

 private:
  std::unique_ptr<Node> node_;
  Check before_;
  Check after_;
  bool refused_ = false;
};

// Records begin, end, outcome and counts of each visit in job.metrics.
class Metered : public Node {
 public:
  explicit Metered(std::unique_ptr<Node> node) : node_(std::move(node)) {}
  std::string name() const override { return node_->name(); }
  std::vector<Action> actions() const override { return node_->actions(); }
  std::unique_ptr<Machine> prep(Job& job) override;
  Action post(Job& job, Machine& machine) override;

 private:
  std::unique_ptr<Node> node_;
};

}  // namespace thresh::schedule
