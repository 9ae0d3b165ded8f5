#include "schedule/drive.hpp"

#include <chrono>
#include <string>
#include <variant>

namespace thresh::schedule {
namespace {

void perform(const Commands& commands, Port& port) {
  for (const Command& command : commands) port.perform(command);
}

// False: the machine need not know, as the worker is lost already, and nothing else with it.
bool note_loss(const WorkerLost& lost, Job& job, Time now) {
  const Time silent = job.pool.silence(lost.worker, now);
  if (!job.pool.lose(lost.worker, now)) return lost.transport_anew;
  job.metrics.loss_noticed(lost.worker, now, silent, lost.repair);
  job.faults.worker_lost(lost.worker, job.metrics.host_of(lost.worker), job.phase, lost.reason,
                         !lost.transport_anew);
  return true;
}

void dispatch(const Event& event, Machine& machine, Job& job, Port& port) {
  const Time now = port.now();
  if (const auto* received = std::get_if<Received>(&event)) job.pool.heard(received->from, now);
  const auto* lost = std::get_if<WorkerLost>(&event);
  if (lost != nullptr && !note_loss(*lost, job, now)) return;
  perform(machine.handle(event, now), port);
}

void look_after_workers(Machine& machine, Job& job, Port& port) {
  const Time now = port.now();
  for (const WorkerId worker : job.pool.check(now)) {
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(job.pool.liveness().peer_timeout).count();
    const std::string bound = ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
    const WorkerLost lost{worker, "silent for more than " + bound};
    note_loss(lost, job, now);
    if (!machine.outcome()) perform(machine.handle(lost, now), port);
  }
  for (const WorkerId worker : job.pool.live()) port.perform(Send{worker, Ping{job.generation}});
}

}  // namespace

Action drive(Machine& machine, Job& job, Port& port) {
  perform(machine.start(port.now()), port);
  while (!machine.outcome()) {
    const Commands more = machine.start_more(port.now());
    if (more.empty()) break;
    perform(more, port);
  }
  while (!machine.outcome()) {
    const Event event = port.wait(job.pool.next_check());
    job.pool.awake(port.now());
    dispatch(event, machine, job, port);
    if (!machine.outcome() && port.now() >= job.pool.next_check()) look_after_workers(machine, job, port);
    job.metrics.states_changed(job.pool.take_changes());
  }
  job.metrics.states_changed(job.pool.take_changes());
  return *machine.outcome();
}

}  // namespace thresh::schedule
