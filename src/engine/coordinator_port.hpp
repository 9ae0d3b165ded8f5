// The coordinator's port to the world: messages over MPI, the job directory on disk.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "comm/rounds.hpp"
#include "engine/options.hpp"
#include "engine/progress_display.hpp"
#include "engine/pulse.hpp"
#include "engine/worker.hpp"
#include "schedule/job.hpp"
#include "schedule/machine.hpp"
#include "storage/job_directory.hpp"

namespace thresh::engine {

class CoordinatorPort final : public schedule::Port {
 public:
  // Borrows everything. `local` is the worker of this process, or null: a rank that is alone is both, and so
  // is one that takes the place of rank 0; the worker takes its turns while the coordinator waits. `before`
  // is the job to go on with, if it was directed by another one; else without an id.
  CoordinatorPort(const RunOptions& options, const JobType& type, const RankTools& tools,
                  const schedule::Job& job, Worker* local, storage::LostJob before);
  ~CoordinatorPort() override;

  schedule::Time now() const override;
  void perform(const schedule::Command& command) override;
  schedule::Event wait(schedule::Time deadline) override;

 private:
  class Bystander;  // rank 0's side of the rounds when it is no worker: nothing to give, nothing to take

  void carry_out(const schedule::Send& command);
  void carry_out(const schedule::ListInputs& command);
  void carry_out(const schedule::OpenJob& command);
  void carry_out(const schedule::ClaimGeneration& command);
  void carry_out(const schedule::JoinWave& command);
  void carry_out(const schedule::ReportFound& command);
  void carry_out(const schedule::WriteVerdict& command);
  void carry_out(const schedule::RecordOutcome& command);
  void carry_out(const schedule::Publish& command);
  JobFiles list_files();
  void check_room(const JobPlan& plan) const;
  std::optional<Failure> reason_to_stop() const;

  bool turn();  // one turn of everything that goes on by itself; false if nothing did
  void poll();
  void ping();
  void look_for_successor();
  void tell_status();
  std::optional<schedule::Event> next_event();

  const RunOptions* options_;
  const JobType* type_;
  RankTools tools_;
  const schedule::Job* job_;
  Worker* local_;
  storage::LostJob before_;
  std::chrono::steady_clock::time_point start_;
  std::deque<schedule::Event> answers_;  // of file work
  storage::JobIdentity identity_;
  std::unique_ptr<storage::JobDirectory> directory_;   // once the job is opened
  std::deque<std::unique_ptr<Bystander>> bystanders_;  // of waves, in their order
  ProgressDisplay display_;
  schedule::Time next_refresh_{};
  std::function<void()> refresh_opening_;  // while the job directory is being opened; empty otherwise
  schedule::Time next_ping_{};
  schedule::Time next_status_{};
  bool publishes_ = false;
  bool replaced_ = false;  // another run has taken over
  bool stop_told_ = false;
  bool goes_on_ = false;                                  // there was an unfinished job
  std::set<std::pair<SplitId, std::uint64_t>> left_out_;  // records of which a line was said, by their offset
};

}  // namespace thresh::engine
