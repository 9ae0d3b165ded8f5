// A worker's books: which generation it is in, what it was asked to do, what it holds. Pure, like the
// coordinator's machines; the engine carries out the commands, one at a time and in order.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "core/messages.hpp"
#include "core/task.hpp"
#include "schedule/machine.hpp"

namespace thresh::schedule {

// ---- events

struct FromCoordinator {
  Message message;
};
struct SplitMapped {
  std::uint32_t attempt = 0;
  SplitSignature signature;
  bool table_full = false;  // seal before the next split
};
// The open table may hold a part of the split.
struct SplitRefused {
  SplitId split = 0;
  std::uint32_t attempt = 0;
  Failure failure;
  std::vector<BlamedRecord> bad;
};
struct TableSealed {
  RunSummary run;
};
// Answers WriteRuns. What failed to be written stays in memory, and is written with the next checkpoint.
struct RunsWritten {
  std::vector<RunId> runs;
  bool good = false;
};
struct FilesRead {
  Generation generation = 0;  // of the Muster that named them
  std::vector<RunSummary> runs;
  std::vector<PartSummary> parts;
  std::vector<std::string> damage;
};
// Someone asked this worker to leave: as SaveRuns, and then rank 0 is told.
struct LeaveAsked {
  Failure reason;
};
struct WaveExchanged {
  std::uint32_t wave = 0;
};
// An exchange that was abandoned after AbortExchange; or a partition was not reduced, as the job ends or a
// rank is lost whose memory has rows of it.
struct ExchangeAborted {};
// Its part is made durable beside the tasks that follow: a PartWritten or CommitFailed for each, in order.
struct PartReduced {};
struct PartWritten {
  PartSummary part;
};
struct CommitFailed {
  Failure failure;
};
struct PartRead {
  PartitionId partition = 0;
  bool good = false;
  std::string what;
};
// Not for a peer that is gone: an exchange broken by that waits for AbortExchange. Nothing is begun after it.
struct TaskFailed {
  Failure failure;
};
using WorkerEvent = std::variant<FromCoordinator, SplitMapped, SplitRefused, TableSealed, WaveExchanged,
                                 ExchangeAborted, PartReduced, PartWritten, CommitFailed, PartRead,
                                 TaskFailed, RunsWritten, FilesRead, LeaveAsked>;

// ---- commands: at most one of the tasks (MapSplit, SealTable, Exchange, ReducePartition, ReadPart,
// ReadFiles) is under way at a time; each ends with exactly one of the events above. AbortExchange may cross
// WaveExchanged: then no ExchangeAborted follows. WriteRuns goes on beside the tasks, one at a time, and ends
// with RunsWritten; the runs do not change meanwhile. Parts are committed beside them, too.

struct Answer {
  Message message;  // to rank 0
};
struct MapSplit {
  AssignSplit task;
};
// Seal the open table under this name. `splits`: what is in it, by split id; never empty. `to_shuffle`: that
// is what is next, so its rows need not be combined before they travel.
struct SealTable {
  RunId id;
  std::vector<SplitSignature> splits;
  bool to_shuffle = false;
};
struct WriteRuns {
  std::vector<RunId> runs;
};
// Give up the open table and all that is in it.
struct DropTable {};
struct ReadFiles {
  Muster files;
};
struct DropRuns {
  std::vector<RunId> runs;
};
struct DropSlices {};  // all that were received
struct ReleasePartitions {
  std::vector<PartitionId> partitions;  // their slices in runs held are not needed again
};
struct Exchange {
  ShuffleWave plan;
};
struct AbortExchange {};
struct ReducePartition {
  PartitionId partition = 0;
  std::uint32_t wave = 0;
  Generation generation = 0;
  std::uint64_t cover_digest = 0;
  PartitionSums expected;
};
struct ReadPart {
  CheckPart part;
};
struct Leave {
  int code = 0;
};
using WorkerCommand =
    std::variant<Answer, MapSplit, SealTable, DropRuns, DropSlices, ReleasePartitions, Exchange,
                 AbortExchange, ReducePartition, ReadPart, Leave, WriteRuns, ReadFiles, DropTable>;
using WorkerCommands = std::vector<WorkerCommand>;

// What the network may do: messages come late, in another order than they were sent, and twice. What the
// books do about it: tasks are done once for each (generation, split, attempt), wave and part; older
// generations are ignored; what comes before the Muster or the KeepRuns of its generation waits for it.
class WorkerBooks {
 public:
  // `held`: sealed runs that survived from before, to be offered in the first inventory. `checkpoint_every`:
  // work that is not in a file is at most that old, and one split and the time of writing; none: no files.
  explicit WorkerBooks(WorkerId self, std::vector<RunSummary> held = {},
                       std::optional<Time> checkpoint_every = std::nullopt);

