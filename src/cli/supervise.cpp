#include "cli/supervise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>
#include <utility>

#include "cli/duration.hpp"
#include "cli/launcher.hpp"
#include "cli/number.hpp"
#include "cli/overdue.hpp"
#include "cli/patience.hpp"
#include "cli/shell_text.hpp"
#include "cli/supervised_job.hpp"
#include "cli/terminal.hpp"
#include "storage/claim.hpp"
#include "storage/job_paths.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::uint64_t kMostRestarts = 1'000'000;
constexpr milliseconds kMostToKill = 10s;
// For ranks on other hosts, which nobody here can kill: they end themselves when their launcher is gone.
constexpr milliseconds kMostForHolder = 30s;
// For the ranks of a supervisor that was killed: mpirun ends them within seconds.
constexpr milliseconds kMostForOther = 10s;
constexpr int kSignalsToKill = 3;
constexpr milliseconds kGlance = 5s;
constexpr milliseconds kGlanceAfterEnd = 500ms;
// A directory that cannot be read: often a file server that is back soon.
constexpr milliseconds kMostToLook = 60s;
constexpr milliseconds kLookAgain = 1s;
// Less than this is spent on starting ranks and on saving.
constexpr milliseconds kLeastAttempt = 3s;

Supervision make_plan(const ToolArguments& arguments) {
  if (!arguments.words.empty() || arguments.command.empty()) {
    throw Error(ExitCode::Usage,
                "supervise takes the command behind two dashes: thresh supervise -- mpirun thresh ...");
  }
  Supervision plan;
  plan.command = understand(arguments.command);
  read_restart_options(arguments, plan);
  plan.output = arguments.value("output").value_or(plan.command.output);
  if (plan.output.empty()) {
    throw Error(ExitCode::Usage,
                "the command does not say where its output goes: give supervise --output DIR as well");
  }
  return plan;
}

class Supervisor {
 public:
  explicit Supervisor(const Supervision& plan)
      : plan_(plan), words_(plan.command.words), patience_(plan.max_restarts, plan.pause) {
    if (plan.command.max_time) until_ = std::chrono::steady_clock::now() + *plan.command.max_time;
  }
  int run();

 private:
  void say(const std::string& text) const { print_note(plan_.who, text); }
  std::string position() const { return fmt::format("attempt {} of {}: ", attempt_, plan_.max_restarts + 1); }
  // The command, with what is left of its --max-time.
  std::vector<std::string> words_now() const;
  // Runs the command once. An error that keeps it from starting ends the supervision.
  void attempt(const JobView& before);
  // What is there after an attempt; `before` if that cannot be seen, and the next attempt tells.
  JobView look(const JobView& before);
  // What the command and its job have come to. Throws Error{Io}.
  Overdue::Sign sign_now(const JobView& before) const;
  // Kills what has nothing left to do and does not end. Returns whether it did.
  bool kill_if_overdue(const JobView& before);
  int finish(const Judgement& judgement);
  int give_up(const Judgement& last);
  int time_is_up(const std::string& went);
  int stopped();
  // False if a signal came.
  bool pause(milliseconds time);
  std::string generations() const { return storage::JobPaths(plan_.output).generations(); }
  Generation last_claim() const;  // 0 if none is. Throws Error{Io}.
  // Who is at work on the job ("host node7, process 4711"); none if nobody is. Throws Error{Io}.
  std::optional<std::string> holder() const;
  // Whether the job is at work already, though nothing of ours runs.
  bool belongs_to_another();
  int leave_to_another();
  // False if someone is at work on the job still.
  bool end_old_ranks();

  const Supervision& plan_;
  std::vector<std::string> words_;  // the command, as it is to be run next
  // The end of --max-time, which is one for all attempts.
  std::optional<std::chrono::steady_clock::time_point> until_;
  Patience patience_;
  Launcher launcher_;
  std::uint64_t attempt_ = 0;
  int signal_ = 0;  // that this process got
  // Before this attempt; none if that could not be seen.
  std::optional<Generation> claim_before_;
  Overdue overdue_;
};

JobView Supervisor::look(const JobView& before) {
  const auto until = std::chrono::steady_clock::now() + kMostToLook;
  for (bool said = false;; said = true) {
    try {
      return view_job(plan_.output);
    } catch (const Error& error) {
      if (!said) say(std::string(error.what()) + "; looking again");
      if (signal_ != 0 || std::chrono::steady_clock::now() > until) return before;
    }
    signal_ = launcher_.wait(kLookAgain);
  }
}

