#include "cli/drill_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <locale>
#include <set>
#include <string_view>

#include "cli/child.hpp"
#include "cli/shell_text.hpp"
#include "core/sample_data.hpp"
#include "storage/new_files.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;
namespace fs = std::filesystem;

// What ranks get of an inverted index of this is so much that they read it in each other's memory.
constexpr std::uint64_t kIndexedBytes = 2 << 20;
constexpr std::uint64_t kInputBytes = 1 << 20;
constexpr std::chrono::seconds kTaskTimeout = 2s;
constexpr std::chrono::seconds kPeerTimeout = 4s;
// Where the others go on without the lost, silence is what ends the job if nobody else ends a rank first.
constexpr std::chrono::seconds kPeerTimeoutInJob = 15s;
// What mpirun and a loaded machine may take besides.
constexpr std::chrono::seconds kSlack = 25s;

// Ranks notice a lost one one after the other, 2 s apart.
std::chrono::milliseconds bound(std::uint32_t ranks) {
  return kPeerTimeout + 2s * ranks + kSlack;
}

std::map<std::string, std::string> parts_in(const std::string& output) {
  std::map<std::string, std::string> parts;
  if (!storage::file_status(output)) return parts;
  for (const std::string& name : storage::list_directory(output)) {
    if (name.starts_with("part-")) parts[name] = storage::read_file(output + "/" + name);
  }
  return parts;
}

// Where mpirun and the job of a case keep what is temporary. Apart from all others: of two mpiruns of Open
// MPI 5 that make the directory of this user at the same time one may fail, and one that is killed leaves its
// own.
std::string temporary_of(const std::string& output) {
  return output + ".tmp";
}

// The last lines that matter, on one line.
std::string end_of(const std::string& said) {
  const std::size_t begin = said.size() > 600 ? said.size() - 600 : 0;
  std::string text = said.substr(begin);
  std::replace(text.begin(), text.end(), '\n', '|');
  return text;
}

// How a run may end that this fault struck. Beside these, a run may always end with 75 when the job is done.
struct Ending {
  std::set<int> codes;
  bool may_succeed = false;  // with 0 and the right output
};

// Rank 0 stops the job when it is told to end; any other loss the others bear.
Ending ending_in_job(const DrillCase& drill) {
  if (drill.kind == "term" && drill.worker == 0 && drill.step != "start") return {{75}, true};
  return {{}, true};
}

Ending ending_of(const DrillCase& drill) {
  if (drill.kind == "kill") return {{137}};
  if (drill.kind == "segv") return {{139}};
  if (drill.kind == "stop" || drill.kind == "hang") return {{75}};
  // Before the handler is there the signal just ends the process.
  if (drill.kind == "term") return {{75, 143}, true};
  if (drill.kind == "enospc" || drill.kind == "short-write") return {{73, 74, 75}, true};
  if (drill.step == "checkpoint") return {{}, true};  // it costs the checkpoint only
  if (drill.kind == "corrupt" && drill.step == "part") return {{74}};
  // A split that cannot be mapped is tried once more; its table may be what goes to scratch.
  if (drill.kind == "throw" && (drill.step == "map" || drill.step == "spill")) return {{70}, true};
  return {{70}};  // throw; corrupt and drop, which the ledger finds
}

}  // namespace

void DrillBench::make_inputs(const std::string& job) const {
  const std::string path = plan_.directory + "/" + job + ".in";
  if (storage::file_status(path)) return;
  const bool table = job == "sum";
  SampleStream stream({table ? SampleKind::Table : SampleKind::Text, 1, 5000});
  stream.begin({0, 0, job == "inverted-index" ? kIndexedBytes : kInputBytes, UINT64_MAX});
  storage::write_new_file(path, [&](std::string& buffer) { return stream.next(buffer); });
}

DrillBench::Words DrillBench::command(const std::string& job, std::uint32_t ranks,
                                      const std::string& output) const {
  Words words;
  if (ranks > 1) {
    words = {"env", "TMPDIR=" + temporary_of(output)};
    for (std::string word : plan_.launcher) {
      const std::size_t at = word.find("{}");
      if (at != std::string::npos) word.replace(at, 2, std::to_string(ranks));
      words.push_back(std::move(word));
    }
  }
  const Words job_words{plan_.program,
                        job,
                        plan_.directory + "/" + job + ".in",
                        "--oversubscribe",  // the worker that a fault is for is at work on any machine
                        "-o",
                        output,
                        "--split-size",
                        "32K",
                        "--partitions",
                        std::to_string(4 * plan_.ranks),
                        "--checkpoint-every",
                        "1ms",
                        "--task-timeout",
                        fmt::format("{}s", kTaskTimeout.count()),
                        "--peer-timeout",
                        fmt::format("{}s", (plan_.in_job ? kPeerTimeoutInJob : kPeerTimeout).count())};
  words.insert(words.end(), job_words.begin(), job_words.end());
  return words;
}

void DrillBench::prepare() {
  storage::make_directories(plan_.directory);
  for (const std::string& job : plan_.jobs) {
    make_inputs(job);
    for (const std::uint32_t ranks : {1U, plan_.ranks}) {
      const std::string output = fmt::format("{}/{}.clean.{}", plan_.directory, job, ranks);
      storage::make_directories(temporary_of(output));
      const Words words = command(job, ranks, output);
      const ChildEnd end = run_child(words, bound(ranks));
      fs::remove_all(temporary_of(output));
      constexpr int kNoSuchCommand = 127;  // of env
      if (ranks > 1 && end.code == kNoSuchCommand) {
        throw Error(ExitCode::Usage,
                    "cannot run the launcher " + shell_text(plan_.launcher) + ": there is no such command");
      }
      Parts parts = parts_in(output);
      const bool works = end.code == 0 && end.in_time && !parts.empty();
      if (!works || (ranks > 1 && parts != clean_[job])) {
        throw Error(ExitCode::Config, fmt::format("a run without a fault {}: {} (exit code {}; {})",
                                                  works ? "gives other bytes on more ranks" : "does not work",
                                                  shell_text(words), end.code, end_of(end.said)));
      }
      clean_[job] = std::move(parts);
    }
  }
}

