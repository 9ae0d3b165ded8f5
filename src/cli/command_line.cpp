#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "cli/help.hpp"
#include "cli/nearest.hpp"
#include "cli/number.hpp"
#include "cli/options.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using Words = std::vector<std::string>;

// The command line, taken apart but not yet understood.
struct Parsed {
  Words words;                // job and inputs
  std::vector<Words> values;  // for each option of the table, as often as it was given
  bool help = false;
  bool version = false;
};

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ExitCode::Usage, what);
}

std::string did_you_mean(const std::optional<std::string>& name) {
  return name ? "; did you mean " + *name + "?" : "";
}

[[noreturn]] void refuse_option(const std::string& argument) {
  const std::string typed = argument.substr(0, argument.find('='));
  const std::string_view bare =
      std::string_view(typed).substr(std::min(typed.find_first_not_of('-'), typed.size()));
  Words names{"help", "version"};
  for (const OptionSpec& option : option_table()) names.emplace_back(option.name);
  std::optional<std::string> meant = bare.size() > 1 ? nearest(bare, names) : std::nullopt;
  if (meant) meant = "--" + *meant;
  refuse("unknown option " + typed + (meant ? did_you_mean(meant) : "; thresh --help shows the options"));
}

const OptionSpec* find_option(std::string_view argument) {
  const auto& table = option_table();
  const auto at = std::find_if(table.begin(), table.end(), [&](const OptionSpec& o) {
    return (argument.starts_with("--") && argument.substr(2) == o.name) ||
           (argument.size() == 2 && argument[0] == '-' && argument[1] == o.letter);
  });
  return at == table.end() ? nullptr : &*at;
}

bool names_option(const std::string& argument) {
  return find_option(argument.substr(0, argument.find('='))) != nullptr;
}

[[noreturn]] void refuse_without_value(const OptionSpec& option) {
  refuse("option --" + std::string(option.name) + " needs a value: " + std::string(option.argument));
}

// What CLI11 would take for something else than the user meant: an empty value after '=' (it takes the next
// word), a value for a flag, an option as another's value, and a long option with one dash.
void check_shape(const Words& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const OptionSpec* option = find_option(argument.substr(0, equals));
    if (option == nullptr) {
      if (argument.size() > 2 && argument[0] == '-' &&
          find_option("-" + argument.substr(0, equals)) != nullptr) {
        refuse_option(argument);
      }
      continue;
    }
    const std::string name = "option --" + std::string(option->name);
    if (option->argument.empty()) {
      if (equals != std::string::npos) refuse(name + " takes no value");
    } else if (equals != std::string::npos) {
      if (equals + 1 == argument.size()) refuse(name + ": the value is empty");
    } else {
      ++i;
      if (i == arguments.size() || names_option(arguments[i])) refuse_without_value(*option);
    }
  }
}

std::string cli11_names(const OptionSpec& option) {
  const std::string name = "--" + std::string(option.name);
  return option.letter == 0 ? name : std::string("-") + option.letter + "," + name;
}

// REQUIRES: no "--" in arguments.
Parsed take_apart(const Words& arguments) {
  check_shape(arguments);
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  Parsed parsed;
  const CLI::Option* help = app.add_flag("-h,--help");
  const CLI::Option* version = app.add_flag("--version");
  std::vector<CLI::Option*> options;
  for (const OptionSpec& spec : option_table()) {
    CLI::Option* option =
        spec.argument.empty() ? app.add_flag(cli11_names(spec)) : app.add_option(cli11_names(spec));
    options.push_back(option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
  }
  try {
    app.parse(Words(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    refuse(error.what());
  }
  for (const std::string& word : app.remaining()) {
    if (word.size() > 1 && word[0] == '-') refuse_option(word);
    parsed.words.push_back(word);
  }
  for (const CLI::Option* option : options) parsed.values.push_back(option->results());
  parsed.help = help->count() > 0;
  parsed.version = version->count() > 0;
  return parsed;
}

engine::RunOptions read_options(const Parsed& parsed) {
  engine::RunOptions options;
  bool peer_timeout_given = false;
  for (std::size_t i = 0; i < parsed.values.size(); ++i) {
    const OptionSpec& spec = option_table()[i];
    const Words& values = parsed.values[i];
    if (values.empty()) continue;
    const std::string name = "option --" + std::string(spec.name);
    if (!spec.argument.empty() && values.size() > 1) refuse(name + " is given more than once");
    try {
      spec.set(options, values.front());
    } catch (const BadValue& bad) {
      refuse(name + ": '" + values.front() + "' " + bad.what());
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
  refuse("unknown job '" + name + "'" + (meant ? did_you_mean(meant) : "; thresh list names the jobs"));
}

const Tool* tool_named(const std::string& name) {
  const auto at = std::find_if(tools().begin(), tools().end(), [&](const Tool& t) { return t.name == name; });
  return at == tools().end() ? nullptr : &*at;
}

Command help_for(const Words& about, const std::vector<JobType>& jobs) {
  if (about.size() > 1) refuse("help takes one job or command");
  if (!about.empty()) {
    if (const Tool* tool = tool_named(about[0])) return Print{tool_help(*tool)};
  }
  if (about.empty() || about[0] == "list" || about[0] == "help") return Print{general_help(jobs)};
  return Print{job_help(job_named(about[0], jobs))};
}

}  // namespace

Command parse_command_line(const Words& arguments, const std::vector<JobType>& jobs) {
  if (const Tool* tool = arguments.empty() ? nullptr : tool_named(arguments.front())) {
    const Words rest(arguments.begin() + 1, std::find(arguments.begin(), arguments.end(), "--"));
    const bool help = std::any_of(rest.begin(), rest.end(),
                                  [](const std::string& word) { return word == "--help" || word == "-h"; });
    if (help) return Print{tool_help(*tool)};
    return RunTool{tool, parse_tool(*tool, Words(arguments.begin() + 1, arguments.end()))};
  }
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  Parsed parsed = take_apart(Words(arguments.begin(), dashes));
  if (dashes != arguments.end()) parsed.words.insert(parsed.words.end(), dashes + 1, arguments.end());
  if (parsed.version) return Print{version_text()};
  if (parsed.words.empty()) {
    if (parsed.help) return Print{general_help(jobs)};
    refuse("no job is given; thresh list names the jobs, thresh --help shows how to run them");
  }
  const std::string first = parsed.words.front();
  Words rest(parsed.words.begin() + 1, parsed.words.end());
  if (first == "help") return help_for(rest, jobs);
  if (parsed.help) return help_for({first}, jobs);
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
