#include "cli/drill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <mutex>
#include <sstream>
#include <thread>

#include "cli/drill_bench.hpp"
#include "cli/drill_matrix.hpp"
#include "cli/drill_report.hpp"
#include "cli/number.hpp"
#include "cli/terminal.hpp"
#include "engine/fault_drill.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"
#include "thresh/job_type.hpp"

namespace thresh::cli {
namespace {

namespace fs = std::filesystem;

// docs/fault-tolerance.md says what for.
constexpr char kFaultTolerantLauncher[] =
    "mpirun --with-ft ulfm --mca pml ob1 --mca coll ^han --mca btl tcp,sm,self --mca btl_tcp_if_include lo "
    "--mca async_mpi_finalize 1 --oversubscribe -np {}";

struct Request {
  DrillPlan plan;
  bool temporary = false;  // the directory is ours to remove
  bool full = false;
  std::uint64_t sample = 40;
  std::uint64_t seed = 1;
  std::uint64_t at_once = 1;
  std::string state;
};

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ExitCode::Usage, what + "; thresh drill --help shows the options");
}

std::uint64_t count(const ToolArguments& arguments, const char* option, std::uint64_t otherwise,
                    std::uint64_t least, std::uint64_t most) {
  const auto value = arguments.value(option);
  if (!value) return otherwise;
  try {
    return parse_count(*value, least, most);
  } catch (const BadValue& bad) {
    throw Error(ExitCode::Usage, fmt::format("option --{}: '{}' {}", option, *value, bad.what()));
  }
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, at);) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

Request read_request(const ToolArguments& arguments) {
  if (!arguments.words.empty() || !arguments.command.empty()) refuse("drill takes options alone");
  if (arguments.has("full") && arguments.has("sample")) refuse("--full and --sample exclude each other");
  Request request;
  request.full = arguments.has("full");
  request.sample = count(arguments, "sample", request.sample, 1, 1'000'000);
  request.seed = count(arguments, "seed", request.seed, 0, UINT64_MAX);
  request.at_once = count(arguments, "jobs-at-once", 1, 1, 64);
  request.state = arguments.value("state").value_or("");
  DrillPlan& plan = request.plan;
  plan.program = fs::read_symlink("/proc/self/exe");
  plan.in_job = arguments.has("in-job");
  plan.ranks = static_cast<std::uint32_t>(plan.in_job ? count(arguments, "ranks", 4, 3, 1000)
                                                      : count(arguments, "ranks", 3, 2, 1000));
  plan.jobs = split(arguments.value("jobs").value_or("wordcount,sum,inverted-index"), ',');
  for (const std::string& job : plan.jobs) {
    const bool known = job == "wordcount" || job == "sum" || job == "inverted-index";
    if (!known || find_job(job) == nullptr) refuse("there are no drills for '" + job + "'");
  }
  plan.launcher = split(arguments.value("launcher")
                            .value_or(plan.in_job ? kFaultTolerantLauncher : "mpirun --oversubscribe -np {}"),
                        ' ');
  request.temporary = !arguments.has("dir");
  const std::string place = fs::temp_directory_path().string() + "/thresh-drill." + storage::random_hex(6);
  plan.directory = fs::absolute(arguments.value("dir").value_or(place)).string();
  return request;
}

std::string who(const engine::DrillStep& step) {
  if (step.rank_0 && step.workers) return "every rank";
  return step.rank_0 ? "rank 0" : "workers";
}

int list() {
  std::string text;
  for (const engine::DrillStep& step : engine::drill_steps()) {
    text += fmt::format("{:<11} {:<11} {}\n{:<24}{}\n", step.name, who(step), step.what, "",
                        fmt::join(engine::kinds_at(step), " "));
  }
  text += "\nWorkers are the ranks from 1 on. In a run of one rank worker 0 reaches every step.\n";
  print_out(text);
  return static_cast<int>(ExitCode::Done);
}

// The cases that are left to do, handed out to threads; and what came of all.
class Drill {
 public:
  Drill(const Request& request, std::vector<DrillCase> cases)
      : bench_(request.plan), cases_(std::move(cases)), state_(request.state) {
    for (const DrillCase& drill : cases_) {
      const auto known = state_.found().find(drill.name());
      if (known != state_.found().end() && known->second.empty()) {
        verdicts_.insert(*known);  // what failed is tried again
      } else {
        left_.push_back(&drill);
      }
    }
  }

