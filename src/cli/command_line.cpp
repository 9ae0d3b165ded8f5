#include "cli/command_line.hpp"

#include <algorithm>

#include "cli/help.hpp"
#include "cli/nearest.hpp"
#include "cli/number.hpp"
#include "cli/option_parser.hpp"
#include "cli/options.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using Words = std::vector<std::string>;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ExitCode::Usage, what);
}

// Behind those of the table.
enum { Help, Version };

std::vector<OptionName> option_names() {
  std::vector<OptionName> names;
  for (const OptionSpec& spec : option_table()) names.push_back({spec.name, spec.argument, spec.letter});
  names.push_back({"help", "", 'h'});
  names.push_back({"version", ""});
  return names;
}

bool is_given(const ParsedOptions& parsed, std::size_t behind_table) {
  return !parsed.values[option_table().size() + behind_table].empty();
}

engine::RunOptions read_options(const ParsedOptions& parsed) {
  engine::RunOptions options;
  bool peer_timeout_given = false;
  for (std::size_t i = 0; i < option_table().size(); ++i) {
    const OptionSpec& spec = option_table()[i];
    const Words& values = parsed.values[i];
    if (values.empty()) continue;
    try {
      spec.set(options, spec.argument.empty() ? "" : values.front());
    } catch (const BadValue& bad) {
      refuse("option --" + std::string(spec.name) + ": '" + values.front() + "' " + bad.what());
    }
    if (spec.name == "peer-timeout") peer_timeout_given = true;
  }
  if (!peer_timeout_given) options.peer_timeout = peer_timeout_for(options.task_timeout);
  return options;
}

const JobType& job_named(const std::string& name, const std::vector<JobType>& jobs) {
  Words names{"list", "help"};
  for (const Tool& tool : tools()) names.emplace_back(tool.name);
  for (const JobType& job : jobs) {
    if (job.name == name) return job;
    names.push_back(job.name);
  }
  const auto meant = nearest(name, names);
  refuse("unknown job '" + name + "'" +
         (meant ? "; did you mean " + *meant + "?" : "; thresh list names the jobs"));
}

Command help_for(const Words& about, const std::vector<JobType>& jobs) {
  if (about.size() > 1) refuse("help takes one job or command");
  if (!about.empty()) {
    if (const Tool* tool = find_tool(about[0])) return Print{tool_help(*tool)};
  }
  if (about.empty() || about[0] == "list" || about[0] == "help") return Print{general_help(jobs)};
  return Print{job_help(job_named(about[0], jobs))};
}

// A job that a command would start, and that is only asked about.
bool asks_for_help(const Words& command, const std::vector<JobType>& jobs) {
  const bool is_job = !command.empty() && std::any_of(jobs.begin(), jobs.end(), [&](const JobType& job) {
    return job.name == command.front();
  });
  const auto end = std::find(command.begin(), command.end(), "--");
  return is_job && std::any_of(command.begin(), end,
                               [](const std::string& word) { return word == "--help" || word == "-h"; });
}

}  // namespace

Command parse_command_line(const Words& arguments, const std::vector<JobType>& jobs) {
  if (const Tool* tool = arguments.empty() ? nullptr : find_tool(arguments.front())) {
    ToolArguments given = parse_tool(*tool, Words(arguments.begin() + 1, arguments.end()));
    if (given.has("help")) return Print{tool_help(*tool)};
    if (tool->starts_job && asks_for_help(given.command, jobs))
      return parse_command_line(given.command, jobs);
    return RunTool{tool, std::move(given)};
  }
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  ParsedOptions parsed = parse_options(option_names(), Words(arguments.begin(), dashes), "thresh --help");
  if (dashes != arguments.end()) parsed.words.insert(parsed.words.end(), dashes + 1, arguments.end());
  const bool help = is_given(parsed, Help);
  if (is_given(parsed, Version)) return Print{version_text()};
  if (parsed.words.empty()) {
    if (help) return Print{general_help(jobs)};
    refuse("no job is given; thresh list names the jobs, thresh --help shows how to run them");
  }
  const std::string first = parsed.words.front();
  Words rest(parsed.words.begin() + 1, parsed.words.end());
  if (first == "help") return help_for(rest, jobs);
  if (help) return help_for({first}, jobs);
  if (first == "list") {
    if (!rest.empty()) refuse("list takes no arguments");
    return Print{job_list(jobs)};
  }
  RunJob run;
  run.job = &job_named(first, jobs);
  run.options = read_options(parsed);
  run.options.job = first;
  run.options.inputs = std::move(rest);
  check_options(run.options);
  if (run.options.key && !run.job->with_key) refuse("the job " + first + " takes no --key");
  return run;
}

}  // namespace thresh::cli
