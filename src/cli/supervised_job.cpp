#include "cli/supervised_job.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <iterator>

#include "storage/job_files.hpp"
#include "storage/job_paths.hpp"
#include "storage/manifest.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using Names = std::set<std::string>;

std::optional<FileIdentity> identity_of(const std::string& path) {
  const auto status = storage::link_status(path);
  if (!status) return std::nullopt;
  return FileIdentity{status->device, status->inode, status->mtime_ns};
}

// Reads what may be damaged, or go away meanwhile; none then.
template <typename Read>
auto if_readable(Read read) -> decltype(read()) {
  try {
    return read();
  } catch (const Error&) {
    return std::nullopt;
  }
}

Names files_in(const std::string& directory, std::string_view ending) {
  Names names;
  if (!storage::link_status(directory)) return names;
  for (const std::string& name : storage::list_directory(directory)) {
    if (name.starts_with(storage::kTemporaryPrefix) || !name.ends_with(ending)) continue;
    names.insert(name);
  }
  return names;
}

std::size_t count_new(const Names& before, const Names& after) {
  Names fresh;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::inserter(fresh, fresh.end()));
  return fresh.size();
}

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " new " + what + (count == 1 ? "" : "s");
}

bool is_refusal(int code) {
  switch (static_cast<ExitCode>(code)) {
    case ExitCode::Usage:
    case ExitCode::BadData:
    case ExitCode::NoInput:
    case ExitCode::CannotCreate:
    case ExitCode::Config:
      return true;
    default:
      return false;
  }
}

bool is_resumable(int code) {
  switch (static_cast<ExitCode>(code)) {
    case ExitCode::StoppedEarly:
    case ExitCode::Io:
    case ExitCode::WorkersLost:
      return true;
    default:
      return false;
  }
}

constexpr int kNotExecutable = 126;  // what shells and launchers say
constexpr int kNotFound = 127;
constexpr int kSignalCodes = 128;  // and the number of the signal that killed a rank
constexpr int kLastSignal = 31;

std::string named(int signal) {
  return "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

// Why an attempt with this outcome ended. When a rank is killed, the mpirun of an MPI without ULFM stops the
// others, and so does one that is killed itself: they know of that signal alone.
std::string reason_of(const storage::Outcome& outcome, const ProcessEnd& end, const std::string& launcher) {
  const std::string ended = launcher + " " + end.text();
  if (outcome.code != static_cast<int>(ExitCode::StoppedEarly)) return outcome.text + " (" + ended + ")";
  if (end.by_signal) return ended + "; then: " + outcome.text;
  const int signal = end.signal_of_another();
  if (signal == 0 || signal == SIGTERM) return outcome.text + " (" + ended + ")";
  return "a process of the job was ended by " + named(signal) + " (" + launcher + " ended with " +
         std::to_string(end.number) + "); then: " + outcome.text;
}

}  // namespace

std::optional<FileIdentity> view_success(const std::string& output) {
  const std::string path = storage::JobPaths(output).success();
  return if_readable([&]() -> std::optional<FileIdentity> {
    const auto identity = identity_of(path);
    if (identity) storage::parse_manifest(storage::read_file(path), path);
    return identity;
  });
}

std::optional<storage::Outcome> view_outcome(const std::string& output) {
  return if_readable([&] { return storage::read_outcome(storage::JobPaths(output).outcome()); });
}

JobView view_job(const std::string& output) {
  const storage::JobPaths paths(output);
  JobView view;
  view.there = storage::link_status(output).has_value();
  view.success = view_success(output);
  view.job = identity_of(paths.job_file());
  view.outcome = view_outcome(output);
  for (const std::string& directory : storage::run_directories(paths)) {
    view.runs.merge(files_in(directory, ".h5"));
  }
  view.parts = files_in(paths.parts(), ".commit");
  view.verdicts = files_in(paths.job_dir() + "/attempts", "");
  return view;
}

std::string JobProgress::text() const {
  std::string text = counted(runs, "run") + ", " + counted(parts, "part");
  if (verdicts > 0) text += ", " + counted(verdicts, "verdict");
  return text;
}

JobProgress progress_between(const JobView& before, const JobView& after) {
  JobProgress progress;
  progress.runs = count_new(before.runs, after.runs);
  progress.parts = count_new(before.parts, after.parts);
  progress.verdicts = count_new(before.verdicts, after.verdicts);
  progress.begun = after.job && after.job != before.job;
  return progress;
}

std::string ProcessEnd::text() const {
  if (by_signal) return "was killed by " + named(number);
  const std::string text = "ended with " + std::to_string(number);
  const int signal = signal_of_another();
  return signal != 0 ? text + ", as for " + named(signal) : text;
}

int ProcessEnd::signal_of_another() const {
  const int signal = by_signal ? 0 : number - kSignalCodes;
  return signal > 0 && signal <= kLastSignal ? signal : 0;
}

Judgement judge_attempt(const JobView& first, const JobView& before, const JobView& after,
                        const ProcessEnd& end, const std::string& name, bool overwrite) {
  using Kind = Judgement::Kind;
  const bool complete_already = after.success && !overwrite && end.exited_with(0);
  if (after.success && (after.success != first.success || complete_already)) return {Kind::Done, 0, "done"};
  const std::string ended = name + " " + end.text();
  if (after.outcome && after.outcome != before.outcome) {
    const int code = after.outcome->code;
    const bool in_time = after.outcome->text.find("--max-time") != std::string::npos;
    if (code == static_cast<int>(ExitCode::StoppedEarly) && in_time) {
      return {Kind::TimeIsUp, code, after.outcome->text};
    }
    if (!is_resumable(code)) return {Kind::CannotSucceed, code, after.outcome->text};
    return {Kind::Resumable, 0, reason_of(*after.outcome, end, name)};
  }
  if (!end.by_signal && is_refusal(end.number)) return {Kind::CannotSucceed, end.number, ended};
  if ((end.exited_with(kNotFound) || end.exited_with(kNotExecutable)) &&
      !progress_between(before, after).any()) {
    return {Kind::CannotSucceed, static_cast<int>(ExitCode::Usage), ended};
  }
  if (end.exited_with(0) && !after.there) {
    return {Kind::Resumable, 0, ended + ", but its output is not here: --output DIR names the right place",
            true};
  }
  return {Kind::Resumable, 0, ended};
}

}  // namespace thresh::cli
