// The run files of a job, looked at from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/row.hpp"
#include "core/task.hpp"
#include "storage/inventory.hpp"
#include "storage/reading.hpp"

namespace thresh::storage {

struct FoundRunFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::string job_id;              // by its name; empty if that is no name of a run file
  std::vector<RunSummary> runs;    // if it is whole and of this job
  std::optional<Problem> problem;  // why it is of no use; none if it is
};

// The files of the inventory's job, each checked whole. `format` is the job's: none if the job is not known
// here, and then nothing is read.
std::vector<FoundRunFile> find_runs(const Inventory& inventory, const std::optional<RowFormat>& format,
                                    const BeforeReading& before_reading = {});

// Reads every row of the file's runs. What is wrong with them, naming the path; none if all is good.
// REQUIRES: `file` is one that find_runs found whole, with this format.
std::optional<std::string> check_rows(const Inventory& inventory, const FoundRunFile& file,
                                      const RowFormat& format);

}  // namespace thresh::storage
