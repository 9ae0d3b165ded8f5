#include "cli/status.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/number.hpp"
#include "cli/terminal.hpp"
#include "cli/time_text.hpp"
#include "core/text.hpp"
#include "storage/claim.hpp"
#include "storage/job_paths.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using Json = nlohmann::json;

std::string status_text_of(const std::string& directory) {
  const storage::JobPaths paths(directory);
  if (storage::file_status(paths.status())) return storage::read_file(paths.status());
  if (storage::file_status(paths.success())) {
    throw Error(ExitCode::NoInput,
                printable(directory) + ": the job is finished; its metrics.json tells the rest");
  }
  throw Error(ExitCode::NoInput,
              printable(directory) + ": no job is at work here; thresh inspect shows what there is");
}

// It is replaced as a whole, so it is damaged only if someone else wrote it.
Json parse_status(const std::string& text, const std::string& directory) {
  Json status = Json::parse(text, nullptr, false);
  if (!status.is_object()) {
    throw Error(ExitCode::BadData, printable(storage::JobPaths(directory).status()) + " is damaged");
  }
  return status;
}

std::string worker_line(const Json& worker) {
  return fmt::format("  worker {:<5} {:<9} {} splits, process {} on {}, heard {:.1f} s before\n",
                     worker.at("worker").get<std::uint64_t>(), worker.at("state").get<std::string>(),
                     worker.at("splits").get<std::uint64_t>(), worker.at("pid").get<std::uint64_t>(),
                     printable(worker.at("host").get<std::string>()),
                     worker.at("silent_seconds").get<double>());
}

std::string recovery_line(const Json& recovery) {
  std::string lost;
  for (const Json& worker : recovery.at("lost")) {
    lost += (lost.empty() ? "" : ", ") + std::to_string(worker.get<std::uint64_t>());
  }
  return fmt::format("  after {:.1f} s it went on without {}: {:.2f} s, {} splits again\n",
                     recovery.at("seconds").get<double>(), lost,
                     recovery.at("recovery_seconds").get<double>(),
                     recovery.at("splits_again").get<std::uint64_t>());
}

// A status outlives its run when that is killed or fails: what it says of workers was true then.
std::string age_line(const std::string& directory) {
  const storage::JobPaths paths(directory);
  std::string line = "  written";
  if (const auto file = storage::file_status(paths.status())) {
    line += " " + time_text(file->mtime_ns / 1'000'000);
  }
  if (!storage::holder_at_work(paths.generations())) {
    line += "; no process is at work any more: thresh inspect shows what to do";
  }
  return line + "\n";
}

std::string readable(const Json& status, const std::string& age) {
  std::string text =
      fmt::format("{}: {}, {} of {} splits mapped, {} of {} parts, generation {}, {:.0f} s\n",
                  status.at("job").get<std::string>(), status.at("phase").get<std::string>(),
                  status.at("splits").at("mapped").get<std::uint64_t>(),
                  status.at("splits").at("total").get<std::uint64_t>(),
                  status.at("parts").at("committed").get<std::uint64_t>(),
                  status.at("parts").at("total").get<std::uint64_t>(),
                  status.at("generation").get<std::uint64_t>(), status.at("elapsed_seconds").get<double>());
  text += age;
  for (const Json& worker : status.at("workers")) text += worker_line(worker);
  for (const Json& recovery : status.at("recoveries")) text += recovery_line(recovery);
  if (!status.at("goes_on_without_lost").get<bool>()) text += "  it cannot go on without a lost rank\n";
  return text;
}

// Runs what reads a status; a field that is missing is damage.
template <typename Read>
auto reading(const std::string& directory, Read read) {
  try {
    return read();
  } catch (const Json::exception&) {
    throw Error(ExitCode::BadData,
                printable(storage::JobPaths(directory).status()) + " is of another version");
  }
}

int show(const ToolArguments& arguments) {
  const std::string directory = directory_of("status", arguments);
  const std::string text = status_text_of(directory);
  const Json status = parse_status(text, directory);
  print_out(arguments.has("json") ? text : reading(directory, [&] {
    return readable(status, age_line(directory));
  }));
  return static_cast<int>(ExitCode::Done);
}

int drain(const ToolArguments& arguments) {
  const std::string directory = directory_of("drain", arguments);
  const auto given = arguments.value("worker");
  if (!given) throw Error(ExitCode::Usage, "drain needs --worker W; thresh status shows them");
  std::uint64_t id = 0;
  try {
    id = parse_count(*given, 0, UINT32_MAX);
  } catch (const std::invalid_argument& bad) {
    throw Error(ExitCode::Usage, fmt::format("option --worker: '{}' {}", printable(*given), bad.what()));
  }
  const Json status = parse_status(status_text_of(directory), directory);
  const std::string state = reading(directory, [&]() -> std::string {
    if (!status.at("goes_on_without_lost").get<bool>()) {
      throw Error(ExitCode::Config,
                  printable(directory) + ": this job cannot go on without a rank: it needs an MPI with ULFM");
    }
    for (const Json& worker : status.at("workers")) {
      if (worker.at("worker").get<std::uint64_t>() == id) return worker.at("state").get<std::string>();
    }
    return "";
  });
  if (state.empty()) {
    throw Error(ExitCode::Usage,
                fmt::format("option --worker: there is no worker {}; thresh status shows them", id));
  }
  if (state == "dead" || state == "drained" || state == "draining") {
    print_out(fmt::format("worker {} is {}\n", id, state));
    return static_cast<int>(ExitCode::Done);
  }
  const storage::JobPaths paths(directory);
  if (!storage::holder_at_work(paths.generations())) {
    throw Error(ExitCode::NoInput, printable(directory) + ": nobody is at work on this job");
  }
  storage::write_durably(paths.job_dir(), paths.drain_request(static_cast<WorkerId>(id)), "", false);
  print_out(fmt::format("worker {} is asked to leave; thresh status shows when it has\n", id));
  return static_cast<int>(ExitCode::Done);
}

}  // namespace

Tool status_tool() {
  return {
      .name = "status",
      .summary = "show what a job that runs is at, and how its workers are",
      .usage = {"DIR [--json]"},
      .details =
          "DIR is what was given with -o. The job writes its status once a second; of a\n"
          "run that was killed or failed it is the last one, and says that no process is\n"
          "at work any more. The states of workers are idle, busy, suspect, draining,\n"
          "drained, dead and spare.\n",
      .options = {{"json", "", "Print the status as it is in the job directory."}},
      .run = show,
  };
}

Tool drain_tool() {
  return {
      .name = "drain",
      .summary = "let a worker of a job that runs save its work and leave",
      .usage = {"DIR --worker W"},
      .details =
          "DIR is what was given with -o. The worker finishes what it is at, saves its\n"
          "work and ends; the others go on, and a spare takes its place, if there is one.\n"
          "That needs an MPI with ULFM (docs/fault-tolerance.md); else: 78.\n",
      .options = {{"worker", "W", "Which one, as thresh status numbers them."}},
      .run = drain,
      .acts = true,
  };
}

}  // namespace thresh::cli
