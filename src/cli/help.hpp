// What --help, --version and list print.
#pragma once

#include <string>
#include <vector>

#include "cli/tool.hpp"
#include "thresh/job_type.hpp"

namespace thresh::cli {

// Each ends with a newline. Lines are at most 80 characters wide, as far as words allow.
std::string version_text();
std::string general_help(const std::vector<JobType>& jobs);
std::string job_help(const JobType& job);
std::string tool_help(const Tool& tool);
std::string job_list(const std::vector<JobType>& jobs);

}  // namespace thresh::cli
