// The worker's dealings with the job's files: checkpoints, and what an earlier run of the job left.

#include <fmt/format.h>

#include <chrono>

#include "engine/logging.hpp"
#include "engine/stopwatch.hpp"
#include "engine/worker.hpp"
#include "storage/job_files.hpp"
#include "storage/job_paths.hpp"

namespace thresh::engine {
namespace {

// While a thread is at work: then the mail is looked at.
constexpr std::chrono::milliseconds kLongestNap{2};

}  // namespace

bool Worker::check_writer() {
  const std::optional<CheckpointResult> result = checkpointer_.take_result();
  if (!result) return false;
  being_written_.clear();
  if (result->good) {
    stats_.checkpoints += 1;
    stats_.checkpoint_bytes += result->bytes;
  } else {
    stats_.checkpoints_failed += 1;
    log_warning(fmt::format("no checkpoint was written, and the job goes on without it: {}", result->what));
  }
  stats_.checkpoint_ns += result->ns;
  tell_books(schedule::RunsWritten{result->runs, result->good});
  return true;
}

bool Worker::check_committer() {
  std::optional<CommitResult> result = committer_.take_result();
  if (!result) return false;
  stats_.commit_ns += result->ns;
  if (!result->error) {
    tell_books(schedule::PartWritten{std::move(result->part)});
    return true;
  }
  try {
    std::rethrow_exception(result->error);
  } catch (...) {
    tell_books(schedule::CommitFailed{explain("making a part durable")});
  }
  return true;
}

// No step of the pulse, here and below: the watchdog bounds what a disk that is stuck may take.
void Worker::wait_for_writer() {
  if (!checkpointer_.writing()) return;
  tools_.watchdog.waiting_for_disk("waiting for a checkpoint to be written");
  while (checkpointer_.writing()) {
    checkpointer_.wait(kLongestNap);
    poll();
  }
}

void Worker::wait_for_committer(std::size_t most_pending, Until until) {
  const Stopwatch stopwatch(stats_.reduce_ns);
  tools_.watchdog.waiting_for_disk("waiting for a part to be made durable");
  while (committer_.pending() > most_pending && (until == Until::Pending || inbox_.empty())) {
    committer_.wait(kLongestNap);
    poll();
  }
}

// Keeps in memory what there is room for while mapping goes on. What is being written to a file stays where
// it is: it was in memory with its room before.
void Worker::spill_runs() {
  bool all_before = true;
  // Not from the first one on each time: there may be thousands, of thousands of slices each.
  for (auto at = runs_.lower_bound(spilled_to_); at != runs_.end(); ++at) {
    auto& [id, run] = *at;
    if (being_written_.contains(id)) {
      all_before = false;
      continue;
    }
    for (Slice& slice : run.slices) {
      if (pool_.bytes_in_use() <= memory_.runs_bytes) return;
      slice.spill(spill_, pool_, format_, &tools_.pulse);
    }
    if (all_before) spilled_to_ = id;
  }
}

void Worker::carry_out(const schedule::WriteRuns& command) {
  std::vector<const Run*> runs;
  for (const RunId& id : command.runs) runs.push_back(&runs_.at(id));
  being_written_.insert(command.runs.begin(), command.runs.end());
  checkpointer_.write(run_directory_, job_id_, std::move(runs));
}

void Worker::carry_out(const schedule::ReadFiles& command) {
  const Stopwatch stopwatch(stats_.restore_ns);
  tools_.watchdog.doing("checking what an earlier run of the job left");
  try {
    tools_.drill.reach("restore");
    schedule::FilesRead read = read_files(command.files, parts_dir_, format_, tools_.pulse, filed_, runs_);
    for (const PartSummary& part : read.parts) stats_.restored_bytes += part.bytes;
    for (const auto& run : read.runs) {
      for (const SliceSize& slice : run.slices) stats_.restored_bytes += slice.bytes;
    }
    tell_books(read);
  } catch (...) {
    tell_books(schedule::TaskFailed{explain("checking the job's files")});
  }
}

void Worker::carry_out(const schedule::DropRuns& command) {
  wait_for_writer();
  for (const RunId& id : command.runs) {
    runs_.erase(id);
    filed_.erase(id);
  }
}

void Worker::carry_out(const schedule::ReleasePartitions& command) {
  wait_for_writer();
  for (auto& [id, run] : runs_) {
    for (const PartitionId partition : command.partitions) {
      run.slices.at(partition) = Slice();
      run.summary.slices.at(partition) = SliceSize();
    }
  }
}

// A directory that only some ranks have would lose the work of the others without a word.
void Worker::check_shared(const Muster& muster) {
  try {
    const storage::JobPaths paths(options_->output);
    storage::wait_for_token(paths, muster.job_id, &tools_.pulse);
    if (!muster.run_directory.empty()) storage::wait_for_directory(muster.run_directory, &tools_.pulse);
  } catch (...) {
    tell_books(schedule::TaskFailed{explain("looking for the job directory")});
  }
}

}  // namespace thresh::engine
