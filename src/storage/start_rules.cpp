#include "storage/start_rules.hpp"

#include <set>
#include <string_view>

#include "core/text.hpp"
#include "storage/job_file.hpp"
#include "storage/posix.hpp"

namespace thresh::storage {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& remedy) {
  throw Error(ExitCode::BadData, what + "; " + remedy);
}

// What to do about a file of an unfinished job that cannot be used.
std::string with_remedy(const Error& error) {
  const bool other = dynamic_cast<const OtherVersion*>(&error) != nullptr;
  return std::string(error.what()) + (other
                                          ? "; go on with that version, or give --fresh: it discards the job"
                                          : "; --fresh discards the job and starts again");
}

void read_finished(Survey& s, const JobPaths& paths) {
  const auto status = link_status(paths.success());
  if (!status) return;
  const std::string text = status->kind == FileStatus::Kind::Regular ? read_file(paths.success()) : "";
  if (!is_manifest(text)) {
    throw Error(ExitCode::CannotCreate, "the output directory " + printable(paths.output) +
                                            " holds a _SUCCESS that is not from thresh: choose another one");
  }
  try {
    s.finished = parse_manifest(text, paths.success());
  } catch (const Error& e) {
    if (e.code() != ExitCode::BadData) throw;
    if (dynamic_cast<const OtherVersion*>(&e) != nullptr) {
      refuse(e.what(), "use that version, or choose another output directory");
    }
    refuse(e.what(), "choose another output directory: the parts in this one may be whole");
  }
}

void read_unfinished(Survey& s, const JobPaths& paths) {
  const auto status = link_status(paths.job_dir());
  if (!status) return;
  if (status->kind != FileStatus::Kind::Directory) {
    throw Error(ExitCode::CannotCreate, printable(paths.job_dir()) + " is not a directory");
  }
  try {
    if (link_status(paths.job_file())) s.unfinished = read_job_file(paths.job_file());
  } catch (const Error& e) {
    if (e.code() != ExitCode::BadData) throw;
    s.job_file_damage = with_remedy(e);
  }
  try {
    s.decision = read_decision(paths);
  } catch (const Error& e) {
    if (e.code() != ExitCode::BadData) throw;
    s.decision_damage = with_remedy(e);
  }
  // A decision of a job that was discarded since, by a process that was fenced: void.
  if (s.decision && s.unfinished && s.decision->job_id != s.unfinished->job_id) {
    s.void_decision = true;
    s.decision.reset();
  }
  const std::string finished = s.finished ? s.finished->job.job_id : "";
  if (s.decision && s.decision->job_id == finished) s.leftovers = true;
  if (s.unfinished && s.unfinished->job_id == finished) s.leftovers = true;
  // What a rank wrote that was killed while the others cleaned up.
  if (s.finished && nothing_unfinished(paths)) s.leftovers = true;
  if (s.leftovers) {
    s.decision.reset();
    s.unfinished.reset();
    s.job_file_damage.reset();
  }
}

// Names that may be in OUTPUT. There may be 100,000 parts.
std::set<std::string_view> expected_names(const Survey& s) {
  std::set<std::string_view> names{kJobDirectoryName};
  if (s.finished) {
    names.insert({kSuccessName, kMetricsName});
    for (const ManifestPart& part : s.finished->parts) names.insert(part.name);
  }
  if (s.decision) {
    names.insert(kMetricsName);
    names.insert(s.decision->replaced_parts.begin(), s.decision->replaced_parts.end());
    for (const Publication::Part& part : s.decision->parts) names.insert(part.name);
  }
  return names;
}

void refuse_foreign_files(const Survey& s, const JobPaths& paths) {
  const auto expected = expected_names(s);
  for (const std::string& name : s.entries) {
    // .nfs*: open files that NFS unlinked
    if (expected.count(name) != 0 || name.rfind(".nfs", 0) == 0) continue;
    // Who has work in there is not to give it up for a file.
    const bool has_work = s.unfinished || s.job_file_damage;
    throw Error(ExitCode::CannotCreate,
                "the output directory " + printable(paths.output) + " holds " + printable(name) +
                    ", which is not from thresh: " +
                    (has_work ? "move it elsewhere and run the same command again" : "choose another one"));
  }
}

}  // namespace

Survey survey(const JobPaths& paths) {
  Survey s;
  s.entries = list_directory(paths.output, ExitCode::CannotCreate);
  read_finished(s, paths);
  read_unfinished(s, paths);
  return s;
}

Verdict judge(const Survey& s, const JobPaths& paths, const JobIdentity& identity, bool fresh,
              bool overwrite) {
  if (s.decision_damage && !fresh) throw Error(ExitCode::BadData, *s.decision_damage);
  if (s.decision && !fresh) return Verdict::CarryOut;
  if (s.finished && !overwrite) {
    const auto difference = first_difference(s.finished->job, identity);
    if (!difference) return Verdict::Complete;
    refuse(printable(paths.output) + " holds the finished output of another job: " + *difference,
           "choose another directory, or --overwrite to replace it");
  }
  refuse_foreign_files(s, paths);
  if (fresh) return Verdict::Begin;
  if (s.job_file_damage) throw Error(ExitCode::BadData, *s.job_file_damage);
  if (!s.unfinished) return Verdict::Begin;
  const JobIdentity compared = with_limit_of(*s.unfinished, identity);
  if (const auto difference = first_difference(*s.unfinished, compared)) {
    const bool code_alone = !first_difference(*s.unfinished, with_code_of(*s.unfinished, compared));
    refuse(printable(paths.output) + " holds an unfinished job that differs: " + *difference,
           code_alone ? "--accept-new-code to go on with it, or --fresh to discard it"
                      : "choose another directory, or --fresh to discard it");
  }
  return Verdict::GoOn;
}

}  // namespace thresh::storage
