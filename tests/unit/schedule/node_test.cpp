#include "schedule/node.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace thresh;
using namespace thresh::schedule;

// Ends at its first event.
class OneEventMachine : public Machine {
 public:
  explicit OneEventMachine(Action action) : action_(action) {}
  Commands start(Time) override { return {ListInputs{}}; }
  Commands handle(const Event&, Time) override {
    finish(action_);
    return {};
  }

 private:
  Action action_;
};

class OneEventNode : public Node {
 public:
  explicit OneEventNode(Action action) : action_(action) {}
  std::string name() const override { return "one"; }
  std::vector<Action> actions() const override { return {action_, Action::Failed}; }
  std::unique_ptr<Machine> prep(Job&) override { return std::make_unique<OneEventMachine>(action_); }

 private:
  Action action_;
};

std::optional<Failure> object(const Job&) {
  return Failure{70, "no"};
}

Action run(Node& node, Job& job) {
  const auto machine = node.prep(job);
  machine->start(Time{});
  if (!machine->outcome()) machine->handle(Tick{}, std::chrono::seconds(3));
  return node.post(job, *machine);
}

TEST_CASE("a check that objects before a node keeps it from running") {
  Job job;
  Validated node(std::make_unique<OneEventNode>(Action::Mapped), object, {});
  const auto machine = node.prep(job);
  REQUIRE(machine->start(Time{}).empty());
  REQUIRE(machine->outcome() == Action::Failed);
  REQUIRE(node.post(job, *machine) == Action::Failed);
  REQUIRE(job.failure == Failure{70, "no"});
}

TEST_CASE("a check that objects behind a node turns its action into failed") {
  Job job;
  Validated node(std::make_unique<OneEventNode>(Action::Mapped), {}, object);
  REQUIRE(run(node, job) == Action::Failed);
  REQUIRE(job.failure == Failure{70, "no"});
}

TEST_CASE("a node that came to nothing is not checked") {
  Job job;
  Validated node(std::make_unique<OneEventNode>(Action::Lost), {}, object);
  REQUIRE(run(node, job) == Action::Lost);
  REQUIRE_FALSE(job.failure);
}

TEST_CASE("metering records when a phase began and ended, and how") {
  Job job;
  Metered node(std::make_unique<OneEventNode>(Action::Mapped));
  REQUIRE(run(node, job) == Action::Mapped);
  REQUIRE(job.metrics.phases().size() == 1);
  const PhaseTiming& phase = job.metrics.phases().front();
  REQUIRE(phase.name == "one");
  REQUIRE(phase.outcome == "mapped");
  REQUIRE(phase.end - phase.begin == std::chrono::seconds(3));
  REQUIRE(phase.commands == 1);
}

}  // namespace
