#include "storage/job_directory.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "core/text.hpp"
#include "storage/job_file.hpp"
#include "storage/outcome.hpp"
#include "storage/posix.hpp"
#include "storage/start_rules.hpp"

namespace thresh::storage {
namespace {

// Each round ends the start or finishes someone else's publication; more rounds than this mean that others
// keep changing the directory.
constexpr int kRounds = 10;
constexpr std::chrono::milliseconds kPause{20};

[[noreturn]] void taken_over() {
  throw Error(ExitCode::StoppedEarly,
              "another run of this job has taken over: run the same command again to see it");
}

// Waits for the holder of the directory to be gone, and takes its place.
Claim take_claim(const JobPaths& paths, const StartPolicy& policy) {
  make_directories(paths.generations());
  const Generation highest = highest_claim(paths.generations());
  const bool known_gone = policy.takes_over && highest <= policy.takes_over->generation;
  if (const auto holder = known_gone ? std::nullopt : holder_at_work(paths.generations(), highest)) {
    throw Error(ExitCode::StoppedEarly,
                "another run of this job is at work (" + *holder + ") in " + printable(paths.output));
  }
  auto claim = Claim::take(paths.generations(), highest + 1, policy.refresh_interval);
  if (!claim) {
    throw Error(ExitCode::StoppedEarly,
                "another run of this job has just started in " + printable(paths.output));
  }
  return std::move(*claim);
}

// The claim of a start. One that comes to nothing leaves nothing that the next one would have to watch.
class ClaimOfStart {
 public:
  ClaimOfStart(const JobPaths& paths, const StartPolicy& policy)
      : paths_(&paths), claim_(take_claim(paths, policy)) {}
  ClaimOfStart(const ClaimOfStart&) = delete;
  ClaimOfStart& operator=(const ClaimOfStart&) = delete;
  ~ClaimOfStart() {
    if (!claim_) return;
    try {
      const bool highest = claim_->still_highest();
      claim_->release();
      // Made for this claim alone, when the job that was here had just been finished.
      if (highest && nothing_unfinished(*paths_)) remove_job_directory(*paths_);
    } catch (const Error&) {
      // What is left is harmless.
    }
  }
  void refresh() noexcept { claim_->refresh(); }
  bool still_highest() const { return claim_->still_highest(); }
  Claim keep() {
    Claim claim = std::move(*claim_);
    claim_.reset();
    return claim;
  }

