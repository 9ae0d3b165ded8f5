// A worker: carries out what its books say. The books decide, this file does.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "comm/mailbox.hpp"
#include "core/collector.hpp"
#include "core/merge.hpp"
#include "core/messages.hpp"
#include "core/partitioner.hpp"
#include "core/slice_stream.hpp"
#include "engine/checkpointer.hpp"
#include "engine/fault_drill.hpp"
#include "engine/memory_budget.hpp"
#include "engine/open_table.hpp"
#include "engine/options.hpp"
#include "engine/part_committer.hpp"
#include "engine/pulse.hpp"
#include "engine/restore.hpp"
#include "engine/spill_store.hpp"
#include "engine/watchdog.hpp"
#include "engine/wave_exchange.hpp"
#include "schedule/worker_books.hpp"
#include "thresh/job_type.hpp"

namespace thresh::engine {

// What the ranks of a process share; all borrowed.
struct RankTools {
  comm::Communicator& comm;
  comm::Mailbox& mailbox;
  Pulse& pulse;
  Watchdog& watchdog;
  FaultDrill& drill;
  std::deque<schedule::WorkerLost>& lost;  // for the coordinator to take note of
  const std::vector<Seat>& seats;          // by rank; empty: nobody knows
  const comm::PeerMemory& peers;
  std::chrono::steady_clock::time_point begin;  // when this rank began; all do together
  bool& job_stops;                              // set by the coordinator when it is told to stop
};
// Meets the other ranks that are left; messages under way are lost, and the requests of an exchange.
void go_on_without_lost(RankTools& tools);

class Worker {
 public:
  // Borrows everything. `self` is the rank at launch.
  Worker(WorkerId self, const RunOptions& options, const JobType& job, const RankTools& tools);
  ~Worker();

  // Whether this rank directs the job, since all before it were lost.
  bool directs() const noexcept { return tools_.comm.coordinator() == static_cast<int>(self_); }
  // Empty as long as rank 0 has told nobody.
  const std::string& job_id() const noexcept { return job_id_; }
  Generation generation() const noexcept { return books_.generation(); }

  // Handles a message, or carries out a command; false if there was nothing to do. Waits for nobody but the
  // disk: a task may take long, and so may a part that is to be made durable.
  bool step();
  // See Heartbeat.
  std::uint64_t exchange_waits_ms() const noexcept { return exchange_waits_ms_; }
  // The job is over for this worker; the code it ended with.
  bool left() const noexcept { return left_; }
  int code() const noexcept { return code_; }

 private:
  class SplitLocator;

  void poll();
  void read_mail();
  void say(const Message& message);
  void beat();
  void check_coordinator();
  std::chrono::milliseconds beat_interval() const;
  void learn(const Message& message);
  void tell_books(const schedule::WorkerEvent& event);
  void perform(schedule::WorkerCommand& command);

  void carry_out(schedule::Answer& command);  // which it completes
  void carry_out(const schedule::MapSplit& command);
  void carry_out(const schedule::SealTable& command);
  void carry_out(const schedule::DropRuns& command);
  void carry_out(const schedule::DropSlices& command);
  void carry_out(const schedule::ReleasePartitions& command);
  void carry_out(const schedule::Exchange& command);
  void carry_out(const schedule::AbortExchange& command);
  void carry_out(const schedule::ReducePartition& command);
  void carry_out(const schedule::ReadPart& command);
  void carry_out(const schedule::Leave& command);
  void carry_out(const schedule::WriteRuns& command);
  void carry_out(const schedule::ReadFiles& command);
  void carry_out(const schedule::DropTable& command);
  void refuse_records(const AssignSplit& task, const std::vector<BlamedRecord>& bad);

  bool check_writer();  // true if it told the books something
  bool check_committer();
  void end_wave();
  template <class Done>
  bool exchange_until(Done done);
  bool read_offers(PartitionId partition);
  bool is_readable() const;
  void sort_aside(PartitionId partition, const std::vector<Slice*>& slices);
  void wait_for_writer();  // runs do not change while they are written
  enum class Until { Pending, PendingOrMail };
  void wait_for_committer(std::size_t most_pending, Until until);
  void look_at_scratch();
  void spill_runs();
  Overflow overflow_at(std::uint64_t limit_bytes) { return {pool_, spill_, format_, limit_bytes}; }
  bool check_signals();
  void leave(const Failure& reason);
  void leave_alone();
  bool job_ends() const;
  void leave_split_in_time();
  void check_shared(const Muster& muster);

  Failure explain(const std::string& doing) const;  // of the exception being handled
  schedule::Time now() const;

  WorkerId self_;
  const RunOptions* options_;
  const JobType* job_;
  RankTools tools_;
  std::string who_;  // "worker 2 on node7"
  std::string parts_dir_;
  std::string attempts_dir_;
  schedule::WorkerBooks books_;
  std::deque<Message> inbox_;
  std::deque<schedule::WorkerCommand> todo_;
  std::optional<schedule::ReducePartition> next_partition_;  // once there is nothing else to do

  WorkerStats stats_;
  std::uint64_t exchange_waits_ms_ = 0;  // see Heartbeat
  MemoryPlan memory_;
  SpillStore spill_;  // outlives all slices, as the pool does
  ChunkPool pool_;
  RowFormat format_;
  Partitioner partitioner_{1};
  std::string job_id_;
  std::string run_directory_;
  std::unique_ptr<OpenTable> table_;
  RunsHeld runs_;
  FiledRuns filed_;
  std::set<RunId> being_written_;
  RunId spilled_to_;  // this run and those before it are in the scratch file, since the last exchange
  Checkpointer checkpointer_;  // reads runs_: ends before them
  PartCommitter committer_;
  bool maps_ = false;
  std::optional<std::chrono::steady_clock::time_point> end_seen_;  // of the job, while a split was mapped
  bool asked_to_leave_ = false;
  bool leave_told_ = false;
  unsigned repairs_at_wave_ = 0;             // of the communicator, when the last wave was asked for
  std::deque<OfferedStream> offered_;        // of the last wave
  std::vector<PartitionId> sent_;            // in it, to others
  std::unique_ptr<WaveExchange> abandoned_;  // its requests are still open: it lives as long as the process
  ReceivedSlices slices_;
  std::unique_ptr<WaveExchange> exchange_;  // under way, or with offers that are not read yet
  std::unique_ptr<Reducer> reducer_;
  MergeMemory merge_memory_;
  std::unique_ptr<SplitLocator> locator_;
  std::vector<char> buffer_;

  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_beat_;
  std::chrono::steady_clock::time_point listened_;  // for the coordinator, last
  std::chrono::steady_clock::duration unheard_{0};  // so long, while it listened
  bool left_ = false;
  int code_ = 0;
};

}  // namespace thresh::engine