  void run(std::uint64_t at_once) {
    if (left_.empty()) return;
    bench_.prepare();
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < at_once; ++i) threads.emplace_back([this] { take_cases(); });
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
  }

  // 0 or 70.
  int report() const {
    const auto failed = std::count_if(verdicts_.begin(), verdicts_.end(),
                                      [](const auto& verdict) { return !verdict.second.empty(); });
    std::string text = drill_table(cases_, verdicts_);
    text += fmt::format("\n{} of {} cases were run, {} failed.\n", verdicts_.size(), cases_.size(), failed);
    print_out(text + failures_);
    return static_cast<int>(failed == 0 ? ExitCode::Done : ExitCode::Internal);
  }

 private:
  void take_cases() {
    try {
      while (const DrillCase* drill = next()) note(*drill, bench_.run(*drill));
    } catch (...) {
      const std::lock_guard lock(mutex_);
      error_ = std::current_exception();
      next_ = left_.size();
    }
  }

  const DrillCase* next() {
    const std::lock_guard lock(mutex_);
    return next_ == left_.size() ? nullptr : left_[next_++];
  }

  void note(const DrillCase& drill, const DrillResult& result) {
    const std::lock_guard lock(mutex_);
    verdicts_[drill.name()] = result.failure;
    state_.add(drill.name(), result.failure);
    print_error(fmt::format("drill {} of {}: {} {:.1f} s: {}", verdicts_.size(), cases_.size(), drill.name(),
                            static_cast<double>(result.took.count()) / 1000.0,
                            result.failure.empty() ? "passed" : "FAILED: " + result.failure));
    if (result.failure.empty()) return;
    failures_ += fmt::format("\nFAILED {}: {}\n", drill.name(), result.failure);
    for (const std::string& command : result.commands) failures_ += "  " + command + "\n";
  }

  DrillBench bench_;
  std::vector<DrillCase> cases_;
  DrillState state_;
  std::mutex mutex_;
  std::vector<const DrillCase*> left_;
  std::size_t next_ = 0;
  DrillVerdicts verdicts_;
  std::string failures_;
  std::exception_ptr error_;
};

int run_drill(const ToolArguments& arguments) {
  if (arguments.has("list")) return list();
  const Request request = read_request(arguments);
  std::vector<DrillCase> cases = request.plan.in_job ? in_job_matrix(request.plan.jobs, request.plan.ranks)
                                                     : drill_matrix(request.plan.jobs, request.plan.ranks);
  const std::size_t most = request.full ? cases.size() : request.sample;
  cases = drill_sample(std::move(cases), request.seed, most);
  Drill drill(request, std::move(cases));
  drill.run(request.at_once);
  const int code = drill.report();
  // After a failure it holds what there is to look at.
  if (request.temporary && code == 0) fs::remove_all(request.plan.directory);
  return code;
}

}  // namespace

Tool drill_tool() {
  return {"drill",
          "makes faults happen on this machine, and checks what becomes of jobs",
          {"--list", "[--sample N | --full] [--seed S] [--ranks N] [options]"},
          "Each case runs a small job with a fault (a rank is killed, hangs, finds a full\n"
          "disk, ...) at a step of the job, then the same command without it on another\n"
          "number of ranks. The end must have the bytes of a run without a fault. The table\n"
          "says how many cases passed of those that were run, by step and kind of fault.\n"
          "Ends with 0 if all passed, else with 70 and the commands to see each failure\n"
          "again.\n",
          {{"list", "", "Show the steps, who reaches them and what can happen there."},
           {"sample", "N",
            "Run N cases, first those that cover the most pairs of step, kind, worker, restart and job. "
            "[default: 40]"},
           {"full", "", "Run all cases: thousands, for hours."},
           {"seed", "S", "Another seed, another sample. [default: 1]"},
           {"in-job", "",
            "The others are to go on without the rank that is struck, also when two are at once, or another "
            "one while they recover. Needs Open MPI 5."},
           {"ranks", "N", "Ranks of the runs that are struck. [default: 3, with --in-job 4]"},
           {"state", "FILE", "Remember finished cases in FILE, and do not run those again that passed."},
           {"launcher", "COMMAND",
            "What starts N ranks, with {} for N. [default: mpirun --oversubscribe -np {}, with --in-job the "
            "options of docs/fault-tolerance.md]"},
           {"dir", "DIR", "Where to do it; failed cases are left there. [default: a temporary directory]"},
           {"jobs", "NAMES", "Of wordcount, sum and inverted-index, with commas. [default: all]"},
           {"jobs-at-once", "K", "Run K cases at a time. [default: 1]"}},
          run_drill,
          /*acts=*/true};
}

}  // namespace thresh::cli
