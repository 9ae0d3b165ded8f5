// What came of the cases of a drill: remembered in a file, and shown as a table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/drill_matrix.hpp"

namespace thresh::cli {

// By DrillCase::name(): why the case failed; empty if it passed.
using DrillVerdicts = std::map<std::string, std::string>;

// A line a case: "passed NAME" or "failed NAME WHY"; of several for one case the last counts.
class DrillState {
 public:
  // Reads the file if it is there. An empty path: nothing is remembered. Throws Error{BadData} for a file
  // with other lines; a last line without its end, of a drill that was killed, is ignored.
  explicit DrillState(std::string path);
  const DrillVerdicts& found() const { return found_; }
  void add(const std::string& name, const std::string& failure);

 private:
  std::string path_;
  DrillVerdicts found_;
};

// In Markdown: a row for each step, a column for each kind, "passed/run" where they meet.
std::string drill_table(const std::vector<DrillCase>& cases, const DrillVerdicts& verdicts);

}  // namespace thresh::cli
