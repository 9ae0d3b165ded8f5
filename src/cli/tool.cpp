#include "cli/tool.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/nearest.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using Words = std::vector<std::string>;

[[noreturn]] void refuse(const Tool& tool, const std::string& what) {
  throw Error(ExitCode::Usage, what + "; thresh " + std::string(tool.name) + " --help shows the options");
}

[[noreturn]] void refuse_option(const Tool& tool, const std::string& word) {
  Words names{"help"};
  for (const ToolOption& option : tool.options) names.emplace_back(option.name);
  const std::string typed = word.substr(0, word.find('='));
  const std::size_t begin = std::min(typed.find_first_not_of('-'), typed.size());
  if (const auto meant = nearest(typed.substr(begin), names)) {
    throw Error(ExitCode::Usage, "unknown option " + typed + "; did you mean --" + *meant + "?");
  }
  refuse(tool, "unknown option " + typed);
}

// The option that the word names, with or without "=value".
const ToolOption* option_named(const Tool& tool, const std::string& word) {
  const std::string typed = word.substr(0, word.find('='));
  for (const ToolOption& option : tool.options) {
    const bool short_form = option.letter != 0 && typed == std::string("-") + option.letter;
    if (short_form || typed == "--" + std::string(option.name)) return &option;
  }
  return nullptr;
}

// Where the command begins that the tool is to start: "--", or the first word that is no option. The options
// before it get their second dash.
Words::iterator find_job(const Tool& tool, Words& arguments) {
  auto at = arguments.begin();
  while (at != arguments.end() && at->starts_with('-') && *at != "--") {
    if (option_named(tool, "-" + *at) != nullptr) at->insert(0, 1, '-');
    const ToolOption* option = option_named(tool, *at);
    const bool takes_next =
        option != nullptr && !option->argument.empty() && at->find('=') == std::string::npos;
    for (int words = takes_next ? 2 : 1; words > 0 && at != arguments.end(); --words) ++at;
  }
  return at;
}

}  // namespace

std::optional<std::string> ToolArguments::value(std::string_view option) const {
  for (const auto& [name, value] : values) {
    if (name == option) return value;
  }
  return std::nullopt;
}

std::string directory_of(std::string_view tool, const ToolArguments& arguments) {
  if (arguments.words.size() + arguments.command.size() == 1) {
    return arguments.words.empty() ? arguments.command.front() : arguments.words.front();
  }
  throw Error(ExitCode::Usage,
              "thresh " + std::string(tool) + " takes one directory: what was given with -o");
}

ToolArguments parse_tool(const Tool& tool, const Words& given) {
  Words arguments = given;
  const auto end =
      tool.starts_job ? find_job(tool, arguments) : std::find(arguments.begin(), arguments.end(), "--");
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<CLI::Option*> options;
  for (const ToolOption& spec : tool.options) {
    std::string name = "--" + std::string(spec.name);
    if (spec.letter != 0) name += std::string(",-") + spec.letter;
    CLI::Option* option = spec.argument.empty() ? app.add_flag(name) : app.add_option(name);
    options.push_back(option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
  }
  try {
    app.parse(Words(std::reverse_iterator(end), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    refuse(tool, error.what());
  }
  ToolArguments parsed;
  for (const std::string& word : app.remaining()) {
    if (word.size() > 1 && word[0] == '-') refuse_option(tool, word);
    parsed.words.push_back(word);
  }
  if (end != arguments.end()) parsed.command.assign(*end == "--" ? end + 1 : end, arguments.end());
  for (std::size_t i = 0; i < options.size(); ++i) {
    const ToolOption& spec = tool.options[i];
    if (options[i]->count() == 0) continue;
    if (options[i]->count() > 1) refuse(tool, "option --" + std::string(spec.name) + " is given twice");
    parsed.values.emplace_back(spec.name, spec.argument.empty() ? "" : options[i]->results().front());
  }
  return parsed;
}

}  // namespace thresh::cli