  WorkerCommands handle(const WorkerEvent& event, Time now);

  Generation generation() const noexcept { return generation_; }
  // Nothing under way and nothing queued; also before the first Muster and after Leave.
  bool idle() const noexcept { return !busy_ && queue_.empty() && !mustering_ && committing_.empty(); }
  bool left() const noexcept { return left_; }
  const std::map<RunId, RunSummary>& held() const noexcept { return held_; }

 private:
  using Work = std::variant<AssignSplit, SealRuns, ShuffleWave, ReducePartition, CheckPart>;

  void on_message(const Message& message, WorkerCommands& out);
  void on_task_end(const WorkerEvent& event, WorkerCommands& out);
  void on_muster(const Muster& muster, WorkerCommands& out);
  void on_keep(const KeepRuns& keep, WorkerCommands& out);
  void on_assign(const AssignSplit& task);
  void on_wave(const ShuffleWave& wave);
  void on_reduce(const ReduceWave& wave);
  void on_check(const CheckPart& check);
  void on_written(const RunsWritten& written);
  void on_committed(PartSummary part, WorkerCommands& out);
  void fail(const Failure& failure, WorkerCommands& out);
  bool is_current(Generation generation) const noexcept { return generation == generation_ && !mustering_; }

  // Begins what is next, until a task is under way or nothing is left.
  void advance(WorkerCommands& out);
  void answer_muster(WorkerCommands& out);
  void begin(const Work& work, WorkerCommands& out);
  void begin_seal(WorkerCommands& out);
  bool needs_empty_table(const Work& work) const noexcept;
  bool checkpoint_due() const noexcept;
  void write_runs(WorkerCommands& out);
  void save(WorkerCommands& out);
  Inventory inventory(bool sealed) const;

  WorkerId self_;
  Generation generation_ = 0;
  bool left_ = false;
  std::optional<Failure> failed_;  // said so, and waits to be dismissed

  // The task under way, if any, and the generation that it was begun in.
  bool busy_ = false;
  bool exchanging_ = false;
  Generation task_generation_ = 0;
  std::uint32_t task_wave_ = 0;
  std::deque<Work> queue_;

  bool mustering_ = false;      // a Muster was seen and its Inventory not yet sent
  bool awaiting_keep_ = false;  // it was sent, and KeepRuns not yet seen
  std::map<std::tuple<Generation, SplitId, std::uint32_t>, AssignSplit> early_splits_;
  std::optional<Generation> early_seal_;

  std::set<std::pair<SplitId, std::uint32_t>> asked_;  // splits and attempts of this generation
  bool seal_asked_ = false;                            // in this generation
  std::uint32_t next_wave_ = 0;                        // to exchange
  std::uint32_t next_reduce_ = 0;                      // first wave not asked to be reduced
  std::uint64_t digest_ = 0;                           // of the last wave's cover
  std::deque<std::uint32_t> committing_;               // waves of the parts that are not durable yet
  std::vector<PartSummary> untold_parts_;              // for the Inventory: nobody waited for them
  std::set<PartitionId> checked_;

  std::optional<Muster> muster_;          // the one to answer
  std::vector<PartSummary> found_parts_;  // by the files of it
  std::vector<std::string> damage_;
  bool files_read_ = false;

  // Checkpoints. A run is unsaved from its seal on until a file holds it, or until nobody needs it.
  std::optional<Time> checkpoint_every_;
  Time now_{};
  std::optional<Time> unsaved_since_;  // begin of the oldest work that is in no file nor on its way to one
  std::set<RunId> unsaved_;
  bool writing_ = false;
  bool seal_to_write_ = false;
  bool careful_ = false;  // a split failed: from now on a table holds one split, so that the next costs less
  bool saving_ = false;   // SaveRuns or LeaveAsked: nothing else is begun any more
  bool save_tried_ = false;
  bool save_answered_ = false;
  std::optional<Failure> leaving_;

  RunId open_id_;
  std::vector<SplitSignature> open_;  // what is in the open table
  bool table_full_ = false;
  std::uint32_t next_sequence_ = 0;
  std::map<RunId, RunSummary> held_;
};

}  // namespace thresh::schedule
