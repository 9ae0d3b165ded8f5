#include "engine/checkpointer.hpp"

#include <cassert>
#include <exception>
#include <utility>

#include "engine/stopwatch.hpp"
#include "storage/run_file.hpp"

namespace thresh::engine {

void Checkpointer::write(const std::string& directory, const std::string& job_id,
                         std::vector<const Run*> runs) {
  assert(idle());
  thread_.add(
      [this, directory, job_id, runs = std::move(runs)] { result_ = carry_out(directory, job_id, runs); });
}

std::optional<CheckpointResult> Checkpointer::take_result() {
  return writing() ? std::nullopt : std::exchange(result_, std::nullopt);
}

CheckpointResult Checkpointer::carry_out(const std::string& directory, const std::string& job_id,
                                         const std::vector<const Run*>& runs) const {
  CheckpointResult result;
  for (const Run* run : runs) result.runs.push_back(run->summary.id);
  try {
    const Stopwatch stopwatch(result.ns);
    drill_->reach("checkpoint");
    const storage::RunFileStatus file = storage::write_run_file(directory, job_id, runs, format_, fsync_);
    if (drill_->corrupts("checkpoint")) flip_a_bit(directory + "/" + file.file);
    result.good = true;
    result.path = directory + "/" + file.file;
    result.bytes = file.bytes;
  } catch (const std::exception& error) {
    result.what = error.what();
  }
  return result;
}

}  // namespace thresh::engine
