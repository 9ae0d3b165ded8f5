#include "engine/blame.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

namespace thresh::engine {
namespace {

std::atomic<const storage::Breadcrumb*> crumb_at_hand{nullptr};
std::atomic<const Progress*> progress_at_hand{nullptr};
std::atomic<const char*> block_begin{nullptr};
std::atomic<const char*> block_end{nullptr};
std::atomic<std::uint64_t> block_offset{0};
std::atomic<const char*> where_at_hand{""};
std::atomic<bool> left{false};
pid_t thread_of_the_job = 0;  // set before the handler is
// Of the thread of the job, which writes it. The last byte stays 0.
char at_work[512] = "";
// The rank, for all threads; set before the handler is.
char rank_name[256] = "";

template <std::size_t kRoom>
void keep(std::string_view text, char (&room)[kRoom]) noexcept {
  const std::size_t size = std::min(text.size(), kRoom - 1);
  std::memcpy(room, text.data(), size);
  room[size] = 0;
}

// Async-signal-safe.
void say_where(const char* what) noexcept {
  for (const char* text : {"thresh: ", where_at_hand.load(), ": ", what, "; run the same command again\n"}) {
    if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
  }
}

void leave(AttemptKind kind, const char* what) noexcept {
  const storage::Breadcrumb* crumb = crumb_at_hand.load();
  const Progress* progress = progress_at_hand.load();
  if (crumb == nullptr || progress == nullptr) return;
  const char* record = progress->record();
  const char* begin = block_begin.load();
  if (begin == nullptr || record < begin || record >= block_end.load()) return;
  if (left.exchange(true)) return;
  crumb->leave(kind, block_offset.load() + static_cast<std::uint64_t>(record - begin), what);
}

// Async-signal-safe.
void say_crash(int signal, const char* who, const char* where) noexcept {
  const char* const name = sigabbrev_np(signal);
  const char* const texts[] = {"thresh: ", who, where, ": crashed (SIG", name == nullptr ? "?" : name, ")\n"};
  for (const char* text : texts) {
    if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
  }
}

const char* name_of(int signal) noexcept {
  switch (signal) {
    case SIGSEGV:
      return "the job crashed on a record (SIGSEGV)";
    case SIGABRT:
      return "the job crashed on a record (SIGABRT)";
    case SIGBUS:
      return "the job crashed on a record (SIGBUS)";
    case SIGFPE:
      return "the job crashed on a record (SIGFPE)";
    default:
      return "the job crashed on a record (SIGILL)";
  }
}

// The default action follows: SA_RESETHAND, and the signal is raised once more.
extern "C" void on_crash(int signal) {
  // The threads that write files are not at the record that is being mapped.
  if (gettid() == thread_of_the_job) {
    if (crumb_at_hand.load() != nullptr) {
      say_where(name_of(signal));
    } else if (at_work[0] != 0) {
      say_crash(signal, at_work, "");
    }
    leave(AttemptKind::Crash, name_of(signal));
  } else {
    say_crash(signal, rank_name, ", in a thread beside that of the job");
  }
  raise(signal);
}

}  // namespace

Blame::Blame(const storage::Breadcrumb& crumb, const Progress& progress, const char* where) noexcept {
  where_at_hand.store(where);
  progress_at_hand.store(&progress);
  crumb_at_hand.store(&crumb);
}

Blame::~Blame() {
  crumb_at_hand.store(nullptr);
  progress_at_hand.store(nullptr);
  block({}, 0);
}

void Blame::block(std::string_view bytes, std::uint64_t file_offset) noexcept {
  block_begin.store(nullptr);
  block_end.store(bytes.data() + bytes.size());
  block_offset.store(file_offset);
  block_begin.store(bytes.empty() ? nullptr : bytes.data());
}

BlameNoRecord::BlameNoRecord() noexcept : crumb_(crumb_at_hand.exchange(nullptr)) {}

BlameNoRecord::~BlameNoRecord() {
  crumb_at_hand.store(crumb_);
}

void tell_of_crash(std::string_view what) noexcept {
  keep(what, at_work);
}

void leave_hang() noexcept {
  leave(AttemptKind::Hang, "the job made no progress on a record within --task-timeout, which can be raised");
}

void catch_crashes(std::string_view rank) {
  thread_of_the_job = gettid();
  keep(rank, rank_name);
  // A stack that overflowed cannot run a handler.
  static char stack[64 << 10];
  stack_t alternative{};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof stack;
  sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_handler = on_crash;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK | SA_NODEFER);
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) sigaction(signal, &action, nullptr);
}

}  // namespace thresh::engine
