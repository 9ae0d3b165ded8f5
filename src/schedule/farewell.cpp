#include "schedule/farewell.hpp"

#include "core/messages.hpp"

namespace thresh::schedule {
namespace {

class FarewellMachine : public Machine {
 public:
  FarewellMachine(const Job& job, int code, Action action) : job_(job), code_(code), action_(action) {}

  Commands start(Time) override {
    Commands out;
    for (const WorkerId worker : job_.pool.live()) out.emplace_back(Send{worker, Dismiss{code_}});
    finish(action_);
    return out;
  }
  Commands handle(const Event&, Time) override { return {}; }

 private:
  const Job& job_;
  int code_;
  Action action_;
};

}  // namespace

std::unique_ptr<Machine> EndNode::prep(Job& job) {
  return std::make_unique<FarewellMachine>(job, 0, Action::Published);
}

std::unique_ptr<Machine> FailNode::prep(Job& job) {
  return std::make_unique<FarewellMachine>(job, job.failure.value().code, Action::Failed);
}

}  // namespace thresh::schedule
