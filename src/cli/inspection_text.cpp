#include <fmt/format.h>

#include "cli/inspection.hpp"
#include "cli/time_text.hpp"
#include "core/text.hpp"
#include "storage/posix.hpp"

namespace thresh::cli {
namespace {

std::string counted(std::uint64_t n, const char* one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

void add(std::string& out, const char* label, const std::string& text) {
  out += fmt::format("{:<11} {}\n", label, text);
}

void add_job(std::string& out, const Inspection& inspection) {
  const storage::JobIdentity& job = inspection.job->identity;
  add(out, "job",
      fmt::format("{} {}, program {}, id {}", printable(job.job), printable(job.version),
                  printable(job.build), printable(inspection.job->job_id)));
  std::string options;
  for (const auto& [option, value] : job.shaping) {
    options += (options.empty() ? "" : ", ") + printable(option) + " " + printable(value);
  }
  add(out, "options", options.empty() ? "none" : options);
  std::uint64_t bytes = 0;
  for (const InputFile& input : job.inputs) bytes += input.size;
  add(out, "inputs",
      fmt::format("{}, {}; {}, {}", counted(job.inputs.size(), "file"), counted(bytes, "byte"),
                  counted(inspection.splits, "split"), counted(job.partitions, "partition")));
}

std::string holder_text(const Inspection& inspection) {
  const storage::ClaimNote& claim = *inspection.claim;
  const std::string who = claim.host.empty()
                              ? std::string("a process that cannot be named")
                              : fmt::format("host {}, process {}", printable(claim.host), claim.pid);
  const char* now = inspection.at_work ? "at work"
                    : claim.released   ? "ended"
                    : claim.there      ? "silent, but its process is there"
                                       : "gone";
  return fmt::format("{}, {}: {}", inspection.inventory.last_generation(), who, now);
}

void add_runs(std::string& out, const Inspection& inspection) {
  std::uint64_t bytes = 0;
  for (const auto& file : inspection.runs) bytes += file.bytes;
  add(out, "runs", fmt::format("{}, {}", counted(inspection.runs.size(), "file"), counted(bytes, "byte")));
  for (const auto& file : inspection.runs) {
    out += "  " + printable(file.path) + ": " + counted(file.bytes, "byte");
    if (file.problem) {
      out += ", of no use";
    } else if (file.job_id != inspection.inventory.job_id()) {
      out += ", of another job";
    } else if (!inspection.knows_job) {
      out += ", of a job that this program does not have";
    }
    out += "\n";
    for (const RunSummary& run : file.runs) {
      std::uint64_t records = 0;
      for (const SplitSignature& split : run.splits) records += split.records;
      out += fmt::format("    run {}.{}.{}: {}, {}\n", run.id.generation, run.id.worker, run.id.sequence,
                         counted(run.splits.size(), "split"), counted(records, "record"));
    }
  }
  add(out, "cover",
      fmt::format("{} of {} in {}; missing: {}", inspection.covered, counted(inspection.splits, "split"),
                  counted(inspection.cover.size(), "run"), ranges_text(inspection.missing_splits)));
}

void add_parts(std::string& out, const Inspection& inspection) {
  const std::uint64_t partitions = inspection.job->identity.partitions;
  std::uint64_t missing = 0;
  for (const Range& range : inspection.missing_parts) missing += range.last - range.first + 1;
  add(out, "parts",
      fmt::format("{} of {} committed; missing: {}", partitions - missing, partitions,
                  ranges_text(inspection.missing_parts)));
  for (const auto& [digest, of_cover] : inspection.parts) {
    out += fmt::format("  cover {}: {}\n", storage::hex64(digest), ranges_text(to_ranges(of_cover)));
  }
}

void add_finished(std::string& out, const storage::Manifest& manifest) {
  add(out, "output",
      fmt::format("{}, {}, {} of generation {}, id {}", counted(manifest.parts.size(), "part"),
                  counted(manifest.lines, "line"), counted(manifest.output_bytes, "byte"),
                  manifest.generation, printable(manifest.job.job_id)));
}

const char* label_of(storage::Problem::Kind kind) {
  switch (kind) {
    case storage::Problem::Kind::OtherVersion:
      return "version";
    case storage::Problem::Kind::Unreadable:
      return "unreadable";
    case storage::Problem::Kind::Damaged:
      break;
  }
  return "damaged";
}

}  // namespace

std::string inspection_text(const Inspection& inspection) {
  const storage::Inventory& inventory = inspection.inventory;
  std::string out;
  if (inspection.job) add_job(out, inspection);
  add(out, "state", state_name(inspection.state));
  if (inventory.finished) add_finished(out, *inventory.finished);
  if (inspection.claim) add(out, "generation", holder_text(inspection));
  if (inventory.outcome) {
    const storage::Outcome& outcome = *inventory.outcome;
    add(out, "outcome",
        fmt::format("{} of generation {}, {}: {}", outcome.code, outcome.generation,
                    time_text(outcome.time_ms), printable(outcome.text)));
  }
  if (inventory.job && !inventory.leftovers) {
    add_runs(out, inspection);
    add_parts(out, inspection);
  }
  if (!inventory.attempts.empty()) add(out, "attempts", counted(inventory.attempts.size(), "file"));
  if (!inventory.temporaries.empty()) {
    add(out, "left over", counted(inventory.temporaries.size(), "file") + ": thresh clean removes them");
  }
  for (const auto& problem : inventory.problems) add(out, label_of(problem.kind), problem.text);
  for (const auto& file : inspection.runs) {
    if (file.problem) add(out, label_of(file.problem->kind), file.problem->text);
  }
  for (const std::string& path : inventory.foreign) add(out, "not ours", printable(path));
  for (const std::string& name : inventory.foreign_in_output) {
    add(out, "not ours", printable(inventory.paths.in_output(name)));
  }
  add(out, "next", inspection.next);
  return out;
}

}  // namespace thresh::cli
