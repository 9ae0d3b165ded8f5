// Which faults are tried: every step, kind and worker, each followed by a restart on some number of ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace thresh::cli {

struct DrillCase {
  std::string job;
  std::string step;
  std::string kind;
  std::uint32_t worker = 0;
  std::uint32_t ranks = 1;          // of the run that the fault strikes; 1: without a launcher
  std::uint32_t restart_ranks = 1;  // of the same command again
  // Of a case in which the others are to go on: 0, or a worker that is struck as well, at the same step or
  // while the others recover from the first fault.
  std::uint32_t second_worker = 0;
  std::string second_step = {};

  // "kill:worker=2,at=shuffle:1", for --fault; with a second fault behind a semicolon.
  std::string fault() const;
  // Names it in messages and state files: the job, the fault and the numbers of ranks, without blanks.
  std::string name() const;
};

// All cases for jobs on `ranks` ranks, in the order of jobs, steps, kinds, workers and restarts; those are on
// 1, ranks - 1, ranks and 2 * ranks. What only workers do, worker 0 does in a run of one rank.
// REQUIRES: ranks >= 2.
std::vector<DrillCase> drill_matrix(const std::vector<std::string>& jobs, std::uint32_t ranks);

// All cases in which the others are to go on, on `ranks` ranks: every step, worker and kind of fault that
// ends a process, alone, for two at once, and with another one while they recover. REQUIRES: ranks >= 3.
std::vector<DrillCase> in_job_matrix(const std::vector<std::string>& jobs, std::uint32_t ranks);

// `most` of the cases, or all: first those that together cover the most pairs of (step, kind), (step,
// worker), (kind, restart, second fault) and (job, step), until every pair is covered; the seed decides among
// equals and on the order of the rest. A smaller sample is the begin of a larger one.
std::vector<DrillCase> drill_sample(std::vector<DrillCase> cases, std::uint64_t seed, std::size_t most);

}  // namespace thresh::cli
