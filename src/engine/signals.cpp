#include "engine/signals.hpp"

#include <signal.h>
#include <unistd.h>

#include <csignal>
#include <string_view>

#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void remember(int signal) {
  caught = signal;
}

// Who presses Ctrl-C for the third time does not want to wait for the end of a record any more.
extern "C" void remember_interrupt(int signal) {
  static volatile std::sig_atomic_t times = 0;
  remember(signal);
  times = times + 1;
  if (times < 3) return;
  constexpr std::string_view kText = "thresh: interrupted three times; what was in no file yet is lost\n";
  const ssize_t written = write(STDERR_FILENO, kText.data(), kText.size());
  _exit(static_cast<int>(written < 0 ? ExitCode::Io : ExitCode::Interrupted));
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = remember;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGTERM, SIGUSR1}) sigaction(signal, &action, nullptr);
  action.sa_handler = remember_interrupt;
  sigaction(SIGINT, &action, nullptr);
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
      return Failure{
          static_cast<int>(ExitCode::StoppedEarly),
          std::string("stopped by ") +
              (caught == SIGTERM ? "SIGTERM (mpirun sends it when a rank is lost, too)" : "SIGUSR1") +
              "; run the same command again to go on"};
  }
}

}  // namespace thresh::engine
