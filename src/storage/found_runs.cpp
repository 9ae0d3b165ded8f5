#include "storage/found_runs.hpp"

#include "core/chunk_pool.hpp"
#include "core/text.hpp"
#include "storage/posix.hpp"
#include "storage/run_file.hpp"

namespace thresh::storage {
namespace {

// A run that another build of the job made, or that speaks of splits that there are not.
std::optional<std::string> misfit(const RunSummary& run, const JobIdentity& identity) {
  for (const SplitSignature& signature : run.splits) {
    if (signature.split >= identity.splits.size()) {
      return "speaks of split " + std::to_string(signature.split) + ", which the job does not have";
    }
  }
  return std::nullopt;
}

void read_whole(FoundRunFile& found, const Inventory& inventory, const RowFormat& format) {
  const JobIdentity& identity = inventory.job->identity;
  try {
    const RunFile file(found.path, found.job_id, identity.partitions, format, nullptr);
    for (const RunSummary& run : file.runs()) {
      if (const auto wrong = misfit(run, identity)) {
        found.problem = Problem{found.path, Problem::Kind::Damaged, printable(found.path) + " " + *wrong};
        return;
      }
    }
    found.runs = file.runs();
  } catch (const Error& error) {
    found.problem = problem_of(found.path, error);
  }
}

}  // namespace

std::vector<FoundRunFile> find_runs(const Inventory& inventory, const std::optional<RowFormat>& format,
                                    const BeforeReading& before_reading) {
  std::vector<FoundRunFile> all;
  for (const std::string& path : inventory.runs) {
    FoundRunFile found;
    found.path = path;
    if (const auto status = link_status(found.path)) found.bytes = status->size;
    if (const auto parsed = parse_run_file_name(path.substr(path.rfind('/') + 1)))
      found.job_id = parsed->job_id;
    if (inventory.job && format && found.job_id == inventory.job_id()) {
      if (before_reading) before_reading(found.path, found.bytes);
      read_whole(found, inventory, *format);
    }
    all.push_back(std::move(found));
  }
  return all;
}

std::optional<std::string> check_rows(const Inventory& inventory, const FoundRunFile& file,
                                      const RowFormat& format) {
  try {
    const std::uint32_t partitions = inventory.job->identity.partitions;
    const RunFile whole(file.path, file.job_id, partitions, format, nullptr);
    ChunkPool pool;
    for (std::size_t run = 0; run < whole.runs().size(); ++run) {
      // One partition at a time: memory for all of a run is not needed to check it.
      for (PartitionId partition = 0; partition < partitions; ++partition) {
        whole.load(run, {partition}, pool, nullptr, false);
      }
    }
    return std::nullopt;
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace thresh::storage
