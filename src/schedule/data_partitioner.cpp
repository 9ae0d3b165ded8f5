#include "schedule/data_partitioner.hpp"

#include <utility>
#include <variant>

#include "schedule/phase.hpp"
#include "schedule/roll_call.hpp"
#include "schedule/split_planner.hpp"

namespace thresh::schedule {
namespace {

class PartitionPhase : public Phase {
 public:
  explicit PartitionPhase(Job& job) : Phase(job), roll_(job) {}

  Commands start(Time) override { return {ListInputs{}}; }

 protected:
  void on_file_work(const Event& event, Time now, Commands& out) override {
    if (const auto* listed = std::get_if<InputsListed>(&event)) {
      plan(*listed, out);
    } else if (const auto* opened = std::get_if<JobOpened>(&event)) {
      open(*opened, now, out);
    } else {
      ignore();
    }
  }

  void on_message(WorkerId from, const Message& message, Time now, Commands& out) override {
    if (!roll_.take(from, message)) return ignore();
    if (roll_.failure()) return fail(*roll_.failure());
    if (!roll_.complete()) return;
    roll_.choose(now, out);
    finish(Action::Partitioned);
  }

  void on_lost(WorkerId) override {
    // Without a plan there is nothing to recover yet.
    lost_early_ = true;
    if (roll_.started()) finish(Action::Lost);
  }

 private:
  void plan(const InputsListed& listed, Commands& out) {
    auto planned = plan_splits(listed.inputs, job_.options);
    if (auto* refusal = std::get_if<Failure>(&planned)) return fail(std::move(*refusal));
    job_.adopt(std::get<JobPlan>(std::move(planned)));
    out.emplace_back(OpenJob{job_.plan});
  }

  void open(const JobOpened& opened, Time now, Commands& out) {
    job_.generation = opened.generation;
    job_.job_id = opened.job_id;
    job_.run_directory = opened.run_directory;
    job_.plan.split_points = opened.split_points;
    if (opened.already_complete) return finish(Action::AlreadyComplete);
    if (lost_early_ || job_.pool.live().empty()) return finish(Action::Lost);
    roll_.start(opened.files, now, out);
    if (roll_.failure()) fail(*roll_.failure());
  }

  RollCall roll_;
  bool lost_early_ = false;
};

}  // namespace

std::vector<Action> DataPartitioner::actions() const {
  return {Action::Partitioned, Action::AlreadyComplete, Action::Lost, Action::Failed};
}

std::unique_ptr<Machine> DataPartitioner::prep(Job& job) {
  return std::make_unique<PartitionPhase>(job);
}

}  // namespace thresh::schedule
