#include "cli/drill_report.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "engine/fault_drill.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {

DrillState::DrillState(std::string path) : path_(std::move(path)) {
  if (path_.empty() || !storage::file_status(path_)) return;
  const std::string text = storage::read_file(path_);
  std::string_view rest(text);
  for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
    const std::string_view line = rest.substr(0, end);
    if (line.empty()) continue;  // ends what a killed drill did not
    const std::string_view word = line.substr(0, line.find(' '));
    const std::string_view name_and_why = line.substr(std::min(line.size(), word.size() + 1));
    const std::string_view name = name_and_why.substr(0, name_and_why.find(' '));
    const bool failed = word == "failed";
    if (!failed && (word != "passed" || name != name_and_why)) {
      if (line.starts_with("passed ") || line.starts_with("failed ")) continue;  // cut short, then gone on
      throw Error(ExitCode::BadData, path_ + " is no state file of thresh drill");
    }
    found_[std::string(name)] =
        failed ? std::string(name_and_why.substr(std::min(name_and_why.size(), name.size() + 1))) : "";
  }
}

void DrillState::add(const std::string& name, const std::string& failure) {
  if (path_.empty()) return;
  const storage::Fd file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!file) storage::throw_errno(ExitCode::Io, "write", path_, errno);
  std::string line = failure.empty() ? "passed " + name : "failed " + name + " " + failure;
  std::replace(line.begin(), line.end(), '\n', '|');
  storage::write_all(file.get(), line + "\n", path_);
}

std::string drill_table(const std::vector<DrillCase>& cases, const DrillVerdicts& verdicts) {
  std::map<std::pair<std::string_view, std::string_view>, std::pair<int, int>> cells;  // passed, run
  for (const DrillCase& drill : cases) {
    const auto verdict = verdicts.find(drill.name());
    if (verdict == verdicts.end()) continue;
    auto& [passed, run] = cells[{drill.step, drill.kind}];
    passed += verdict->second.empty() ? 1 : 0;
    ++run;
  }
  std::vector<std::string_view> kinds;  // those of any case
  for (const std::string_view kind : engine::FaultDrill::kinds()) {
    const bool tried =
        std::any_of(cells.begin(), cells.end(), [&](const auto& cell) { return cell.first.second == kind; });
    if (tried) kinds.push_back(kind);
  }
  std::string table = "| step |";
  for (const std::string_view kind : kinds) table += fmt::format(" {} |", kind);
  table += "\n|---|";
  for (std::size_t i = 0; i < kinds.size(); ++i) table += "---|";
  table += "\n";
  for (const engine::DrillStep& step : engine::drill_steps()) {
    table += fmt::format("| {} |", step.name);
    for (const std::string_view kind : kinds) {
      const auto cell = cells.find({step.name, kind});
      table += cell == cells.end() ? "  |" : fmt::format(" {}/{} |", cell->second.first, cell->second.second);
    }
    table += "\n";
  }
  return table;
}

}  // namespace thresh::cli
