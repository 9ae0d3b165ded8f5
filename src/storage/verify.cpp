#include "storage/verify.hpp"

#include <algorithm>
#include <optional>

#include "core/checksum.hpp"
#include "core/text.hpp"
#include "storage/found_runs.hpp"
#include "storage/posix.hpp"
#include "storage/sealed_json.hpp"

namespace thresh::storage {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

struct Content {
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> lines = 0;  // none: not known
  std::uint64_t checksum = 0;              // XXH3
};

Content read_through(const std::string& path) {
  const Fd fd = open_to_read(path);
  Checksum sum;
  std::vector<char> buffer(kPieceBytes);
  Content found;
  while (const std::size_t got = read_at(fd.get(), buffer.data(), buffer.size(), found.bytes, path)) {
    sum.add({buffer.data(), got});
    *found.lines += static_cast<std::uint64_t>(std::count(buffer.data(), buffer.data() + got, '\n'));
    found.bytes += got;
  }
  found.checksum = sum.value();
  return found;
}

// Raw output has records, and newlines that mean nothing.
std::optional<std::uint64_t> counted(std::uint64_t lines, std::string_view extension) {
  return extension == "tsv" ? std::optional(lines) : std::nullopt;
}

std::string instead(const std::string& found, const std::string& expected) {
  return found + " instead of " + expected;
}

class Verifier {
 public:
  Verifier(const Inventory& inventory, const std::optional<RowFormat>& format, std::string_view extension,
           const BeforeReading& before_reading)
      : inventory_(inventory),
        paths_(inventory.paths),
        format_(format),
        extension_(extension),
        before_reading_(before_reading) {}

  Verification run() {
    for (const Problem& problem : inventory_.problems) report_.bad.push_back(problem.text);
    report_.files = inventory_.problems.size();
    if (inventory_.finished) check_finished(*inventory_.finished);
    if (inventory_.has_job_directory && !inventory_.leftovers) check_job_directory();
    note_what_is_left();
    return std::move(report_);
  }

 private:
  void bad(const std::string& path, const std::string& why) {
    report_.bad.push_back(printable(path) + " " + why);
  }
  void note(const std::string& path, const std::string& what) {
    report_.notes.push_back(printable(path) + " " + what);
  }

  void check_part_file(const std::string& path, const Content& expected) {
    ++report_.files;
    const auto status = link_status(path);
    if (!status) {
      bad(path, "is missing");
      return;
    }
    if (before_reading_) before_reading_(path, status->size);
    try {
      const Content found = read_through(path);
      report_.bytes += found.bytes;
      if (found.bytes != expected.bytes) {
        bad(path, "has " + instead(std::to_string(found.bytes), std::to_string(expected.bytes)) + " bytes");
      } else if (found.checksum != expected.checksum) {
        bad(path, "was changed: its XXH3 is " + instead(hex64(found.checksum), hex64(expected.checksum)));
      } else if (expected.lines && found.lines != expected.lines) {
        bad(path, "has " + instead(std::to_string(*found.lines), std::to_string(*expected.lines)) + " lines");
      }
    } catch (const Error& error) {
      report_.bad.emplace_back(error.what());
    }
  }

  void check_finished(const Manifest& manifest) {
    ++report_.files;  // _SUCCESS
    if (manifest.parts.size() != manifest.job.identity.partitions) {
      bad(paths_.success(), "names " +
                                instead(std::to_string(manifest.parts.size()),
                                        std::to_string(manifest.job.identity.partitions)) +
                                " parts");
    }
    for (const ManifestPart& part : manifest.parts) {
      const std::string_view extension = std::string_view(part.name).substr(part.name.find('.') + 1);
      check_part_file(paths_.in_output(part.name),
                      {part.bytes, counted(part.lines, extension), part.checksum});
    }
    for (const std::string& name : inventory_.foreign_in_output) {
      if (name.rfind("part-", 0) != 0) continue;
      ++report_.files;
      bad(paths_.in_output(name), "is not from this job");
    }
    check_metrics(manifest.job.job_id);
  }

  void check_metrics(const std::string& job_id) {
    const std::string path = paths_.metrics();
    ++report_.files;
    if (!link_status(path)) {
      bad(path, "is missing");
      return;
    }
    try {
      const Json metrics = Json::parse(read_file(path), nullptr, false);
      if (!metrics.is_object()) {
        bad(path, "is damaged: it is no JSON object");
      } else if (metrics.value("job_id", Json()) != Json(job_id)) {
        bad(path, "is of another job");
      }
    } catch (const Error& error) {
      report_.bad.emplace_back(error.what());
    }
  }