Overdue::Sign Supervisor::sign_now(const JobView& before) const {
  using Sign = Overdue::Sign;
  if (launcher_.end()) return holder() ? Sign::None : Sign::Left;  // rank 0 may still be saving
  const auto success = view_success(plan_.output);
  if (success && success != before.success) return Sign::Done;
  const Generation claim = last_claim();
  const auto outcome = view_outcome(plan_.output);
  const bool told = outcome && outcome != before.outcome && outcome->generation == claim;
  const bool begun = claim != 0 && claim_before_ && claim != *claim_before_;
  if (!told && !begun) return Sign::None;
  const bool gone = storage::holder_is_gone(generations(), claim);
  if (!gone && storage::holder_at_work(generations(), claim)) return Sign::None;  // it may be saving
  if (told) return Sign::Ended;
  return gone ? Sign::Gone : Sign::Silent;
}

bool Supervisor::kill_if_overdue(const JobView& before) {
  if (launcher_.end() && signal_ == 0) return false;
  Overdue::Sign sign = Overdue::Sign::Left;
  try {
    sign = sign_now(before);
  } catch (const Error&) {
    if (!launcher_.end()) return false;
  }
  const char* const wrong = overdue_.look(sign, std::chrono::steady_clock::now());
  if (wrong == nullptr) return false;
  say(std::string(wrong) + "; killing it");
  launcher_.kill_rest(kMostToKill);
  return true;
}

std::vector<std::string> Supervisor::words_now() const {
  if (!until_ || attempt_ == 1) return words_;
  const auto left = std::chrono::ceil<milliseconds>(*until_ - std::chrono::steady_clock::now());
  return with_max_time(words_, std::max(left, milliseconds(1)));
}

void Supervisor::attempt(const JobView& before) {
  ++attempt_;
  overdue_ = Overdue();
  try {
    claim_before_ = last_claim();
  } catch (const Error&) {
    claim_before_.reset();
  }
  launcher_.start(words_now());
  int signals = 0;
  // Once stopped, what a script left running is waited for as well.
  while (!launcher_.end() || (signal_ != 0 && launcher_.leaves_something())) {
    const int signal = launcher_.wait(launcher_.end() ? kGlanceAfterEnd : kGlance);
    if (signal == 0) {
      // What cannot be killed is not waited for.
      if (kill_if_overdue(before) && launcher_.end()) return;
      continue;
    }
    if (signal_ == 0) signal_ = signal;
    if (++signals >= kSignalsToKill) {
      say("killing the command");
      launcher_.kill_rest(kMostToKill);
    } else {
      launcher_.forward(signal);
    }
  }
}

bool Supervisor::pause(milliseconds time) {
  signal_ = launcher_.wait(time);
  return signal_ == 0;
}

Generation Supervisor::last_claim() const {
  return storage::link_status(generations()) ? storage::highest_claim(generations()) : 0;
}

std::optional<std::string> Supervisor::holder() const {
  return storage::holder_at_work(generations());
}

bool Supervisor::belongs_to_another() {
  const auto until = std::chrono::steady_clock::now() + kMostForOther;
  for (bool said = false;; said = true) {
    const auto other = holder();
    if (!other) return false;
    if (std::chrono::steady_clock::now() > until) return true;
    if (!said)
      say("another run is at work on " + plan_.output + " (" + *other + "); waiting a moment for its end");
    if (!pause(200ms)) return false;
  }
}

int Supervisor::leave_to_another() {
  say("another run is at work on " + plan_.output + ": wait for it, or end it first");
  return static_cast<int>(ExitCode::StoppedEarly);
}

bool Supervisor::end_old_ranks() {
  if (!launcher_.kill_rest(kMostToKill)) say("processes of the last attempt cannot be killed; going on");
  const auto until = std::chrono::steady_clock::now() + kMostForHolder;
  for (;;) {
    std::string why;
    try {
      const auto rank = holder();
      if (!rank) return true;
      why = *rank;
    } catch (const Error& error) {
      why = error.what();
    }
    if (std::chrono::steady_clock::now() > until) {
      say("a run may still be at work (" + why + ")");
      return false;
    }
    std::this_thread::sleep_for(200ms);
  }
}

int Supervisor::finish(const Judgement& judgement) {
  if (judgement.kind == Judgement::Kind::CannotSucceed) {
    launcher_.kill_rest(kMostToKill);
    say(position() + judgement.reason + "; not tried again");
  } else {
    say(position() + judgement.reason);
  }
  return judgement.code;
}

int Supervisor::give_up(const Judgement& last) {
  launcher_.kill_rest(kMostToKill);
  say(fmt::format("gave up after {}; the last: {}", patience_.text(), last.reason));
  return static_cast<int>(ExitCode::WorkersLost);
}