 private:
  const JobPaths* paths_;
  std::optional<Claim> claim_;
};

// Discards what is unfinished. REQUIRES: the claim is ours.
void clear(const JobPaths& paths, const Survey& found) {
  if (found.decision) discard(paths, *found.decision);
  remove_work_files(paths);
  remove_file(paths.decision());
  remove_file(paths.job_file());
  fsync_directory(paths.job_dir());
}

// Writes job.h5; returns the job's id. REQUIRES: the claim is ours.
std::string begin(const JobPaths& paths, const JobIdentity& identity,
                  const std::vector<std::string>& split_points) {
  std::string job_id = random_hex(16);
  make_directories(paths.parts());
  const std::string written = write_job_file(paths.job_dir(), job_id, identity, split_points);
  if (!claim_name(written, paths.job_file())) taken_over();
  fsync_directory(paths.job_dir());
  return job_id;
}

// Tells whether someone changed the directory between two looks.
std::string glimpse(const JobPaths& paths) {
  std::string seen;
  for (const std::string& directory : {paths.output, paths.job_dir(), paths.generations()}) {
    try {
      for (const std::string& name : list_directory(directory)) {
        const auto status = link_status(directory + "/" + name);
        seen += name + "/" + std::to_string(status ? status->inode : 0) + "/";
      }
    } catch (const Error&) {
      seen += "none/";
    }
  }
  return seen;
}

// The id of the job that is finished here; empty without one.
std::string finished_job(const JobPaths& paths) {
  const Survey found = survey(paths);
  return found.finished ? found.finished->job.job_id : "";
}

void remove_leftovers(const JobPaths& paths, const StartPolicy& policy) {
  try {
    // A start that replaces the finished job may be at work on the same directory.
    const ClaimOfStart claim(paths, policy);
    if (survey(paths).leftovers) remove_job_directory(paths);
  } catch (const Error&) {
    // They do no harm, and the job is done.
  }
}

}  // namespace

std::optional<OpenResult> JobDirectory::try_open(const JobPaths& paths, const JobIdentity& asked,
                                                 const StartPolicy& policy) {
  OpenResult result;
  Survey found = survey(paths);
  const JobIdentity identity =
      policy.accept_new_code && found.unfinished ? with_code_of(*found.unfinished, asked) : asked;
  const Verdict verdict = judge(found, paths, identity, policy.fresh, policy.overwrite);
  if (verdict == Verdict::Complete) {
    if (found.leftovers) remove_leftovers(paths, policy);
    result.state = StartState::AlreadyComplete;
    result.job_id = found.finished->job.job_id;
    return result;
  }
  if (verdict != Verdict::CarryOut && policy.before_work) policy.before_work();
  ClaimOfStart claim(paths, policy);
  // Before the claim others could act. From here on only we do.
  found = survey(paths);
  if (judge(found, paths, identity, policy.fresh, policy.overwrite) != verdict) return std::nullopt;
  if (verdict == Verdict::CarryOut) {
    (void)carry_out(paths, *found.decision, [&](std::string_view name) {
      claim.refresh();
      if (policy.at_step) policy.at_step(name);
    });
    return std::nullopt;
  }
  if (verdict == Verdict::Begin) {
    if (policy.split_points) result.split_points = policy.split_points([&] { claim.refresh(); });
    if (!claim.still_highest()) taken_over();
    clear(paths, found);
    result.job_id = begin(paths, identity, result.split_points);
  } else {
    if (found.void_decision) remove_file(paths.decision());
    make_directories(paths.parts());
    result.job_id = found.unfinished->job_id;
    result.split_points = std::move(found.unfinished->split_points);
    result.state = StartState::GoesOn;
  }
  make_directories(paths.attempts());
  write_durably(paths.job_dir(), paths.token(result.job_id), "", false);
  const std::string replaced = found.finished ? found.finished->job.job_id : "";
  result.directory.reset(new JobDirectory(paths, result.job_id, claim.keep(), policy, replaced));
  if (!policy.takes_over)
    (void)result.directory->take_drain_requests();  // they were for workers of a run before
  return result;
}

OpenResult JobDirectory::open(const std::string& output, const JobIdentity& identity,
                              const StartPolicy& policy) {
  const JobPaths paths(output);
  make_directories(output);
  StartPolicy now = policy;
  if (policy.takes_over) now.fresh = false;
  std::vector<std::string> notices;
  for (int round = 1;; ++round) {
    const std::string before = glimpse(paths);
    try {
      if (policy.takes_over && finished_job(paths) == policy.takes_over->job_id) now.overwrite = false;
      const bool decided = link_status(paths.decision()).has_value();
      if (auto result = try_open(paths, identity, now)) {
        result->notices = std::move(notices);
        return std::move(*result);
      }
      if (decided && !link_status(paths.decision())) {
        notices.push_back("finished publishing a job that had been stopped while it did so");
        // What was finished just now is not to be replaced if it is what was asked for.
        const Survey found = survey(paths);
        if (found.finished && !first_difference(found.finished->job, identity)) now.overwrite = false;
      }
    } catch (const Error& e) {
      // While another run changes the directory, what is read of it need not fit together.
      if (e.code() == ExitCode::StoppedEarly || round >= kRounds || glimpse(paths) == before) throw;
    }
    if (round >= kRounds)
      throw Error(ExitCode::StoppedEarly, "other runs keep changing " + printable(output));
    std::this_thread::sleep_for(kPause);
  }
}

JobDirectory::~JobDirectory() {
  claim_.release();
}

Generation JobDirectory::next_generation() {
  if (!still_ours()) taken_over();
  auto next = Claim::take(paths_.generations(), generation() + 1, interval_);
  if (!next) taken_over();
  claim_ = std::move(*next);
  return generation();
}

Publication JobDirectory::make_publication(const std::vector<PartSummary>& parts,
                                           const std::string& manifest_json,
                                           const std::string& metrics_json) const {
  Publication publication;
  publication.job_id = job_id_;
  publication.manifest = manifest_json;
  publication.metrics = metrics_json;
  const Manifest manifest = parse_manifest(manifest_json, "the manifest");
  for (const PartSummary& part : parts) {
    publication.parts.push_back(
        {part.file, manifest.parts.at(part.partition).name, part.bytes, part.checksum});
  }
  if (!replaced_job_id_.empty()) {
    publication.replaced_job_id = replaced_job_id_;
    const Manifest old = parse_manifest(read_file(paths_.success()), paths_.success());
    for (const ManifestPart& part : old.parts) publication.replaced_parts.push_back(part.name);
  }
  return publication;
}

// What would stop the publication half-way is better known before anything is moved.
void JobDirectory::check_before_decision(const Publication& p) const {
  const Manifest manifest = parse_manifest(p.manifest, "the manifest");
  bool fits = manifest.job.job_id == p.job_id && manifest.parts.size() == p.parts.size();
  for (std::size_t i = 0; fits && i < p.parts.size(); ++i) {
    const ManifestPart& part = manifest.parts[i];
    fits = part.name == p.parts[i].name && part.bytes == p.parts[i].bytes &&
           part.checksum == p.parts[i].checksum;
  }
  if (!fits)
    throw Error(ExitCode::Internal, "the manifest does not describe the parts; nothing was published");
  for (const Publication::Part& part : p.parts) {
    const auto status = link_status(paths_.part(part.file));
    if (!status || status->size != part.bytes) {
      throw Error(ExitCode::Io, printable(paths_.part(part.file)) +
                                    (status ? " has another size than was written" : " is gone") +
                                    "; nothing was published");
    }
  }
  const Survey now = survey(paths_);
  if (now.decision) return;  // made by a run that we took over from; parts of it may be in place
  const std::string finished = now.finished ? now.finished->job.job_id : "";
  if (finished != replaced_job_id_) {
    throw Error(ExitCode::CannotCreate,
                printable(paths_.success()) + " is not from this job; nothing was published");
  }
  std::set<std::string> wanted{kMetricsName};
  for (const Publication::Part& part : p.parts) wanted.insert(part.name);
  std::set<std::string> replaced(p.replaced_parts.begin(), p.replaced_parts.end());
  if (!replaced_job_id_.empty()) replaced.insert(kMetricsName);
  for (const std::string& name : now.entries) {
    if (wanted.count(name) == 0 || replaced.count(name) != 0) continue;
    throw Error(ExitCode::CannotCreate, printable(paths_.in_output(name)) +
                                            " is not from this job and in the way; nothing was published");
  }
}

void JobDirectory::publish(const std::vector<PartSummary>& parts, const std::string& manifest_json,
                           const std::string& metrics_json) {
  if (!still_ours()) taken_over();
  Publication publication = make_publication(parts, manifest_json, metrics_json);
  check_before_decision(publication);
  step("publish:decide");
  if (!decide(paths_, publication)) {
    // A run that we took over from decided first, from the same input: its parts are as good.
    auto other = read_decision(paths_);
    if (!other || other->job_id != job_id_) taken_over();
    publication = std::move(*other);
  }
  step("publish:decided");
  // Only a decision in the directory of this very job counts.
  if (!link_status(paths_.job_file()) || read_job_file(paths_.job_file()).job_id != job_id_) taken_over();
  // Someone who took over meanwhile may have finished it and removed what we look for.
  const auto is_finished = [this] {
    return link_status(paths_.success()) &&
           parse_manifest(read_file(paths_.success()), paths_.success()).job.job_id == job_id_;
  };
  try {
    const bool carried_out = carry_out(paths_, publication, [this](std::string_view name) {
      claim_.refresh();
      step(name);
    });
    if (!carried_out && !is_finished()) taken_over();
  } catch (const Error&) {
    if (!is_finished()) throw;
  }
}

void JobDirectory::write_status(std::string_view json) noexcept {
  try {
    if (link_status(paths_.job_file())) write_durably(paths_.job_dir(), paths_.status(), json, false);
  } catch (const std::exception&) {
    // The job does not need it.
  }
}

std::vector<WorkerId> JobDirectory::take_drain_requests() noexcept {
  std::vector<WorkerId> workers;
  try {
    for (const std::string& name : list_directory(paths_.job_dir())) {
      if (!is_drain_name(name)) continue;
      workers.push_back(static_cast<WorkerId>(std::stoul(name.substr(name.find('.') + 1))));
      remove_file(paths_.job_dir() + "/" + name);
    }
  } catch (const std::exception&) {
    // Whoever asked sees in the status that nothing came of it.
  }
  return workers;
}

void JobDirectory::record_outcome(int code, std::string_view text) noexcept {
  try {
    if (!link_status(paths_.job_file())) return;  // published, or discarded
    if (!still_ours()) return;                    // what became of whoever took over is theirs to say
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    const Outcome outcome{job_id_, generation(), code, std::string(text), now_ms};
    write_durably(paths_.job_dir(), paths_.outcome(), make_outcome(outcome), false);
  } catch (const std::exception&) {
    // The exit code and the message still say it.
  }
}

}  // namespace thresh::storage