  void check_job_directory() {
    report_.files += (inventory_.job ? 1U : 0U) + (inventory_.outcome ? 1U : 0U);
    if (!inventory_.job && !link_status(paths_.job_file()) && holds_work()) {
      ++report_.files;
      bad(paths_.job_file(), "is missing");
    }
    if (inventory_.outcome && inventory_.job && inventory_.outcome->job_id != inventory_.job_id()) {
      note(paths_.outcome(), "is of another job");
    }
    for (const FoundPart& part : inventory_.parts) check_found_part(part);
    if (inventory_.decision) check_decision(*inventory_.decision);
    for (const FoundRunFile& file : find_runs(inventory_, format_, before_reading_)) check_run_file(file);
  }

  void check_run_file(const FoundRunFile& file) {
    if (!inventory_.job) return;  // whose it is, is not known
    if (file.job_id != inventory_.job_id()) {
      note(file.path, "is of another job");
    } else if (!format_) {
      note(file.path, "was not checked: this program does not have the job " + inventory_.job->identity.job);
    } else {
      ++report_.files;
      report_.bytes += file.bytes;
      if (file.problem) {
        report_.bad.push_back(file.problem->text);
      } else if (const auto wrong = check_rows(inventory_, file, *format_)) {
        report_.bad.push_back(*wrong);
      }
    }
  }

  bool holds_work() const {
    return inventory_.decision || !inventory_.parts.empty() || !inventory_.runs.empty();
  }

  // Parts that a decision names and that were moved to OUTPUT already are looked for there, later.
  bool was_published(const std::string& file) const {
    if (!inventory_.decision) return false;
    const auto& parts = inventory_.decision->parts;
    return std::any_of(parts.begin(), parts.end(),
                       [&](const Publication::Part& part) { return part.file == file; });
  }

  void check_found_part(const FoundPart& part) {
    const std::string path = paths_.part(part.file);
    if (!part.has_sidecar) {
      note(path, "was never committed");
      return;
    }
    if (!part.commit) return;  // among the damage
    const PartSummary& is = part.commit->part;
    const std::string sidecar = paths_.part(commit_name(part.file));
    if (inventory_.job && part.commit->job_id != inventory_.job_id()) {
      note(sidecar, "is of another job");
      return;
    }
    if (inventory_.job && is.partition >= inventory_.job->identity.partitions) {
      bad(sidecar, "is of partition " + std::to_string(is.partition) + ", which the job does not have");
      return;
    }
    ++report_.files;  // the sidecar
    if (!part.there && was_published(part.file)) return;
    check_part_file(path, {is.bytes, counted(is.lines, extension_), is.checksum});
  }

  void check_decision(const Publication& decision) {
    ++report_.files;
    try {
      const Manifest manifest = parse_manifest(decision.manifest, paths_.decision());
      if (manifest.job.job_id != decision.job_id) bad(paths_.decision(), "holds the manifest of another job");
    } catch (const Error& error) {
      report_.bad.emplace_back(error.what());
    }
    for (const Publication::Part& part : decision.parts) {
      const bool waits = link_status(paths_.part(part.file)).has_value();
      // One that waits is checked by its sidecar too, but that may be gone.
      check_part_file(waits ? paths_.part(part.file) : paths_.in_output(part.name),
                      {part.bytes, std::nullopt, part.checksum});
    }
  }

  void note_what_is_left() {
    for (const std::string& path : inventory_.temporaries) note(path, "was left by a run that was killed");
    for (const std::string& path : inventory_.foreign) note(path, "is not from thresh");
    for (const std::string& name : inventory_.foreign_in_output) {
      if (inventory_.finished && name.rfind("part-", 0) == 0) continue;
      note(paths_.in_output(name), "is not from this job");
    }
    if (inventory_.leftovers) note(paths_.job_dir(), "is left of the finished job: thresh clean removes it");
  }

  const Inventory& inventory_;
  const JobPaths& paths_;
  const std::optional<RowFormat>& format_;
  std::string_view extension_;
  const BeforeReading& before_reading_;
  Verification report_;
};

}  // namespace

Verification verify(const Inventory& inventory, const std::optional<RowFormat>& format,
                    std::string_view extension, const BeforeReading& before_reading) {
  return Verifier(inventory, format, extension, before_reading).run();
}

}  // namespace thresh::storage
