// The command that `thresh supervise` runs again and again: what it says of the job, and how it changes.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace thresh::cli {

struct SupervisedCommand {
  std::vector<std::string> words;
  std::string launcher;  // the first word, without folders
  std::string output;    // empty if the command does not say
  bool overwrite = false;
  std::optional<std::chrono::milliseconds> max_time;  // none also where thresh would refuse it
};

// The words behind the one that names thresh are the job's; without one (a script) all are.
// Throws Error{Usage} if the command reads names of inputs from standard input, which it can do once.
SupervisedCommand understand(const std::vector<std::string>& words);

// The same without --fresh, which would discard what the first attempt has done.
std::vector<std::string> without_fresh(const std::vector<std::string>& words);

// The same with `left` in place of the time behind --max-time. REQUIRES: the command has a max_time.
std::vector<std::string> with_max_time(const std::vector<std::string>& words, std::chrono::milliseconds left);

// The same without --spares and its number.
std::vector<std::string> without_spares(const std::vector<std::string>& words);

}  // namespace thresh::cli
