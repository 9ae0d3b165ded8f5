#include "cli/launcher.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string_view>
#include <thread>

#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using std::chrono::milliseconds;

sigset_t signals_to_watch() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1}) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&set, signal);  // else: nohup, or a shell's background job
  }
  return set;
}

// In the child: becomes the command. Returns errno if it cannot.
int become(char* const* command, pid_t parent, const sigset_t& mask) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) return ESRCH;  // it died before we asked to be told
  if (::isatty(STDIN_FILENO) == 1) {
    // Reading from it would stop a process that is in the background.
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
    if (nothing > STDERR_FILENO) ::close(nothing);
  }
  std::signal(SIGPIPE, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(command[0], command);
  return errno;
}

// Live processes whose parent is this one; they keep their ids until we have waited for them.
std::vector<pid_t> live_children() {
  std::vector<pid_t> children;
  for (const std::string& name : storage::list_directory("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string stat;
    try {
      stat = storage::read_file("/proc/" + name + "/stat");
    } catch (const Error&) {
      continue;  // it has ended
    }
    // "pid (any name) state ppid ..."
    const std::size_t at = stat.rfind(')');
    if (at == std::string::npos || at + 4 >= stat.size() || stat[at + 2] == 'Z') continue;
    if (std::stol(stat.substr(at + 4)) == ::getpid()) children.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return children;
}

ProcessEnd to_end(int status) {
  if (WIFSIGNALED(status)) return {true, WTERMSIG(status)};
  return {false, WEXITSTATUS(status)};
}

}  // namespace

Launcher::Launcher() : watched_(signals_to_watch()) {
  ::sigprocmask(SIG_BLOCK, &watched_, &before_);
  std::signal(SIGCHLD, SIG_DFL);  // an ignored one would reap for us
  const std::vector<pid_t> children = live_children();
  of_others_.insert(children.begin(), children.end());
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Launcher::~Launcher() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

void Launcher::start(const std::vector<std::string>& command) {
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  int news[2];
  if (::pipe2(news, O_CLOEXEC) != 0) storage::throw_errno(ExitCode::Io, "start", command[0], errno);
  storage::Fd from_child(news[0]);
  storage::Fd to_parent(news[1]);
  end_.reset();
  forwarded_ = 0;
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) storage::throw_errno(ExitCode::Io, "start", command[0], errno);
  if (pid_ == 0) {
    const int error = become(words.data(), parent, before_);
    [[maybe_unused]] const ssize_t told = ::write(news[1], &error, sizeof error);
    ::_exit(1);  // tidy: _exit because it is a child that could not become the command
  }
  ::setpgid(pid_, pid_);  // whoever of the two comes first
  to_parent = storage::Fd();
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(from_child.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof error) return;  // closed by exec
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
  storage::throw_errno(ExitCode::Usage, "run", command[0], error);
}

void Launcher::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    of_others_.erase(pid);      // the id may come again
    if (pid != pid_) continue;  // one that was left to us
    end_ = to_end(status);
    if (end_->by_signal && end_->number == forwarded_) pass_on_to_orphans(forwarded_);
  }
}

int Launcher::wait(milliseconds most) {
  using Clock = std::chrono::steady_clock;
  const bool running = pid_ != 0 && !end_;
  const auto until = Clock::now() + most;
  for (;;) {
    reap();
    if (running && end_) return 0;
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    if (left.count() <= 0) return 0;
    const timespec time{left.count() / 1000, left.count() % 1000 * 1'000'000};
    const int signal = ::sigtimedwait(&watched_, nullptr, &time);
    if (signal > 0 && signal != SIGCHLD) return signal;
  }
}

void Launcher::forward(int signal) {
  forwarded_ = signal;
  if (pid_ == 0) return;
  if (end_) {
    pass_on_to_orphans(signal);
  } else {
    ::kill(signal == SIGINT ? -pid_ : pid_, signal);
  }
}

// A script that died of the signal did not pass it on to what it had started.
void Launcher::pass_on_to_orphans(int signal) {
  for (const pid_t child : rest()) ::kill(child, signal);
}

std::vector<pid_t> Launcher::rest() const {
  std::vector<pid_t> rest = live_children();
  std::erase_if(rest, [&](pid_t child) { return of_others_.contains(child); });
  return rest;
}

bool Launcher::leaves_something() const {
  return !rest().empty();
}

bool Launcher::kill_rest(milliseconds most) {
  using namespace std::chrono_literals;
  const auto until = std::chrono::steady_clock::now() + most;
  for (;;) {
    reap();
    const std::vector<pid_t> left = rest();
    if (left.empty()) return true;
    // Children of those that die become ours and are found in the next round.
    for (const pid_t child : left) ::kill(child, SIGKILL);
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
}

}  // namespace thresh::cli
