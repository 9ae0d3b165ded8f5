#include "cli/option_parser.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "cli/nearest.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using Words = std::vector<std::string>;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ExitCode::Usage, what);
}

class OptionParser {
 public:
  OptionParser(const std::vector<OptionName>& options, std::string_view help)
      : options_(options), help_(help) {}

  ParsedOptions parse(const Words& arguments) const {
    check_shape(arguments);
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    std::vector<CLI::Option*> found;
    for (const OptionName& option : options_) {
      CLI::Option* const added =
          option.argument.empty() ? app.add_flag(cli11_names(option)) : app.add_option(cli11_names(option));
      found.push_back(added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
    }
    try {
      app.parse(Words(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& error) {
      refuse(error.what());
    }
    ParsedOptions parsed;
    for (const std::string& word : app.remaining()) {
      if (word.size() > 1 && word[0] == '-') refuse_option(word);
      parsed.words.push_back(word);
    }
    for (std::size_t i = 0; i < options_.size(); ++i) {
      parsed.values.push_back(found[i]->results());
      if (!options_[i].argument.empty() && parsed.values.back().size() > 1) {
        refuse("option --" + std::string(options_[i].name) + " is given more than once");
      }
    }
    return parsed;
  }

 private:
  // What CLI11 would take for something else than the user meant: an empty value after '=' (it takes the next
  // word), a value for a flag, an option as another's value, and a long option with one dash.
  void check_shape(const Words& arguments) const {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const std::string& argument = arguments[i];
      const std::size_t equals = argument.find('=');
      const auto option = find_option(options_, argument);
      if (option == options_.end()) {
        if (argument.size() > 2 && argument[0] == '-' && names_option("-" + argument))
          refuse_option(argument);
        continue;
      }
      const std::string name = "option --" + std::string(option->name);
      if (option->argument.empty()) {
        if (equals != std::string::npos) refuse(name + " takes no value");
      } else if (equals != std::string::npos) {
        if (equals + 1 == argument.size()) refuse(name + ": the value is empty");
      } else {
        ++i;
        if (i == arguments.size() || names_option(arguments[i])) {
          refuse(name + " needs a value: " + std::string(option->argument));
        }
      }
    }
  }

  bool names_option(const std::string& argument) const {
    return find_option(options_, argument) != options_.end();
  }

  [[noreturn]] void refuse_option(const std::string& argument) const {
    const std::string typed = argument.substr(0, argument.find('='));
    const std::string_view bare =
        std::string_view(typed).substr(std::min(typed.find_first_not_of('-'), typed.size()));
    Words names;
    for (const OptionName& option : options_) names.emplace_back(option.name);
    const std::optional<std::string> meant = bare.size() > 1 ? nearest(bare, names) : std::nullopt;
    refuse("unknown option " + typed +
           (meant ? "; did you mean --" + *meant + "?" : "; " + std::string(help_) + " shows the options"));
  }

  static std::string cli11_names(const OptionName& option) {
    const std::string name = "--" + std::string(option.name);
    return option.letter == 0 ? name : std::string("-") + option.letter + "," + name;
  }

  const std::vector<OptionName>& options_;
  std::string_view help_;
};

}  // namespace

std::vector<OptionName>::const_iterator find_option(const std::vector<OptionName>& options,
                                                    std::string_view word) {
  const std::string_view typed = word.substr(0, word.find('='));
  return std::find_if(options.begin(), options.end(), [&](const OptionName& option) {
    return (typed.starts_with("--") && typed.substr(2) == option.name) ||
           (option.letter != 0 && typed.size() == 2 && typed[0] == '-' && typed[1] == option.letter);
  });
}

ParsedOptions parse_options(const std::vector<OptionName>& options, const Words& arguments,
                            std::string_view help) {
  return OptionParser(options, help).parse(arguments);
}

}  // namespace thresh::cli
