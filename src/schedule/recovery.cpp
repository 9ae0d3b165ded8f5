#include "schedule/recovery.hpp"

#include <variant>

#include "schedule/phase.hpp"
#include "schedule/roll_call.hpp"

namespace thresh::schedule {
namespace {

class RecoverPhase : public Phase {
 public:
  explicit RecoverPhase(Job& job) : Phase(job), roll_(job) {}

  Commands start(Time) override {
    if (auto refusal = job_.faults.refuse_recovery(job_.pool.live().size(), job_.progress)) {
      job_.failure = std::move(refusal);
      finish(Action::GivenUp);
      return {};
    }
    return {ClaimGeneration{job_.generation + 1}};
  }

 protected:
  void on_file_work(const Event& event, Time now, Commands& out) override {
    const auto* claimed = std::get_if<GenerationClaimed>(&event);
    if (claimed == nullptr || roll_.started()) return ignore();
    job_.generation = claimed->generation;
    if (lost_meanwhile_) return finish(Action::Lost);
    roll_.start(claimed->files, now, out);
    if (roll_.failure()) return fail(*roll_.failure());
  }

  void on_message(WorkerId from, const Message& message, Time now, Commands& out) override {
    if (!roll_.take(from, message)) return ignore();
    if (roll_.failure()) return fail(*roll_.failure());
    if (!roll_.complete()) return;
    roll_.choose(now, out);
    job_.faults.recovered();
    ++job_.metrics.tasks().recoveries;
    finish(Action::Recovered);
  }

  void on_lost(WorkerId) override {
    // A claim under way is waited for, so that no two are.
    lost_meanwhile_ = true;
    if (roll_.started()) finish(Action::Lost);
  }

 private:
  RollCall roll_;
  bool lost_meanwhile_ = false;
};

}  // namespace

std::vector<Action> Recovery::actions() const {
  return {Action::Recovered, Action::Lost, Action::GivenUp, Action::Failed};
}

std::unique_ptr<Machine> Recovery::prep(Job& job) {
  return std::make_unique<RecoverPhase>(job);
}

}  // namespace thresh::schedule
