#include "engine/deadline.hpp"

#include <signal.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

namespace thresh::engine {
namespace {

// Read by the signal handler; written while no alarm is set.
volatile std::sig_atomic_t exit_code = 0;
const char* message = "";

extern "C" void give_up(int) {
  // Only what is safe in a signal handler; that the text cannot be written changes nothing.
  for (const char* text : {"thresh: ", message, "\n"}) {
    if (write(STDERR_FILENO, text, std::strlen(text)) < 0) break;
  }
  _exit(exit_code);
}

}  // namespace

Deadline::Deadline(std::chrono::milliseconds bound, int code, const char* what) {
  exit_code = code;
  message = what;
  struct sigaction action {};
  action.sa_handler = give_up;
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, nullptr);
  alarm(static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(bound).count()));
}

Deadline::~Deadline() {
  alarm(0);
}

}  // namespace thresh::engine
