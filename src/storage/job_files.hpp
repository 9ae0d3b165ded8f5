// The run files and parts that a job has on disk: where they are, and which a start may look at.
#pragma once

#include <string>
#include <vector>

#include "core/task.hpp"
#include "storage/job_paths.hpp"
#include "thresh/progress.hpp"

namespace thresh::storage {

// Where the run files of the job may be: .thresh/runs, and what .thresh/checkpoint.json names. A pointer that
// is damaged is as none: its run files are mapped again.
std::vector<std::string> run_directories(const JobPaths& paths);

// Throws Error{BadData} naming the pointer if it is damaged.
void check_checkpoint_pointer(const JobPaths& paths);

// Makes the directory that run files are to be written to, and returns it: .thresh/runs, or
// CHECKPOINT/<job id> with a pointer to it in .thresh when `checkpoint` is not empty.
std::string make_run_directory(const JobPaths& paths, const std::string& checkpoint,
                               const std::string& job_id);

// For all ranks but the one that opened the job: waits some seconds, as network file systems show new names
// late. Error{CannotCreate} naming the path if the token, or the directory, does not come.
void wait_for_token(const JobPaths& paths, const std::string& job_id, Progress* progress);
void wait_for_directory(const std::string& directory, Progress* progress);

// Run files of the job, by their paths, and parts that have a sidecar, by their names. A directory that
// cannot be listed is as an empty one, and said so in `damage`.
JobFiles list_job_files(const JobPaths& paths, const std::string& job_id, std::vector<std::string>& damage);

// Removes the run files in all run directories, of whatever job, and directories that are empty then. A name
// that is not ours stays.
void remove_run_files(const JobPaths& paths);

// Removes run files of a job that is published, written while the others were removed, and directories that
// are empty then. Best effort.
void remove_late_run_files(const JobPaths& paths, const std::string& directory,
                           const std::string& job_id) noexcept;

// The part as its sidecar tells it, with its bytes checked. Throws Error{BadData} or Error{Io} naming the
// path.
PartSummary restore_part(const std::string& parts_dir, const std::string& file, const std::string& job_id,
                         Progress* progress);

}  // namespace thresh::storage
