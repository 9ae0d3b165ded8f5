#include "cli/tool.hpp"

#include <algorithm>
#include <utility>

#include "cli/option_parser.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using Words = std::vector<std::string>;

std::vector<OptionName> option_names(const Tool& tool) {
  std::vector<OptionName> names;
  for (const ToolOption& option : tool.options)
    names.push_back({option.name, option.argument, option.letter});
  names.push_back({"help", "", 'h'});
  return names;
}

// Where the command begins that the tool is to start: "--", or the first word that is no option. The options
// before it get their second dash.
Words::iterator find_job(const std::vector<OptionName>& options, Words& arguments) {
  auto at = arguments.begin();
  while (at != arguments.end() && at->starts_with('-') && *at != "--") {
    if (find_option(options, "-" + *at) != options.end()) at->insert(0, 1, '-');
    const auto option = find_option(options, *at);
    const bool takes_next =
        option != options.end() && !option->argument.empty() && at->find('=') == std::string::npos;
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
  const std::vector<OptionName> options = option_names(tool);
  Words arguments = given;
  const auto end =
      tool.starts_job ? find_job(options, arguments) : std::find(arguments.begin(), arguments.end(), "--");
  ParsedOptions found =
      parse_options(options, Words(arguments.begin(), end), "thresh " + std::string(tool.name) + " --help");
  ToolArguments parsed;
  parsed.words = std::move(found.words);
  if (end != arguments.end()) parsed.command.assign(*end == "--" ? end + 1 : end, arguments.end());
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (found.values[i].empty()) continue;
    parsed.values.emplace_back(options[i].name, options[i].argument.empty() ? "" : found.values[i].front());
  }
  return parsed;
}

}  // namespace thresh::cli
