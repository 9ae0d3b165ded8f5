// Runs a built-in job through the oracle.
#pragma once

#include <string>
#include <vector>

#include "support/errors.hpp"
#include "support/oracle.hpp"
#include "support/temporary.hpp"
#include "thresh/errors.hpp"
#include "thresh/job_type.hpp"

namespace thresh::test {

inline const JobType& job(const std::string& name) {
  return *find_job(name);
}

inline oracle::OracleResult run(const std::string& name, const std::vector<std::string>& files) {
  return oracle::run_oracle(job(name), files, 1, false);
}

// The output of a job over one file with this content.
inline oracle::OracleResult run_text(const std::string& name, std::string_view content) {
  const TemporaryDirectory directory;
  return run(name, {directory.write("input", content)});
}
inline std::string output_of(const std::string& name, std::string_view content) {
  return run_text(name, content).parts[0];
}

inline std::string data(const std::string& name) {
  return std::string(THRESH_DATA_DIR) + "/" + name;
}

}  // namespace thresh::test
