// Takes a command line apart into options and words: one parser for jobs and commands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thresh::cli {

struct OptionName {
  std::string_view name;      // long, without the dashes
  std::string_view argument;  // what the value is; empty: a flag
  char letter = 0;            // short form; 0: none
};

struct ParsedOptions {
  std::vector<std::string> words;                // what is no option
  std::vector<std::vector<std::string>> values;  // of each option, as often as it was given
};

// The option that a word names, with or without "=value"; none: `options.end()`.
std::vector<OptionName>::const_iterator find_option(const std::vector<OptionName>& options,
                                                    std::string_view word);

// Options and words may be mixed. `help`: the command that shows the options. Throws Error{Usage}: for an
// unknown option with the nearest name, for a value that is missing, empty or given to a flag, and for an
// option that has a value and is given more than once. REQUIRES: no "--" among the arguments.
ParsedOptions parse_options(const std::vector<OptionName>& options, const std::vector<std::string>& arguments,
                            std::string_view help);

}  // namespace thresh::cli
