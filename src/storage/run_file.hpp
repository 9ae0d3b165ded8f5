// A run file: one or more sealed runs, as one HDF5 file that is whole or refused. docs/format.md has every
// dataset and attribute.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/overflow.hpp"
#include "core/row.hpp"
#include "core/slice.hpp"
#include "core/task.hpp"
#include "storage/posix.hpp"
#include "thresh/progress.hpp"

namespace thresh::storage {

// "<job id>.<generation>.<worker>.<sequence>.h5", after the first run in it. Names are never used again.
std::string run_file_name(std::string_view job_id, const RunId& first);
struct RunFileName {
  std::string job_id;
  RunId first;
};
// None if no run file is called so.
std::optional<RunFileName> parse_run_file_name(std::string_view name);

struct RunFileStatus {
  std::string file;         // its name in the directory
  std::uint64_t bytes = 0;  // of the file
};

// Writes the runs into one file: a unique temporary name, write, close, fsync, rename to a free name, fsync
// of the directory. What goes wrong is Error{Io} naming the path, and then there is no file. May be called on
// any thread; the runs must not change meanwhile. REQUIRES: at least one run, all of `partitions` partitions,
// and their summaries measured.
RunFileStatus write_run_file(const std::string& directory, const std::string& job_id,
                             const std::vector<const Run*>& runs, const RowFormat& format, bool fsync);

// A run file that was checked: job, magic, version, length, XXH3 of all of it, shapes and bounds. It is
// closed while nobody reads from it. Errors are Error{BadData} naming the path, Error{Io} when it cannot be
// read.
class RunFile {
 public:
  // `format`: of the job. Steps `progress` (may be null) for each block.
  RunFile(std::string path, const std::string& job_id, std::uint32_t partitions, const RowFormat& format,
          Progress* progress);

  const std::string& path() const noexcept { return path_; }
  const std::vector<RunSummary>& runs() const noexcept { return runs_; }
  // The rows of these partitions of the run, in the order given, in memory or in the store of `overflow`;
  // they have the counts and sums of the summary, or Error{BadData}. `loose`: what slices are that are not
  // staged. Refuses a file that is not the one that was checked (size, mtime, inode). REQUIRES: run <
  // runs().size(), and the file has these partitions.
  std::vector<Slice> load(std::size_t run, const std::vector<PartitionId>& partitions, ChunkPool& pool,
                          Progress* progress, bool loose, const Overflow& overflow = {}) const;

 private:
  std::string path_;
  RowFormat format_;
  FileStatus checked_;  // what the file was when it was checked
  std::vector<RunSummary> runs_;
  std::vector<bool> staged_;  // by run: what its slices are
};

}  // namespace thresh::storage
