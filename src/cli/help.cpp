#include "cli/help.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "cli/options.hpp"
#include "engine/version.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kTextColumn = 25;

struct Heading {
  Group group;
  std::string_view text;
};

constexpr std::array<Heading, 4> kHeadings{{
    {Group::Data, "Input and output"},
    {Group::Shaping, "Shaping (part of the job: with another value it is another job)"},
    {Group::Running, "Running (operational: may change from one run of a job to the next)"},
    {Group::Reporting, "Reporting (operational)"},
}};

constexpr std::array<std::pair<ExitCode, std::string_view>, 11> kExitCodes{{
    {ExitCode::Done, "done: the output is complete"},
    {ExitCode::Usage, "the command line is wrong"},
    {ExitCode::BadData, "an input record, or what is in the output directory, cannot be used"},
    {ExitCode::NoInput, "an input is missing or cannot be read"},
    {ExitCode::WorkersLost, "too many workers were lost"},
    {ExitCode::Internal, "an error inside Thresh or the job"},
    {ExitCode::CannotCreate, "the output cannot be created"},
    {ExitCode::Io, "reading or writing failed"},
    {ExitCode::StoppedEarly, "stopped early: run the same command again"},
    {ExitCode::Config, "a configuration that cannot work"},
    {ExitCode::Interrupted, "interrupted"},
}};

// Appends `text`, its words wrapped, to `out`, whose last line is `column` wide; further lines are indented
// to `indent`.
void wrap(std::string& out, std::string_view text, std::size_t column, std::size_t indent) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const bool first = column <= indent;
    if (!first && column + 1 + end > kWidth) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

// "  label", then `text` from the text column on.
void add_entry(std::string& out, const std::string& label, std::string_view text) {
  out += "  " + label;
  std::size_t column = 2 + label.size();
  if (column + 2 > kTextColumn) {
    out += '\n';
    column = 0;
  }
  out.append(kTextColumn - column, ' ');
  wrap(out, text, kTextColumn, kTextColumn);
}

std::string label_of(const OptionSpec& option) {
  std::string label = option.letter == 0 ? "    " : std::string("-") + option.letter + ", ";
  label += "--" + std::string(option.name);
  if (!option.argument.empty()) label += " " + std::string(option.argument);
  return label;
}

void add_options(std::string& out) {
  for (const Heading& heading : kHeadings) {
    out += "\n" + std::string(heading.text) + ":\n";
    for (const OptionSpec& option : option_table()) {
      if (option.group != heading.group) continue;
      std::string text(option.text);
      if (!option.otherwise.empty()) text += " [default: " + std::string(option.otherwise) + "]";
      add_entry(out, label_of(option), text);
    }
  }
  out +=
      "\nSIZE is a number of bytes, or has K, M, G or T (powers of 1024): 64K, 1.5G.\n"
      "TIME has ms, s, m, h or d, or is hours:minutes:seconds: 0.3s, 10m, 1:30:00.\n"
      "Inputs are files, directories (with all below them) and globs. After -- all\n"
      "words are inputs, also those that begin with a dash.\n";
}

void add_exit_codes(std::string& out) {
  out += "\nExit codes:\n";
  for (const auto& [code, text] : kExitCodes) {
    const std::string number = std::to_string(static_cast<int>(code));
    out += std::string(5 - number.size(), ' ') + number + "  " + std::string(text) + "\n";
  }
}

void add_jobs(std::string& out, const std::vector<JobType>& jobs) {
  std::size_t name_width = 4;
  std::size_t version_width = 7;
  for (const JobType& job : jobs) {
    name_width = std::max(name_width, job.name.size());
    version_width = std::max(version_width, job.version.size());
  }
  for (const JobType& job : jobs) {
    out += job.name + std::string(name_width - job.name.size() + 2, ' ');
    out += job.version + std::string(version_width - job.version.size() + 2, ' ');
    out += job.summary + "\n";
  }
}

}  // namespace

std::string version_text() {
  return std::string("thresh ") + engine::kVersion + "\n";
}

std::string general_help(const std::vector<JobType>& jobs) {
  std::string out =
      "Thresh: MapReduce for MPI clusters\n\n"
      "Usage:\n"
      "  thresh JOB INPUT... -o DIR [options]\n"
      "      One rank does it all.\n"
      "  mpirun -np N thresh JOB INPUT... -o DIR [options]\n"
      "      Rank 0 directs, the others work.\n"
      "  thresh list\n"
      "      The jobs, one a line: name, version, summary.\n"
      "  thresh JOB --help, thresh COMMAND --help\n"
      "      What the job reads and writes; how the command is used.\n"
      "  thresh --version\n\n"
      "Jobs:\n";
  for (const JobType& job : jobs) add_entry(out, job.name, job.summary);
  if (!tools().empty()) out += "\nCommands:\n";
  for (const Tool& tool : tools()) add_entry(out, std::string(tool.name), tool.summary);
  add_options(out);
  add_exit_codes(out);
  return out;
}

std::string job_help(const JobType& job) {
  std::string out = job.name + " " + job.version + ": " + job.summary + "\n\n";
  if (!job.details.empty()) {
    out += job.details;
    if (!job.details.ends_with('\n')) out += '\n';
    out += '\n';
  }
  out += "Usage:\n  thresh " + job.name + " INPUT... -o DIR [options]\n";
  add_options(out);
  add_exit_codes(out);
  return out;
}

std::string tool_help(const Tool& tool) {
  std::string out = "thresh " + std::string(tool.name) + ": " + std::string(tool.summary) + "\n\nUsage:\n";
  for (const std::string_view line : tool.usage) {
    out += "  thresh " + std::string(tool.name) + " " + std::string(line) + "\n";
  }
  if (!tool.details.empty()) out.append("\n").append(tool.details);
  if (!tool.options.empty()) out += "\nOptions:\n";
  for (const ToolOption& option : tool.options) {
    std::string label = option.letter == 0 ? "" : std::string("-") + option.letter + ", ";
    label += "--" + std::string(option.name);
    if (!option.argument.empty()) label += " " + std::string(option.argument);
    add_entry(out, label, option.text);
  }
  add_exit_codes(out);
  return out;
}

std::string job_list(const std::vector<JobType>& jobs) {
  std::string out;
  add_jobs(out, jobs);
  return out;
}

}  // namespace thresh::cli
