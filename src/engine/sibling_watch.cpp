#include "engine/sibling_watch.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "engine/logging.hpp"
#include "storage/process.hpp"

namespace thresh::engine {
namespace {

// None if the process is gone, or its id belongs to another one by now.
std::optional<storage::ProcessState> state_of(const comm::Process& process) {
  auto state = storage::process_state(process.pid);
  const bool same =
      state && !state->dead() && std::strtoull(state->start_time.c_str(), nullptr, 10) == process.start_time;
  return same ? std::move(state) : std::nullopt;
}

}  // namespace

SiblingWatch::SiblingWatch(std::vector<comm::Process> processes, comm::Process self,
                           std::chrono::milliseconds longest_stop)
    : longest_stop_(longest_stop) {
  std::rotate(processes.begin(), std::find(processes.begin(), processes.end(), self), processes.end());
  for (const comm::Process& process : processes) {
    if (process != self && process != comm::Process{}) after_self_.push_back({process, {}});
  }
}

void SiblingWatch::look(std::chrono::milliseconds since_last) {
  for (Sibling& sibling : after_self_) {
    const auto state = state_of(sibling.process);
    if (!state) continue;
    if (state->state != 'T') {
      sibling.stopped = std::chrono::milliseconds{0};
      return;
    }
    sibling.stopped += since_last;
    if (sibling.stopped < longest_stop_) continue;
    sibling.stopped = std::chrono::milliseconds{0};
    say(fmt::format("process {} of this job on {} is stopped and holds the others up; ending it",
                    sibling.process.pid, host_name()));
    ::kill(static_cast<pid_t>(sibling.process.pid), SIGKILL);
  }
}

comm::Process own_process() {
  const auto pid = static_cast<std::uint64_t>(::getpid());
  const auto state = storage::process_state(pid);
  return {pid, state ? std::strtoull(state->start_time.c_str(), nullptr, 10) : 0};
}

}  // namespace thresh::engine
