// The nodes "end" and "fail": the job is over and the workers are told so.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "schedule/node.hpp"

namespace thresh::schedule {

class EndNode : public Node {
 public:
  std::string name() const override { return "end"; }
  std::vector<Action> actions() const override { return {}; }
  std::unique_ptr<Machine> prep(Job& job) override;
};

// REQUIRES: job.failure is set.
class FailNode : public Node {
 public:
  std::string name() const override { return "fail"; }
  std::vector<Action> actions() const override { return {}; }
  std::unique_ptr<Machine> prep(Job& job) override;
};

}  // namespace thresh::schedule
