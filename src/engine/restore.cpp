#include "engine/restore.hpp"

#include <utility>
#include <vector>

#include "storage/job_files.hpp"
#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

void take_up(const std::shared_ptr<const storage::RunFile>& file, schedule::FilesRead& read, FiledRuns& filed,
             RunsHeld& held) {
  for (std::size_t i = 0; i < file->runs().size(); ++i) {
    RunSummary summary = file->runs()[i];
    summary.from_file = true;
    read.runs.push_back(summary);
    if (held.contains(summary.id)) continue;
    filed[summary.id] = {file, i};
    Run run;
    run.slices.resize(summary.slices.size());
    run.summary = std::move(summary);
    held.emplace(run.summary.id, std::move(run));
  }
}

std::vector<PartitionId> partitions_of(const ShuffleWave& wave) {
  std::vector<PartitionId> partitions;
  for (const auto& [partition, owner] : wave.owners) partitions.push_back(partition);
  return partitions;
}

}  // namespace

schedule::FilesRead read_files(const Muster& files, const std::string& parts_dir, const RowFormat& format,
                               Progress& progress, FiledRuns& filed, RunsHeld& held) {
  schedule::FilesRead read;
  read.generation = files.generation;
  for (const std::string& path : files.run_files) {
    try {
      take_up(std::make_shared<storage::RunFile>(path, files.job_id, files.partitions, format, &progress),
              read, filed, held);
    } catch (const Error& error) {
      read.damage.emplace_back(error.what());
    }
  }
  for (const std::string& file : files.part_files) {
    try {
      read.parts.push_back(storage::restore_part(parts_dir, file, files.job_id, &progress));
    } catch (const Error& error) {
      read.damage.emplace_back(error.what());
    }
  }
  return read;
}

void load_wave(const ShuffleWave& wave, const FiledRuns& filed, ChunkPool& pool, bool loose,
               const Overflow& overflow, Progress& progress, RunsHeld& held) {
  const std::vector<PartitionId> partitions = partitions_of(wave);
  for (const auto& [id, source] : filed) {
    const auto run = held.find(id);
    if (run == held.end()) continue;
    try {
      std::vector<Slice> slices =
          source.file->load(source.index, partitions, pool, &progress, loose, overflow);
      for (std::size_t i = 0; i < partitions.size(); ++i) {
        run->second.slices.at(partitions[i]) = std::move(slices.at(i));
      }
    } catch (const StoreFailed&) {
      throw;  // it is not the file's fault
    } catch (const Error& error) {
      throw Error(ExitCode::StoppedEarly,
                  std::string(error.what()) + "; run the same command again: it will do without that file");
    }
  }
}

void unload(const std::vector<PartitionId>& partitions, const FiledRuns& filed, RunsHeld& held) {
  for (const auto& [id, source] : filed) {
    const auto run = held.find(id);
    if (run == held.end()) continue;
    for (const PartitionId partition : partitions) run->second.slices.at(partition) = Slice();
  }
}

}  // namespace thresh::engine
