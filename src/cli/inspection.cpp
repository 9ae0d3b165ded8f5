#include "cli/inspection.hpp"

#include <algorithm>

#include "cli/key_columns.hpp"
#include "core/slice.hpp"
#include "core/text.hpp"
#include "schedule/cover.hpp"
#include "storage/posix.hpp"

namespace thresh::cli {
namespace {

using storage::Inventory;

using storage::Problem;

// What keeps a start from going on, in the order in which it looks; none if nothing does.
const Problem* obstacle(const Inventory& inventory) {
  const auto& paths = inventory.paths;
  if (const Problem* of_output = inventory.problem_of(paths.success())) return of_output;
  if (!inventory.has_job_directory || inventory.leftovers) return nullptr;
  if (const Problem* of_decision = inventory.problem_of(paths.decision())) return of_decision;
  return inventory.decision ? nullptr : inventory.problem_of(paths.job_file());
}

JobState state_of(const Inventory& inventory) {
  if (const Problem* problem = obstacle(inventory)) {
    switch (problem->kind) {
      case Problem::Kind::Damaged:
        return JobState::Damaged;
      case Problem::Kind::OtherVersion:
        return JobState::OtherVersion;
      case Problem::Kind::Unreadable:
        return JobState::Unreadable;
    }
  }
  if (inventory.has_job_directory && !inventory.leftovers) {
    if (inventory.decision) return JobState::Publishing;
    if (inventory.job) return JobState::Unfinished;
  }
  return inventory.finished ? JobState::Finished : JobState::Nothing;
}

void look_at_runs(Inspection& inspection, const storage::BeforeReading& before_reading) {
  const Inventory& inventory = inspection.inventory;
  std::optional<RowFormat> format;
  if (const auto type = recorded_job(inventory.job->identity)) format = row_format(*type);
  inspection.knows_job = format.has_value();
  inspection.runs = storage::find_runs(inventory, format, before_reading);
  std::vector<schedule::CoveredRun> candidates;
  for (const auto& file : inspection.runs) {
    for (const RunSummary& run : file.runs) candidates.push_back({0, run});
  }
  const auto cover = schedule::choose_cover(std::move(candidates));
  for (const auto& item : cover) {
    inspection.cover.push_back(item.run.id);
    inspection.covered += item.run.splits.size();
  }
  inspection.missing_splits = to_ranges(schedule::missing_splits(cover, inspection.splits));
}

void look_at_parts(Inspection& inspection) {
  const Inventory& inventory = inspection.inventory;
  std::vector<bool> committed(inventory.job->identity.partitions, false);
  for (const storage::FoundPart& part : inventory.parts) {
    if (!inventory.is_committed(part)) continue;
    const PartSummary& is = part.commit->part;
    auto& of_cover = inspection.parts[is.cover_digest];
    if (std::find(of_cover.begin(), of_cover.end(), is.partition) == of_cover.end()) {
      of_cover.push_back(is.partition);
    }
    committed[is.partition] = true;
  }
  for (auto& [digest, partitions] : inspection.parts) std::sort(partitions.begin(), partitions.end());
  std::vector<PartitionId> missing;
  for (PartitionId partition = 0; partition < committed.size(); ++partition) {
    if (!committed[partition]) missing.push_back(partition);
  }
  inspection.missing_parts = to_ranges(missing);
}

// What a start refuses to work beside; empty if there is nothing of the kind.
std::string in_the_way(const Inventory& inventory) {
  for (const std::string& name : inventory.foreign_in_output) {
    if (!name.starts_with(".nfs"))
      return printable(inventory.paths.in_output(name));  // open files that NFS unlinked
  }
  return {};
}

constexpr const char* kAgain = "run the same command again";

// What to do about an unfinished job, as its last run ended.
std::string again(const Inspection& inspection) {
  const auto& outcome = inspection.inventory.outcome;
  const bool ours = outcome && outcome->job_id == inspection.inventory.job_id();
  const ExitCode code = ours ? static_cast<ExitCode>(outcome->code) : ExitCode::StoppedEarly;
  const auto says = [&](const char* option) {
    return ours && outcome->text.find(option) != std::string::npos;
  };
  if (says("--max-bad-records") && !says("--fresh"))
    return "the same command would end as before: do what the outcome says";
  if (code == ExitCode::BadData || says("--fresh")) {
    return "the same command would end as before: do what the outcome says, and give --fresh";
  }
  switch (code) {
    case ExitCode::Internal:
      return "the same command may end as before: see to what the outcome says, then run it again";
    case ExitCode::Usage:
    case ExitCode::NoInput:
    case ExitCode::CannotCreate:
    case ExitCode::Config:
      return "see to what the outcome says, then run the same command again";
    default:
      return kAgain;
  }
}

std::string what_next(const Inspection& inspection) {
  if (inspection.at_work) return "a run is at work: wait for it";
  switch (inspection.state) {
    case JobState::Finished:
      return inspection.inventory.leftovers
                 ? "nothing: the job is done; thresh clean removes what is left of it"
                 : "nothing: the job is done";
    case JobState::Publishing: {
      const std::string text = again(inspection);
      return text == kAgain ? text + ": it finishes publishing" : text;
    }
    case JobState::Unfinished: {
      const std::string foreign = in_the_way(inspection.inventory);
      return (foreign.empty() ? "" : "move " + foreign + " elsewhere; then ") + again(inspection);
    }
    case JobState::Damaged:
      return inspection.inventory.problem_of(inspection.inventory.paths.success()) == nullptr
                 ? "run the same command with --fresh: it discards the job and begins again"
                 : "choose another output directory: the parts in this one may be whole";
    case JobState::OtherVersion:
      return "use the version of thresh that wrote it, or choose another directory";
    case JobState::Unreadable:
      return obstacle(inspection.inventory)->text + ": nothing is known of the job until it can be read";
    case JobState::Nothing:
      break;
  }
  return "run the command: no job has begun here";
}

}  // namespace

std::vector<Range> to_ranges(const std::vector<std::uint32_t>& numbers) {
  std::vector<Range> ranges;
  for (const std::uint32_t number : numbers) {
    if (!ranges.empty() && ranges.back().last + 1 == number) {
      ranges.back().last = number;
    } else {
      ranges.push_back({number, number});
    }
  }
  return ranges;
}

std::string ranges_text(const std::vector<Range>& ranges, std::size_t most) {
  if (ranges.empty()) return "none";
  std::string text;
  for (std::size_t i = 0; i < std::min(most, ranges.size()); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(ranges[i].first);
    if (ranges[i].last != ranges[i].first) text += "-" + std::to_string(ranges[i].last);
  }
  if (ranges.size() > most) text += " and " + std::to_string(ranges.size() - most) + " more ranges";
  return text;
}

const char* state_name(JobState state) {
  switch (state) {
    case JobState::Finished:
      return "finished";
    case JobState::Publishing:
      return "publishing";
    case JobState::Unfinished:
      return "unfinished";
    case JobState::Damaged:
      return "damaged";
    case JobState::OtherVersion:
      return "other version";
    case JobState::Unreadable:
      return "unreadable";
    case JobState::Nothing:
      break;
  }
  return "nothing";
}

Inspection inspect(const std::string& directory, const storage::BeforeReading& before_reading) {
  Inspection inspection(storage::take_inventory(directory));
  const Inventory& inventory = inspection.inventory;
  inspection.state = state_of(inventory);
  if (const Generation last = inventory.last_generation(); last != 0 && !inventory.leftovers) {
    const std::string generations = inventory.paths.generations();
    inspection.claim = storage::read_claim(generations, last);
    inspection.at_work = storage::holder_at_work(generations, last).has_value();
  }
  if (inventory.job && !inventory.leftovers) {
    inspection.job = inventory.job;
    inspection.splits = inventory.job->identity.splits.size();
    look_at_runs(inspection, before_reading);
    look_at_parts(inspection);
  } else if (inventory.finished) {
    inspection.job = inventory.finished->job;
    inspection.splits = inventory.finished->splits;
  }
  inspection.next = what_next(inspection);
  return inspection;
}

}  // namespace thresh::cli
