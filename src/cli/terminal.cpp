#include "cli/terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "core/text.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

// Returns errno, 0 if all is written.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

void occupy_standard_descriptors() noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The wrong way round, so that using it still fails. It takes this number: those below are taken.
    if (::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
  }
}

std::vector<std::string> ranks_told() {
  std::vector<std::string> told;
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"}) {
    const char* rank = std::getenv(name);
    if (rank != nullptr && *rank != '\0') told.push_back(std::string(name) + "=" + rank);
  }
  return told;
}

bool speaks_for_all() {
  const std::vector<std::string> told = ranks_told();
  return told.empty() || told.front().ends_with("=0");
}

bool print_out(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error != 0 && error != EPIPE) {
    throw Error(ExitCode::Io, "cannot write to standard output: " + std::generic_category().message(error));
  }
  return error == 0;
}

void print_error(std::string_view text) {
  print_note("thresh", text);
}

void print_note(std::string_view who, std::string_view text) {
  const std::string line = std::string(who) + ": " + on_one_line(text) + "\n";
  write_all(STDERR_FILENO, line);
}

}  // namespace thresh::cli
