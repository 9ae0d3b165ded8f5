#include "cli/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
#include <string_view>
#include <thread>

#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
constexpr std::size_t kMostSaid = 1 << 20;  // bytes of output that are kept

// What every process that came from one command has in its environment: mpirun gives its ranks process
// groups and sessions of their own, so neither group nor parent tells whose they are.
std::string new_mark() {
  static std::atomic<unsigned> count{0};
  return fmt::format("THRESH_CHILD={}.{}.{}", ::getpid(), storage::random_hex(4), count.fetch_add(1));
}

std::vector<pid_t> processes_with(const std::string& mark) {
  std::vector<pid_t> found;
  for (const std::string& name : storage::list_directory("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    try {
      // Each entry ends with NUL. A zombie has none.
      const std::string environment = storage::read_file("/proc/" + name + "/environ");
      if (environment.find(mark + '\0') != std::string::npos) found.push_back(std::stoi(name));
    } catch (const Error&) {
      continue;  // it has ended, or is not ours to look at
    }
  }
  return found;
}

// Until none is left: one that is killed may have started another meanwhile.
void kill_all(const std::string& mark) {
  for (int turn = 0; turn < 200; ++turn) {
    const std::vector<pid_t> rest = processes_with(mark);
    if (rest.empty()) return;
    for (const pid_t pid : rest) ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(10ms);
  }
}

pid_t spawn(const std::vector<std::string>& command, const std::string& mark, int output) {
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::vector<char*> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
  environment.push_back(const_cast<char*>(mark.c_str()));
  environment.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGXFSZ}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t blocked;  // nothing: mpirun lives by SIGCHLD, which a supervisor blocks
  sigemptyset(&blocked);
  posix_spawnattr_setsigmask(&attributes, &blocked);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, words[0], &files, &attributes, words.data(), environment.data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) storage::throw_errno(ExitCode::Usage, "run", command[0], error);
  return pid;
}

// Adds what there is to read, waiting for at most 20 ms. False at the end of it.
bool read_some(int from, std::string& said) {
  pollfd wanted{from, POLLIN, 0};
  if (::poll(&wanted, 1, 20) <= 0) return true;
  char buffer[16384];
  const ssize_t got = ::read(from, buffer, sizeof buffer);
  if (got <= 0) return got < 0 && errno == EINTR;
  said.append(buffer, std::min(static_cast<std::size_t>(got), kMostSaid - std::min(kMostSaid, said.size())));
  return true;
}

std::optional<int> code_if_ended(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ChildEnd run_child(const std::vector<std::string>& command, std::chrono::milliseconds most,
                   const std::function<bool(const std::string& said)>& enough) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) storage::throw_errno(ExitCode::Io, "run", command[0], errno);
  const storage::Fd from(ends[0]);
  storage::Fd to(ends[1]);
  const std::string mark = new_mark();
  const Clock::time_point begin = Clock::now();
  const pid_t pid = spawn(command, mark, to.get());
  to = storage::Fd();
  ChildEnd end;
  std::optional<int> code;
  bool killed = false;
  for (bool open = true; !code;) {
    if (open) {
      open = read_some(from.get(), end.said);
    } else {
      std::this_thread::sleep_for(10ms);
    }
    const bool late = Clock::now() - begin > most;
    if (!killed && (late || (enough && enough(end.said)))) {
      killed = true;
      end.in_time = !late;
      ::kill(-pid, SIGKILL);
      kill_all(mark);
    }
    code = code_if_ended(pid);
  }
  end.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  end.code = *code;
  kill_all(mark);  // with them goes the last one that could write
  while (read_some(from.get(), end.said)) {
    if (Clock::now() - begin > most + 5s) break;
  }
  return end;
}

}  // namespace thresh::cli
