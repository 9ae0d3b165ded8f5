// The directory of a job: may it begin, go on or is it done; and the way from parts to a published result.
// For rank 0 alone.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.hpp"
#include "storage/attempts.hpp"
#include "storage/claim.hpp"
#include "storage/identity.hpp"
#include "storage/job_files.hpp"
#include "storage/job_paths.hpp"
#include "storage/publication.hpp"

namespace thresh::storage {

// What a rank knows of the job that it goes on with, as the rank that directed it was lost.
struct LostJob {
  std::string job_id;
  Generation generation = 0;
};

struct StartPolicy {
  bool fresh = false;            // discard an unfinished job of ours and begin again
  bool accept_new_code = false;  // an unfinished job of another version or build of the code is the same job
  bool overwrite = false;        // replace a finished job of ours when the new one publishes
  std::chrono::milliseconds refresh_interval{1000};  // how often the caller will call refresh()
  // Its claims need no watching, and what was asked for at its start was done: `fresh` does not hold any
  // more, nor `overwrite` if it is finished.
  std::optional<LostJob> takes_over = std::nullopt;
  StepHook at_step = {};  // may be empty
  // Called before anything is written for a job that begins or goes on; may be empty.
  std::function<void()> before_work = {};
  // Asked for the split points of a job that begins; empty if it has none. It is to call `refresh` every
  // refresh_interval.
  std::function<std::vector<std::string>(const std::function<void()>& refresh)> split_points = {};
};

enum class StartState { Begun, GoesOn, AlreadyComplete };

class JobDirectory;
struct OpenResult {
  StartState state = StartState::Begun;
  std::string job_id;
  std::unique_ptr<JobDirectory> directory;  // null when already complete
  std::vector<std::string> split_points;    // those of job.h5
  std::vector<std::string> notices;         // a line each, for the log
};

class JobDirectory {
 public:
  // The start rules. OUTPUT and its parents are made if they are not there.
  //
  //   nothing in OUTPUT                          begins
  //   our unfinished job, the same               goes on, in the next generation
  //   our unfinished job, another                Error{BadData} naming the first difference; --fresh: begins
  //   a decision to publish                      is carried out; then the job is finished. --fresh: discarded
  //   our finished job, the same                 already complete; --overwrite: begins
  //   our finished job, another                  Error{BadData} naming the difference; --overwrite: begins
  //   a damaged job.h5 or _SUCCESS               Error{BadData} naming it; --fresh discards a damaged job.h5
  //   anything else in OUTPUT, or it is no
  //   directory or cannot be written             Error{CannotCreate} naming what
  //   another run of the job is at work          Error{StoppedEarly} naming host and process
  //
  // No file that we did not write is ever removed or replaced.
  static OpenResult open(const std::string& output, const JobIdentity& identity, const StartPolicy& policy);

  JobDirectory(const JobDirectory&) = delete;
  JobDirectory& operator=(const JobDirectory&) = delete;
  ~JobDirectory();  // releases the claim, so that the next start need not wait

  const std::string& job_id() const noexcept { return job_id_; }
  Generation generation() const noexcept { return claim_.generation(); }
  std::string parts_dir() const { return paths_.parts(); }
  // Where run files are to be written; makes it. `checkpoint` as given by the user, or empty.
  std::string make_run_directory(const std::string& checkpoint) const {
    return storage::make_run_directory(paths_, checkpoint, job_id_);
  }
  void write_verdict(SplitId split, const std::vector<BlamedRecord>& records) const {
    storage::write_verdict(paths_, job_id_, split, records);
  }
  // What earlier runs of the job left. `damage`: what could not be listed, for the log.
  JobFiles list_files(std::vector<std::string>& damage) const {
    return list_job_files(paths_, job_id_, damage);
  }

  // To be called every refresh_interval while the job runs; cheap, never throws.
  void refresh() noexcept { claim_.refresh(); }
  // Whether nobody has taken over.
  bool still_ours() const { return claim_.still_highest(); }
  // Claims the next generation, for a recovery. Throws Error{StoppedEarly} if someone else has taken over.
  Generation next_generation();

  // Publishes: decides, then carries the decision out (publication.hpp has the steps and why).
  // REQUIRES: `parts` has one for each partition, in order; `manifest_json` is make_manifest's text for them.
  // Throws Error{StoppedEarly} if someone else has taken over, Error{Io} if a part is not there,
  // Error{CannotCreate} if a foreign file is in the way. Published once it returns; else run it again.
  void publish(const std::vector<PartSummary>& parts, const std::string& manifest_json,
               const std::string& metrics_json);

  // What the job is at: .thresh/status.json, for whoever looks. Best effort.
  void write_status(std::string_view json) noexcept;
  // Workers that someone asked to leave, by a file .thresh/drain.<worker>; each request is told once.
  std::vector<WorkerId> take_drain_requests() noexcept;

  // Why the job ended without a result: .thresh/outcome.json. Best effort.
  void record_outcome(int code, std::string_view text) noexcept;

 private:
  JobDirectory(JobPaths paths, std::string job_id, Claim claim, const StartPolicy& policy,
               std::string replaced_job_id)
      : paths_(std::move(paths)),
        job_id_(std::move(job_id)),
        claim_(std::move(claim)),
        interval_(policy.refresh_interval),
        at_step_(policy.at_step),
        replaced_job_id_(std::move(replaced_job_id)) {}

  // None: the directory changed, or a publication was finished: look again.
  static std::optional<OpenResult> try_open(const JobPaths& paths, const JobIdentity& identity,
                                            const StartPolicy& policy);
  Publication make_publication(const std::vector<PartSummary>& parts, const std::string& manifest_json,
                               const std::string& metrics_json) const;
  void check_before_decision(const Publication& publication) const;
  void step(std::string_view name) const {
    if (at_step_) at_step_(name);
  }

  JobPaths paths_;
  std::string job_id_;
  Claim claim_;
  std::chrono::milliseconds interval_;
  StepHook at_step_;
  std::string replaced_job_id_;  // of the finished job that was there at the start; empty if none
};

}  // namespace thresh::storage
