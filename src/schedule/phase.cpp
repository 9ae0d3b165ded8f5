#include "schedule/phase.hpp"

#include <type_traits>
#include <utility>
#include <variant>

#include "thresh/errors.hpp"

namespace thresh::schedule {

std::optional<Generation> generation_of(const Message& message) {
  return std::visit(
      [](const auto& body) -> std::optional<Generation> {
        if constexpr (std::is_same_v<std::decay_t<decltype(body)>, Dismiss>) {
          return std::nullopt;
        } else {
          return body.generation;
        }
      },
      message);
}

Commands Phase::handle(const Event& event, Time now) {
  Commands out;
  if (const auto* received = std::get_if<Received>(&event)) {
    on_received(*received, now, out);
  } else if (const auto* lost = std::get_if<WorkerLost>(&event)) {
    on_lost(lost->worker);
  } else if (const auto* stop = std::get_if<StopAsked>(&event)) {
    if (can_fail()) fail(stop->reason);
  } else if (const auto* failed = std::get_if<FileWorkFailed>(&event)) {
    fail(failed->failure);
  } else if (!std::holds_alternative<Tick>(event)) {
    on_file_work(event, now, out);
  }
  return out;
}

void Phase::on_received(const Received& received, Time now, Commands& out) {
  if (!job_.pool.is_live(received.from)) {
    ignore();
    if (job_.pool.owes_dismissal(received.from)) {
      out.emplace_back(Send{received.from, Dismiss{static_cast<int>(ExitCode::StoppedEarly)}});
    }
    return;
  }
  if (const auto* heartbeat = std::get_if<Heartbeat>(&received.message)) {
    job_.metrics.heard(received.from, heartbeat->stats);
    if (heartbeat->stats.leaving != 0) job_.pool.drain(received.from, now);
    if (heartbeat->generation == job_.generation) on_heartbeat(received.from, *heartbeat);
    return;
  }
  if (const auto* failed = std::get_if<WorkerFailed>(&received.message)) {
    // Whatever generation it failed in: a worker that cannot seal or write now could not then.
    if (can_fail()) {
      fail(job_.faults.worker_failed(received.from, job_.metrics.host_of(received.from), failed->failure));
    }
    return;
  }
  if (generation_of(received.message) != job_.generation) {
    ignore();
    return;
  }
  on_message(received.from, received.message, now, out);
}

void Phase::on_file_work(const Event&, Time, Commands&) {
  ignore();
}

void Phase::on_lost(WorkerId) {
  finish(Action::Lost);
}

void Phase::fail(Failure failure) {
  job_.failure = std::move(failure);
  finish(Action::Failed);
}

}  // namespace thresh::schedule
