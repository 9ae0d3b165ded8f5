// What a worker takes up of the job's files: its share is checked, and what is good is offered to rank 0.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "core/messages.hpp"
#include "core/row.hpp"
#include "engine/wave_exchange.hpp"
#include "schedule/worker_books.hpp"
#include "storage/run_file.hpp"
#include "thresh/progress.hpp"

namespace thresh::engine {

// A run whose rows are in a file.
struct FiledRun {
  std::shared_ptr<const storage::RunFile> file;
  std::size_t index = 0;  // in the file
};
using FiledRuns = std::map<RunId, FiledRun>;

// Checks the files that the Muster names. Their runs come to `filed`, and to `held` without rows, unless they
// are held already. What is wrong with a file is for the log, and the file is as none.
schedule::FilesRead read_files(const Muster& files, const std::string& parts_dir, const RowFormat& format,
                               Progress& progress, FiledRuns& filed, RunsHeld& held);

// Reads the rows of the wave's partitions of the runs that are in files; those that memory has no room for go
// to the store of `overflow`. `loose`: what all slices are. Throws Error{StoppedEarly} if a file is not any
// more what it was when it was checked.
void load_wave(const ShuffleWave& wave, const FiledRuns& filed, ChunkPool& pool, bool loose,
               const Overflow& overflow, Progress& progress, RunsHeld& held);
// Gives the memory of these rows back.
void unload(const std::vector<PartitionId>& partitions, const FiledRuns& filed, RunsHeld& held);

}  // namespace thresh::engine
