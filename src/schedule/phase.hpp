// What the machines of the job graph have in common: who is listened to, and what ends any phase.
#pragma once

#include <optional>

#include "core/messages.hpp"
#include "schedule/job.hpp"
#include "schedule/machine.hpp"

namespace thresh::schedule {

// The generation that a worker's message speaks of.
std::optional<Generation> generation_of(const Message& message);

// Borrows the job, which must outlive it.
class Phase : public Machine {
 public:
  explicit Phase(Job& job) : job_(job) {}

  // The dead are told to leave and not listened to, older generations are ignored, statistics are collected;
  // a failing worker, failed file work or a wish to stop ends the phase as Failed, a loss as Lost.
  // The rest goes to the functions below. REQUIRES: the pool already knows of a WorkerLost.
  Commands handle(const Event& event, Time now) final;

 protected:
  // From a live worker, of the job's generation.
  virtual void on_message(WorkerId from, const Message& message, Time now, Commands& out) = 0;
  // Of the job's generation.
  virtual void on_heartbeat(WorkerId, const Heartbeat&) {}
  // InputsListed, JobOpened, GenerationClaimed or Published.
  virtual void on_file_work(const Event& event, Time now, Commands& out);
  virtual void on_lost(WorkerId worker);
  // False once the job can no longer be stopped.
  virtual bool can_fail() const noexcept { return true; }

  void fail(Failure failure);
  // A message that was seen before, or that nobody asked for.
  void ignore() { ++job_.metrics.tasks().late_ignored; }

  Job& job_;

 private:
  void on_received(const Received& received, Time now, Commands& out);
};

// Fails as soon as it starts; job.failure says why.
class FailedPhase : public Machine {
 public:
  Commands start(Time) override {
    finish(Action::Failed);
    return {};
  }
  Commands handle(const Event&, Time) override { return {}; }
};

}  // namespace thresh::schedule
