// Where drills happen: a directory with inputs and clean outputs, and what is asked of each case.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "cli/drill_matrix.hpp"

namespace thresh::cli {

struct DrillPlan {
  std::string program;                // of thresh
  std::vector<std::string> launcher;  // "{}" in a word stands for the number of ranks
  std::string directory;              // is made; what is in it already is used again
  std::vector<std::string> jobs;
  std::uint32_t ranks = 3;
  bool in_job = false;  // the others are to go on without the rank that was struck
};

struct DrillResult {
  std::string failure;                // empty: passed
  std::vector<std::string> commands;  // for a shell, to see it again
  std::chrono::milliseconds took{0};
};

// A case: the job is run with the fault, which must strike where it should and end the run in bounded time
// with a code that the fault may have, nothing or the right output being published; then the same command
// without the fault must give the bytes of a clean run. With in_job the run that is struck must do that
// itself.
class DrillBench {
 public:
  explicit DrillBench(DrillPlan plan) : plan_(std::move(plan)) {}

  // Makes inputs (the same ones every time) and a clean run of each job, with and without the launcher.
  // Throws Error if that does not work.
  void prepare();
  // REQUIRES: prepare(). May be called by several threads at once, not twice for a case.
  DrillResult run(const DrillCase& drill) const;

 private:
  using Words = std::vector<std::string>;
  using Parts = std::map<std::string, std::string>;  // name -> bytes

  Words command(const std::string& job, std::uint32_t ranks, const std::string& output) const;
  void make_inputs(const std::string& job) const;
  std::string make_leftovers(const DrillCase& drill, const std::string& output, DrillResult& result) const;
  std::string strike(const DrillCase& drill, const std::string& output, DrillResult& result) const;
  std::string go_on(const DrillCase& drill, const std::string& output, DrillResult& result) const;

  DrillPlan plan_;
  std::map<std::string, Parts> clean_;  // by job
};

}  // namespace thresh::cli
