#include "schedule/node.hpp"

#include <utility>

#include "schedule/phase.hpp"

namespace thresh::schedule {
namespace {

class MeteredMachine : public Machine {
 public:
  MeteredMachine(std::unique_ptr<Machine> inner, std::string name, Job& job)
      : inner_(std::move(inner)), name_(std::move(name)), job_(job) {}

  Machine& inner() noexcept { return *inner_; }

  Commands start(Time now) override {
    job_.metrics.phase_begins(name_, job_.generation, now);
    return measured(inner_->start(now), now);
  }
  Commands start_more(Time now) override {
    Commands more = inner_->start_more(now);
    if (!more.empty()) job_.metrics.phase_handled(more.size());
    return more;
  }
  Commands handle(const Event& event, Time now) override { return measured(inner_->handle(event, now), now); }

 private:
  Commands measured(Commands commands, Time now) {
    job_.metrics.phase_handled(commands.size());
    if (inner_->outcome()) {
      job_.metrics.phase_ends(action_name(*inner_->outcome()), job_.generation, now);
      finish(*inner_->outcome());
    }
    return commands;
  }

  std::unique_ptr<Machine> inner_;
  std::string name_;
  Job& job_;
};

}  // namespace

Action Node::post(Job&, Machine& machine) {
  return *machine.outcome();
}

Validated::Validated(std::unique_ptr<Node> node, Check before, Check after)
    : node_(std::move(node)), before_(std::move(before)), after_(std::move(after)) {}

std::unique_ptr<Machine> Validated::prep(Job& job) {
  std::optional<Failure> objection = before_ ? before_(job) : std::nullopt;
  refused_ = objection.has_value();
  if (!refused_) return node_->prep(job);
  job.failure = std::move(objection);
  return std::make_unique<FailedPhase>();
}

Action Validated::post(Job& job, Machine& machine) {
  if (refused_) return Action::Failed;
  const Action action = node_->post(job, machine);
  const bool came_to_nothing =
      action == Action::Lost || action == Action::GivenUp || action == Action::Failed;
  if (came_to_nothing || !after_) return action;
  std::optional<Failure> objection = after_(job);
  if (!objection) return action;
  job.failure = std::move(objection);
  return Action::Failed;
}

std::unique_ptr<Machine> Metered::prep(Job& job) {
  return std::make_unique<MeteredMachine>(node_->prep(job), node_->name(), job);
}

Action Metered::post(Job& job, Machine& machine) {
  return node_->post(job, static_cast<MeteredMachine&>(machine).inner());
}

}  // namespace thresh::schedule
