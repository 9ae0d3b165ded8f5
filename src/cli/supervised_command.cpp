#include "cli/supervised_command.hpp"

#include <algorithm>

#include "cli/duration.hpp"
#include "cli/number.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using Words = std::vector<std::string>;

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool names_thresh(const std::string& word) {
  return file_name(word) == "thresh";
}

// Where the options of the job are: [first, last). Launchers have options of the same names.
struct Span {
  std::size_t first = 0;
  std::size_t last = 0;
  bool sure = false;  // they are thresh's
};

Span job_words(const Words& words) {
  const auto named = std::find_if(words.begin(), words.end(), names_thresh);
  const bool sure = named != words.end();
  const auto first = sure ? named + 1 : words.begin();
  const auto last = std::find(first, words.end(), "--");
  return {static_cast<std::size_t>(first - words.begin()), static_cast<std::size_t>(last - words.begin()),
          sure};
}

// The value of the option if it is at words[i]; empty if not.
std::string value_at(const Words& words, std::size_t i, const Span& span, const std::string& name,
                     const std::string& letter) {
  const std::string& word = words[i];
  if (word == name || (!letter.empty() && word == letter)) return i + 1 < span.last ? words[i + 1] : "";
  if (word.starts_with(name + "=")) return word.substr(name.size() + 1);
  if (!letter.empty() && word.starts_with(letter + "=")) return word.substr(letter.size() + 1);
  // "-oout"; but mpirun has long options with one dash.
  if (span.sure && !letter.empty() && word.starts_with(letter)) return word.substr(letter.size());
  return "";
}

Words without_option(const Words& words, const std::string& name, bool has_value) {
  const Span span = job_words(words);
  Words rest;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool of_job = i >= span.first && i < span.last;
    if (of_job && words[i] == name) {
      i += has_value ? 1 : 0;
    } else if (!of_job || !words[i].starts_with(name + "=")) {
      rest.push_back(words[i]);
    }
  }
  return rest;
}

constexpr const char* kMaxTime = "--max-time";

std::optional<std::chrono::milliseconds> time_of(const std::string& text) {
  try {
    return parse_duration(text);
  } catch (const BadValue&) {
    return std::nullopt;
  }
}

}  // namespace

SupervisedCommand understand(const Words& words) {
  SupervisedCommand command;
  command.words = words;
  command.launcher = file_name(words.front());
  const Span span = job_words(words);
  for (std::size_t i = span.first; i < span.last; ++i) {
    if (words[i] == "--overwrite") command.overwrite = true;
    if (value_at(words, i, span, "--files-from", "") == "-") {
      throw Error(
          ExitCode::Usage,
          "the command reads --files-from standard input, which a second attempt could not read again: "
          "put the names into a file");
    }
    const std::string output = value_at(words, i, span, "--output", "-o");
    if (!output.empty()) command.output = output;
    // What a script makes of such a word is its own business.
    const std::string time = span.sure ? value_at(words, i, span, kMaxTime, "") : "";
    if (!time.empty()) command.max_time = time_of(time);
  }
  return command;
}

Words without_fresh(const Words& words) {
  return without_option(words, "--fresh", false);
}

Words with_max_time(const Words& words, std::chrono::milliseconds left) {
  const Span span = job_words(words);
  const std::string text = std::to_string(left.count()) + "ms";
  Words changed = words;
  for (std::size_t i = span.first; i < span.last; ++i) {
    const std::string value = value_at(words, i, span, kMaxTime, "");
    if (value.empty()) continue;
    const bool apart = words[i] == kMaxTime;
    changed[apart ? i + 1 : i] = apart ? text : std::string(kMaxTime) + "=" + text;
  }
  return changed;
}

Words without_spares(const Words& words) {
  return without_option(words, "--spares", true);
}

}  // namespace thresh::cli
