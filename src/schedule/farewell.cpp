#include "schedule/farewell.hpp"

#include <map>
#include <variant>

#include "core/messages.hpp"
#include "thresh/errors.hpp"

namespace thresh::schedule {
namespace {

class FarewellMachine : public Machine {
 public:
  FarewellMachine(const Job& job, int code, Action action) : job_(job), code_(code), action_(action) {}

  Commands start(Time) override {
    Commands out;
    if (job_.failure) out.emplace_back(RecordOutcome{*job_.failure});
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

// Lets the workers write what is in no file yet; not for longer than the bound, and no worker that is silent.
class SavingFarewell : public Machine {
 public:
  SavingFarewell(Job& job, int code) : job_(job), code_(code) {}

  Commands start(Time now) override {
    Commands out;
    out.emplace_back(RecordOutcome{*job_.failure});
    deadline_ = now + job_.options.save_timeout;
    for (const WorkerId worker : job_.pool.live()) waiting_[worker] = now;
    ask(out);
    if (waiting_.empty()) leave(out);
    return out;
  }

  Commands handle(const Event& event, Time now) override {
    Commands out;
    if (const auto* received = std::get_if<Received>(&event)) {
      on_received(*received, now);
    } else if (const auto* lost = std::get_if<WorkerLost>(&event)) {
      waiting_.erase(lost->worker);
      if (lost->transport_anew) ask(out);
    }
    std::erase_if(waiting_,
                  [&](const auto& worker) { return now - worker.second > job_.options.save_silence; });
    if (waiting_.empty() || now >= deadline_) leave(out);
    return out;
  }

 private:
  void ask(Commands& out) {
    for (const auto& [worker, heard] : waiting_) out.emplace_back(Send{worker, SaveRuns{job_.generation}});
  }

  void on_received(const Received& received, Time now) {
    const auto worker = waiting_.find(received.from);
    if (worker == waiting_.end()) return;
    worker->second = now;
    if (const auto* heartbeat = std::get_if<Heartbeat>(&received.message)) {
      job_.metrics.heard(received.from, heartbeat->stats);
    } else if (std::holds_alternative<RunsSaved>(received.message)) {
      waiting_.erase(worker);
    }
  }

  void leave(Commands& out) {
    for (const WorkerId worker : job_.pool.live()) out.emplace_back(Send{worker, Dismiss{code_}});
    finish(Action::Failed);
  }

  Job& job_;
  int code_;
  Time deadline_{};
  std::map<WorkerId, Time> waiting_;  // when each was last heard
};

}  // namespace

std::unique_ptr<Machine> EndNode::prep(Job& job) {
  return std::make_unique<FarewellMachine>(job, 0, Action::Published);
}

std::unique_ptr<Machine> FailNode::prep(Job& job) {
  const int code = job.failure.value().code;
  // After an error of our own what is in memory may be wrong.
  const bool worth_saving =
      job.options.checkpoints && job.generation > 0 && code != static_cast<int>(ExitCode::Internal);
  if (!worth_saving) return std::make_unique<FarewellMachine>(job, code, Action::Failed);
  return std::make_unique<SavingFarewell>(job, code);
}

}  // namespace thresh::schedule