DrillResult DrillBench::run(const DrillCase& drill) const {
  DrillResult result;
  const auto begin = std::chrono::steady_clock::now();
  // Some take their TMPDIR for a list of names.
  std::string directory = drill.name();
  std::replace_if(
      directory.begin(), directory.end(), [](char c) { return !std::isalnum(c, std::locale::classic()); },
      '-');
  const std::string output = plan_.directory + "/" + directory;
  const std::string temporary = temporary_of(output);
  fs::remove_all(output);
  storage::make_directories(temporary);
  result.commands.push_back(shell_text({"rm", "-rf", output}) + " && " +
                            shell_text({"mkdir", "-p", temporary}));
  result.failure = make_leftovers(drill, output, result);
  if (result.failure.empty()) result.failure = strike(drill, output, result);
  const bool done = plan_.in_job && storage::file_status(output + "/_SUCCESS");
  if (result.failure.empty() && !done) result.failure = go_on(drill, output, result);
  fs::remove_all(temporary);
  if (result.failure.empty()) fs::remove_all(output);
  result.took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  return result;
}

// There is something to restore only if an earlier run left it.
std::string DrillBench::make_leftovers(const DrillCase& drill, const std::string& output,
                                       DrillResult& result) const {
  if (drill.step != "restore") return {};
  Words words = command(drill.job, plan_.ranks, output);
  const std::string fault = plan_.in_job ? "term:worker=0,at=wave" : "kill:worker=1,at=reduce:2";
  words.insert(words.end(), {"--fault", fault});
  result.commands.push_back(shell_text(words));
  const ChildEnd end = run_child(words, bound(plan_.ranks));
  const int expected = plan_.in_job ? 75 : 137;
  if (end.code == expected) return {};
  return fmt::format("the run before it ended with {}, not {}: {}", end.code, expected, end_of(end.said));
}

std::string DrillBench::strike(const DrillCase& drill, const std::string& output, DrillResult& result) const {
  const std::string fault = drill.fault();
  Words words = command(drill.job, drill.ranks, output);
  words.insert(words.end(), {"--fault", fault});
  if (drill.step == "spill") words.insert(words.end(), {"--memory", "64K"});
  result.commands.push_back(shell_text(words));
  std::string struck = "fault drill: " + fault.substr(0, fault.find(';')).substr(fault.find("at=") + 3);
  std::replace(struck.end() - 2, struck.end(), ':', ' ');
  // A damaged run file matters to the next run alone: this one must not live to remove it.
  const bool cut = drill.kind == "corrupt" && drill.step == "checkpoint";
  const ChildEnd end = run_child(words, bound(drill.ranks), [&](const std::string& said) {
    return cut && said.find(struck) != std::string::npos;
  });
  if (end.said.find(struck) == std::string::npos) {
    return fmt::format("the fault did not strike (exit code {}): {}", end.code, end_of(end.said));
  }
  if (!end.in_time) {
    return fmt::format("still running after {} ms: {}", end.took.count(), end_of(end.said));
  }
  const bool published = storage::file_status(output + "/_SUCCESS").has_value();
  const Parts parts = parts_in(output);
  if (published && parts != clean_.at(drill.job)) return "it published wrong bytes";
  // Rank 0 may be gone while it moves parts to their names; the next start finishes that.
  const bool moving = storage::file_status(output + "/.thresh/publish.json").has_value();
  if (!published && !moving && !parts.empty()) return "parts were published without _SUCCESS";
  const Ending ending = plan_.in_job ? ending_in_job(drill) : ending_of(drill);
  const bool as_allowed =
      end.code == 0 ? ending.may_succeed || drill.step == "leave" : ending.codes.contains(end.code);
  if (end.code == 0 && !published) return "it ended with 0 and published nothing: " + end_of(end.said);
  if (!as_allowed && !cut && !(published && end.code == 75)) {
    return fmt::format("it ended with {}, which this fault may not cause: {}", end.code, end_of(end.said));
  }
  return {};
}

std::string DrillBench::go_on(const DrillCase& drill, const std::string& output, DrillResult& result) const {
  const Words words = command(drill.job, drill.restart_ranks, output);
  result.commands.push_back(shell_text(words));
  const ChildEnd end = run_child(words, bound(drill.restart_ranks));
  if (!end.in_time) {
    return fmt::format("the restart was still running after {} ms: {}", end.took.count(), end_of(end.said));
  }
  if (end.code != 0) return fmt::format("the restart ended with {}: {}", end.code, end_of(end.said));
  result.commands.push_back(shell_text({"diff", "-r", "-x", "metrics.json", "-x", "_SUCCESS", output,
                                        fmt::format("{}/{}.clean.1", plan_.directory, drill.job)}));
  if (!storage::file_status(output + "/_SUCCESS")) return "the restart ended with 0 and published nothing";
  if (parts_in(output) != clean_.at(drill.job)) return "the restart published wrong bytes";
  if (storage::file_status(output + "/.thresh")) return "the restart left .thresh";
  return {};
}

}  // namespace thresh::cli
