#include "engine/signals.hpp"

#include <signal.h>

#include <csignal>

#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void remember(int signal) {
  caught = signal;
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = remember;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaction(signal, &action, nullptr);
}

void leave_stopping_to_rank_0() {
  std::signal(SIGUSR1, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);
  struct sigaction action {};
  action.sa_handler = remember;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
}

std::optional<Failure> stop_signal() {
  switch (caught) {
    case 0:
      return std::nullopt;
    case SIGINT:
      return Failure{static_cast<int>(ExitCode::Interrupted),
                     "interrupted; run the same command again to go on"};
    default:
      return Failure{static_cast<int>(ExitCode::StoppedEarly),
                     std::string("stopped by ") + (caught == SIGTERM ? "SIGTERM" : "SIGUSR1") +
                         "; run the same command again to go on"};
  }
}

}  // namespace thresh::engine
