#include "cli/options.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/duration.hpp"
#include "cli/key_columns.hpp"
#include "cli/number.hpp"
#include "cli/size.hpp"
#include "engine/fault_drill.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using engine::RunOptions;
using std::string;

constexpr std::uint64_t kMostPartitions = 100'000;  // part-00000 to part-99999
constexpr std::uint64_t kMostTop = 10'000;          // rank 0 has so many of each part in memory
constexpr std::uint64_t kMostRoundBytes = std::uint64_t{1} << 30;

template <class Choice, std::size_t N>
Choice choose(const string& value, const std::array<std::pair<std::string_view, Choice>, N>& choices) {
  string names;
  for (const auto& [name, choice] : choices) {
    if (name == value) return choice;
    names += (names.empty() ? "" : ", ") + string(name);
  }
  throw BadValue("is none of " + names);
}

const string& not_empty(const string& value) {
  if (value.empty()) throw BadValue("is empty");
  return value;
}

string seconds_text(std::chrono::milliseconds time) {
  const auto ms = time.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

void set_progress(RunOptions& o, const string& value) {
  using Progress = RunOptions::Progress;
  constexpr std::array<std::pair<std::string_view, Progress>, 4> kChoices{{{"auto", Progress::Auto},
                                                                           {"bar", Progress::Bar},
                                                                           {"lines", Progress::Lines},
                                                                           {"none", Progress::None}}};
  o.progress = choose(value, kChoices);
}

void set_fault(RunOptions& o, const string& value) {
  engine::FaultDrill check(not_empty(value), 0);  // throws Error{Usage}
  o.fault = value;
}

void set_log_level(RunOptions& o, const string& value) {
  constexpr std::array<std::pair<std::string_view, const char*>, 4> kChoices{
      {{"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}}};
  o.log_level = choose(value, kChoices);
}

std::vector<OptionSpec> data_options() {
  return {
      {"output", 'o', "DIR", Group::Data, "Directory for the results; made if it is not there.",
       "none, must be given", [](RunOptions& o, const string& v) { o.output = not_empty(v); }},
      {"files-from", 0, "FILE", Group::Data,
       "Read the names of further inputs from FILE, one a line; - is standard input.", "none",
       [](RunOptions& o, const string& v) { o.files_from = not_empty(v); }},
      {"null", '0', "", Group::Data,
       "Names in --files-from end with a NUL byte, as find -print0 writes them.", "",
       [](RunOptions& o, const string&) { o.files_from_null = true; }},
      {"fresh", 0, "", Group::Data, "Discard an unfinished job in the output directory and begin anew.", "",
       [](RunOptions& o, const string&) { o.fresh = true; }},
      {"accept-new-code", 0, "", Group::Data,
       "Go on with an unfinished job that another version of the job or of thresh began. What that one "
       "mapped stays.",
       "", [](RunOptions& o, const string&) { o.accept_new_code = true; }},
      {"overwrite", 0, "", Group::Data,
       "Replace a finished job in the output directory when this one is done.", "",
       [](RunOptions& o, const string&) { o.overwrite = true; }},
  };
}

std::vector<OptionSpec> shaping_options() {
  return {
      {"split-size", 0, "SIZE", Group::Shaping,
       "Bytes of input handed to a worker at a time. Smaller splits spread the work more evenly and cost "
       "more "
       "messages.",
       "from the input size: a 64th of it, 64K to 16M",
       [](RunOptions& o, const string& v) { o.split_bytes = parse_size(v); }},
      {"partitions", 0, "N", Group::Shaping, "Parts of the output, 1 to 100000: part-00000.tsv and so on.",
       "from the input size: one for 4M of it, at most 64; past 2G one for 32M, at most 4096",
       [](RunOptions& o, const string& v) {
         o.partitions = static_cast<std::uint32_t>(parse_count(v, 1, kMostPartitions));
       }},
      {"max-bad-records", 0, "N", Group::Shaping,
       "Leave out up to N records on which the job throws, crashes or hangs, instead of failing. They are "
       "named. An unfinished job goes on with another N.",
       "0", [](RunOptions& o, const string& v) { o.max_bad_records = parse_count(v, 0, UINT32_MAX); }},
      {"key", 0, "N[,M]", Group::Shaping,
       "terasort: sort lines of text by their bytes N to M, counted from 1; without M to the end of the "
       "line.",
       "none: the job's own records", [](RunOptions& o, const string& v) { o.key = parse_key_columns(v); }},
      {"escape", 0, "", Group::Shaping,
       "Write TAB, newline, carriage return and backslash in results as \\t \\n \\r \\\\. Without it, a "
       "result that "
       "a line of TSV cannot hold is refused by name.",
       "", [](RunOptions& o, const string&) { o.escape = true; }},
  };
}

std::vector<OptionSpec> running_options() {
  return {
      {"memory", 0, "SIZE", Group::Running, "Memory budget of one rank.",
       "an equal share of half of the node's available memory, for the ranks that work",
       [](RunOptions& o, const string& v) { o.memory_bytes = parse_size(v); }},
      {"scratch", 0, "DIR", Group::Running,
       "Directory, best on a local disk, for rows that memory has no room for. Nothing stays in it.",
       "TMPDIR, or /tmp", [](RunOptions& o, const string& v) { o.scratch = not_empty(v); }},
      {"checkpoint", 0, "DIR", Group::Running,
       "Directory for checkpoints, which all ranks share. A job that goes on finds them there by itself.",
       "DIR/.thresh/runs of the output",
       [](RunOptions& o, const string& v) { o.checkpoint_dir = not_empty(v); }},
      {"checkpoint-every", 0, "TIME", Group::Running,
       "Work that may be lost with a worker, and one split; it is written to disk that often.", "1m",
       [](RunOptions& o, const string& v) { o.checkpoint_every = parse_duration(v); }},
      {"no-checkpoint", 0, "", Group::Running,
       "Write no checkpoints: a job that is killed maps everything again.", "",
       [](RunOptions& o, const string&) { o.checkpoints = false; }},
      {"max-attempts", 0, "N", Group::Running,
       "Times that a split is tried on which records fail, by different workers and after restarts.", "4",
       [](RunOptions& o, const string& v) {
         o.max_attempts = static_cast<std::uint32_t>(parse_count(v, 2, 1000));
       }},
      {"max-time", 0, "TIME", Group::Running,
       "Stop in good time before TIME is over, with exit code 75: the same command goes on.", "none",
       [](RunOptions& o, const string& v) { o.max_time = parse_duration(v); }},
      {"task-timeout", 0, "TIME", Group::Running,
       "A worker that gets nothing done for this long (no record, value or block of bytes) is hung and is "
       "ended.",
       "10m", [](RunOptions& o, const string& v) { o.task_timeout = parse_duration(v); }},
      {"peer-timeout", 0, "TIME", Group::Running,
       "A rank that does not answer for this long is lost, and the job ends when nothing moves between "
       "workers for this long. Must be longer than --task-timeout.",
       "a tenth more than --task-timeout, at least 1s more: 11m",
       [](RunOptions& o, const string& v) { o.peer_timeout = parse_duration(v); }},
      {"spares", 0, "N", Group::Running,
       "Keep N ranks idle, to take the places of workers that are lost. Needs an MPI that goes on without a "
       "lost rank; elsewhere none are kept.",
       "0",
       [](RunOptions& o, const string& v) {
         o.spares = static_cast<std::uint32_t>(parse_count(v, 0, 100'000));
       }},
      {"oversubscribe", 0, "", Group::Running,
       "Let all workers work, even if a host has fewer CPUs for them: for a job that waits for its input. "
       "Without it those too many on a host wait, to take the place of one that is lost.",
       "", [](RunOptions& o, const string&) { o.oversubscribe = true; }},
      {"round-size", 0, "SIZE", Group::Running,
       "Most that one rank sends another in one round of the shuffle, up to 1G.", "1M",
       [](RunOptions& o, const string& v) { o.round_bytes = parse_size(v, kMostRoundBytes); }},
      {"no-host-reads", 0, "", Group::Running,
       "Move all rows through MPI, where ranks of the same host would read them in each other's memory.", "",
       [](RunOptions& o, const string&) { o.host_reads = false; }},
      {"no-fsync", 0, "", Group::Running,
       "Do not wait until results are on disk: faster, but a power cut may cost them.", "",
       [](RunOptions& o, const string&) { o.fsync = false; }},
      {"fault", 0, "FAULT", Group::Running,
       "Make a fault happen, to see what becomes of the job: KIND:worker=W,at=STEP[:N], as in "
       "kill:worker=2,at=shuffle:1. What there is, is told for an unknown one.",
       "none", set_fault},
  };
}

std::vector<OptionSpec> reporting_options() {
  return {
      {"top", 0, "N", Group::Reporting,
       "Print the N largest results to stdout, 10000 at most; among equals, in order of the keys.", "0, none",
       [](RunOptions& o, const string& v) {
         o.top = static_cast<std::uint32_t>(parse_count(v, 0, kMostTop));
       }},
      {"metrics", 0, "FILE", Group::Reporting, "Write the metrics to FILE as well as to DIR/metrics.json.",
       "none", [](RunOptions& o, const string& v) { o.metrics = not_empty(v); }},
      {"progress", 0, "HOW", Group::Reporting,
       "auto, bar, lines or none: a bar to look at, a line every 30s for logs.", "auto: a bar on a terminal",
       set_progress},
      {"log-level", 0, "LEVEL", Group::Reporting,
       "debug, info, warn or error: what is worth a line on stderr.", "info", set_log_level},
      {"quiet", 'q', "", Group::Reporting, "Write nothing to stderr but warnings and errors.", "",
       [](RunOptions& o, const string&) { o.quiet = true; }},
  };
}

}  // namespace

const std::vector<OptionSpec>& option_table() {
  static const std::vector<OptionSpec> table = [] {
    std::vector<OptionSpec> all = data_options();
    for (const auto& group : {shaping_options(), running_options(), reporting_options()}) {
      all.insert(all.end(), group.begin(), group.end());
    }
    return all;
  }();
  return table;
}

std::chrono::milliseconds peer_timeout_for(std::chrono::milliseconds task_timeout) {
  return task_timeout + std::max(task_timeout / 10, std::chrono::milliseconds(1000));
}

void check_options(const RunOptions& options) {
  if (options.inputs.empty() && !options.files_from) {
    throw Error(ExitCode::Usage,
                options.job + " needs an input: name files or directories, or give --files-from FILE");
  }
  for (const string& input : options.inputs) {
    if (input.empty()) throw Error(ExitCode::Usage, "the name of an input is empty");
  }
  if (options.output.empty()) throw Error(ExitCode::Usage, "no output directory: give -o DIR");
  if (!options.checkpoints && !options.checkpoint_dir.empty()) {
    throw Error(ExitCode::Usage, "options --checkpoint and --no-checkpoint exclude each other");
  }
  if (options.files_from_null && !options.files_from) {
    throw Error(ExitCode::Usage, "option --null needs --files-from FILE");
  }
  if (options.peer_timeout <= options.task_timeout) {
    throw Error(ExitCode::Usage, "option --peer-timeout (" + seconds_text(options.peer_timeout) +
                                     ") must be longer than --task-timeout (" +
                                     seconds_text(options.task_timeout) + ")");
  }
}

}  // namespace thresh::cli
