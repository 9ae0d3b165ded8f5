// What thresh inspect tells about a directory, before it is put into words.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/task.hpp"
#include "storage/found_runs.hpp"
#include "storage/inventory.hpp"

namespace thresh::cli {

// Numbers first .. last.
struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool operator==(const Range&) const = default;
};
// REQUIRES: ascending.
std::vector<Range> to_ranges(const std::vector<std::uint32_t>& numbers);
// "0-3, 7, 9-10"; "none" without any; at most `most` ranges, then how many there are besides.
std::string ranges_text(const std::vector<Range>& ranges, std::size_t most = 20);

enum class JobState {
  Finished,    // _SUCCESS is there
  Publishing,  // decided, not carried out
  Unfinished,
  // Of _SUCCESS, job.h5 or publish.json:
  Damaged,
  OtherVersion,  // another version of thresh wrote it
  Unreadable,    // so that nothing is known
  Nothing,       // claimed, but no job has begun
};
const char* state_name(JobState state);

struct Inspection {
  explicit Inspection(storage::Inventory found) : inventory(std::move(found)) {}

  storage::Inventory inventory;
  JobState state = JobState::Nothing;
  std::optional<storage::RecordedJob> job;  // the one in .thresh, else the finished one
  std::uint64_t splits = 0;
  std::optional<storage::ClaimNote> claim;  // of the last generation
  bool at_work = false;                     // its holder
  bool knows_job = false;                   // the job is in this program, so its runs can be read
  std::vector<storage::FoundRunFile> runs;
  std::vector<RunId> cover;   // runs that a start would go on from
  std::uint64_t covered = 0;  // splits in them
  std::vector<Range> missing_splits;
  std::map<std::uint64_t, std::vector<PartitionId>> parts;  // committed, by the digest of their cover
  std::vector<Range> missing_parts;
  std::string next;  // what to do
};

// Throws Error{NoInput} if the directory is none of ours. Waits up to three intervals of the holder's to know
// whether it is at work.
Inspection inspect(const std::string& directory, const storage::BeforeReading& before_reading = {});

std::string inspection_text(const Inspection& inspection);
std::string inspection_json(const Inspection& inspection);

}  // namespace thresh::cli
