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
    : after_self_(std::move(processes)), longest_stop_(longest_stop) {
  const auto own = std::find(after_self_.begin(), after_self_.end(), self);
  std::rotate(after_self_.begin(), own, after_self_.end());
  if (!after_self_.empty() && after_self_.front() == self) after_self_.erase(after_self_.begin());
}

void SiblingWatch::look(std::chrono::milliseconds since_last) {
  for (const comm::Process& process : after_self_) {
    const auto state = state_of(process);
    if (!state) continue;
    stopped_ =
        state->state == 'T' && process == watched_ ? stopped_ + since_last : std::chrono::milliseconds{0};
    watched_ = process;
    if (stopped_ < longest_stop_) return;
    stopped_ = std::chrono::milliseconds{0};
    say(fmt::format("process {} of this job on {} is stopped and holds the others up; ending it", process.pid,
                    host_name()));
    ::kill(static_cast<pid_t>(process.pid), SIGKILL);
    return;
  }
}

comm::Process own_process() {
  const auto pid = static_cast<std::uint64_t>(::getpid());
  const auto state = storage::process_state(pid);
  return {pid, state ? std::strtoull(state->start_time.c_str(), nullptr, 10) : 0};
}

}  // namespace thresh::engine