int Supervisor::time_is_up(const std::string& went) {
  launcher_.kill_rest(kMostToKill);
  say(went + "; --max-time leaves no time for another: run the same command again to go on");
  return static_cast<int>(ExitCode::StoppedEarly);
}

int Supervisor::stopped() {
  launcher_.kill_rest(kMostToKill);
  std::vector<std::string> again{"thresh", "supervise", "--"};
  again.insert(again.end(), words_.begin(), words_.end());
  if (plan_.command.output.empty()) again.insert(again.begin() + 2, {"--output", plan_.output});
  say(fmt::format("stopped by SIG{} in attempt {}; to go on: {}", ::sigabbrev_np(signal_), attempt_,
                  shell_text(again)));
  return static_cast<int>(signal_ == SIGINT ? ExitCode::Interrupted : ExitCode::StoppedEarly);
}

int Supervisor::run() {
  if (belongs_to_another()) return leave_to_another();
  if (signal_ != 0) return stopped();
  const JobView first = view_job(plan_.output);
  JobView before = first;
  bool fresh_is_done = false;
  int elsewhere = 0;  // attempts that may have written somewhere else
  for (;;) {
    attempt(before);
    const JobView after = look(before);
    Judgement judgement = judge_attempt(first, before, after, *launcher_.end(), plan_.command.launcher,
                                        plan_.command.overwrite);
    // More attempts would do the whole job again each time.
    if (judgement.elsewhere && ++elsewhere > 1) {
      judgement.kind = Judgement::Kind::CannotSucceed;
      judgement.code = static_cast<int>(ExitCode::Usage);
    }
    const JobProgress progress = progress_between(before, after);
    // --fresh has discarded what it was to discard.
    fresh_is_done = fresh_is_done || (after.job && after.job != first.job);
    if (fresh_is_done) words_ = without_fresh(words_);
    if (judgement.kind == Judgement::Kind::Done) return finish(judgement);
    if (signal_ != 0) return stopped();
    if (judgement.kind != Judgement::Kind::Resumable) return finish(judgement);
    auto wait = patience_.after_attempt(progress.any(), std::chrono::steady_clock::now());
    const std::string went = position() + judgement.reason + "; " + progress.text();
    if (!wait) {
      say(went);
      return give_up(judgement);
    }
    if (until_) {
      const auto left =
          std::chrono::floor<milliseconds>(*until_ - std::chrono::steady_clock::now()) - kLeastAttempt;
      if (left < 0ms) return time_is_up(went);
      wait = std::min(*wait, left);
    }
    say(fmt::format("{}; again in {:.1f} s", went, std::chrono::duration<double>(*wait).count()));
    // Refused as the job was at work, which no rank of ours can have been: two were started together.
    const bool refused = launcher_.end()->exited_with(static_cast<int>(ExitCode::StoppedEarly)) &&
                         after.outcome == before.outcome;
    if (!end_old_ranks() && refused) return leave_to_another();
    if (!pause(*wait)) return stopped();
    if (plan_.next_command) {
      words_ = plan_.next_command();
      if (fresh_is_done) words_ = without_fresh(words_);
    }
    before = after;
  }
}

int run_supervise(const ToolArguments& arguments) {
  return supervise(make_plan(arguments));
}

}  // namespace

int supervise(const Supervision& plan) {
  return Supervisor(plan).run();
}

std::vector<ToolOption> restart_options() {
  return {
      {"max-restarts", "N", "How often the command is run again at most. [default: 5]"},
      {"backoff", "TIME", "Pause before it is run again; longer each time, up to a minute. [default: 1s]"}};
}

void read_restart_options(const ToolArguments& arguments, Supervision& plan) {
  const auto count = [](const std::string& value) { return parse_count(value, 0, kMostRestarts); };
  plan.max_restarts = parse_value(arguments, "max-restarts", count).value_or(plan.max_restarts);
  plan.pause = parse_value(arguments, "backoff", parse_duration).value_or(plan.pause);
}

Tool supervise_tool() {
  std::vector<ToolOption> options = restart_options();
  options.push_back({"output", "DIR", "The job's output directory, if COMMAND does not show it (-o DIR)."});
  return {"supervise",
          "runs a command again until its job is done",
          {"[--max-restarts N] [--backoff TIME] [--output DIR] -- COMMAND..."},
          "COMMAND runs a job, by any launcher: mpirun, srun, thresh alone or a script. It is\n"
          "run again after the loss of a rank, of mpirun or of a node, and ends when OUTPUT\n"
          "holds _SUCCESS, when the job cannot succeed, or after ten minutes of attempts\n"
          "without a new run, part or verdict. A signal is passed on and ends it.\n",
          std::move(options),
          run_supervise,
          /*acts=*/true};
}

}  // namespace thresh::cli
