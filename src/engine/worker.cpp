#include "engine/worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "core/text.hpp"
#include "engine/logging.hpp"
#include "engine/map_task.hpp"
#include "engine/reduce_task.hpp"
#include "engine/seal_task.hpp"
#include "engine/signals.hpp"
#include "engine/stopwatch.hpp"
#include "engine/version.hpp"
#include "storage/job_files.hpp"
#include "storage/job_paths.hpp"
#include "storage/part_writer.hpp"
#include "storage/room.hpp"
#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

using Clock = std::chrono::steady_clock;

// Parts that are written and not durable yet; each is an open file. A disk that takes a while for one of them
// holds nobody up.
constexpr std::size_t kMostUncommitted = 8;

void check_sums(const schedule::ReducePartition& command, const PartSummary& part) {
  if (part.input_rows != command.expected.rows || part.input_hash_sum != command.expected.hash_sum) {
    throw Error(ExitCode::Internal,
                fmt::format("the ledger does not balance: {} rows of partition {} went in, {} came out{}; "
                            "nothing was published",
                            command.expected.rows, command.partition, part.input_rows,
                            part.input_rows == command.expected.rows ? " with other contents" : ""));
  }
}

}  // namespace

class Worker::SplitLocator final : public Locator {
 public:
  explicit SplitLocator(const ShuffleWave& wave) : files_(wave.files), records_before_(wave.records_before) {}

  Location locate(RecordId id) const override {
    const auto after = std::upper_bound(files_.begin(), files_.end(), id.split,
                                        [](SplitId split, const auto& file) { return split < file.first; });
    return {std::prev(after)->second, records_before_.at(id.split) + id.record + 1};
  }

 private:
  std::vector<std::pair<SplitId, std::string>> files_;  // first split, path
  std::vector<std::uint64_t> records_before_;           // in the same file, by split
};

Worker::Worker(WorkerId self, const RunOptions& options, const JobType& job, const RankTools& tools)
    : self_(self),
      options_(&options),
      job_(&job),
      tools_(tools),
      who_(fmt::format("worker {} on {}", self, host_name())),
      parts_dir_(storage::JobPaths(options.output).parts()),
      attempts_dir_(storage::JobPaths(options.output).attempts()),
      books_(self, {}, options.checkpoints ? std::optional(options.checkpoint_every) : std::nullopt),
      memory_(options.memory_bytes),
      spill_(scratch_directory(options), tools.drill, stats_),
      format_(row_format(job)),
      checkpointer_(format_, tools.drill, options.fsync),
      committer_(parts_dir_, tools.drill),
      reducer_(job.make_reducer()),
      start_(Clock::now()),
      last_beat_(start_),
      listened_(start_) {
  if (job.combine_fixed != nullptr) merge_memory_.combiner.emplace(job, pool_);
  merge_memory_.combine_bytes = memory_.stream_bytes;
  stats_.host = host_name();
  stats_.pid = static_cast<std::uint64_t>(getpid());
  tools_.pulse.on_worker_poll([this] {
    poll();
    leave_split_in_time();
  });
  catch_crashes(who_);
  look_at_scratch();
}

Worker::~Worker() {
  tools_.pulse.on_worker_poll(nullptr);
}

// What was asked for must be there and take rows; the default matters only if memory runs short.
void Worker::look_at_scratch() {
  try {
    storage::check_room(spill_.scratch().directory(), "rows that do not fit in memory", 0);
    spill_.scratch().open();
  } catch (const Error& error) {
    if (!options_->scratch.empty()) throw;
    log_warning(fmt::format("{}: if memory runs short, the job will fail", error.what()));
  }
}

void go_on_without_lost(RankTools& tools) {
  tools.drill.reach("recover");
  const Clock::time_point begin = Clock::now();
  tools.watchdog.be_patient(true);
  const std::vector<int> lost = tools.comm.repair_all();
  tools.watchdog.be_patient(false);
  schedule::Time repair = Clock::now() - begin;
  log_debug(fmt::format("the ranks found each other again in {:.1f} ms",
                        std::chrono::duration<double, std::milli>(repair).count()));
  for (const int rank : lost) {
    const auto worker = static_cast<WorkerId>(rank);
    tools.lost.push_back({worker, "its process ended", true, std::exchange(repair, {})});
  }
}

schedule::Time Worker::now() const {
  return Clock::now() - start_;
}

bool Worker::step() {
  poll();
  if (check_writer() || check_signals()) return true;
  if (!todo_.empty()) {
    schedule::WorkerCommand command = std::move(todo_.front());
    todo_.pop_front();
    perform(command);
    return true;
  }
  if (!inbox_.empty()) {
    const Message message = std::move(inbox_.front());
    inbox_.pop_front();
    learn(message);
    tell_books(schedule::FromCoordinator{message});
    return true;
  }
  // After the mail: the coordinator may go on in another way, and not wait for it any more.
  if (check_committer()) return true;
  // Between two partitions all that goes first: a share may take hours.
  if (next_partition_ && committer_.pending() < kMostUncommitted) {
    const schedule::ReducePartition command = *std::exchange(next_partition_, std::nullopt);
    carry_out(command);
    return true;
  }
  if (const std::size_t pending = committer_.pending(); pending > 0) {
    wait_for_committer(pending - 1, Until::PendingOrMail);
    return true;
  }
  tools_.watchdog.doing("waiting for work");
  return false;
}

void Worker::poll() {
  if (tools_.comm.broken()) {
    go_on_without_lost(tools_);
    unheard_ = {};
    listened_ = Clock::now();
  }
  read_mail();
  beat();
  check_coordinator();
}

void Worker::read_mail() {
  while (auto letter = tools_.mailbox.receive(comm::Channel::ToWorker)) {
    unheard_ = {};
    Message message = decode_message(letter->bytes);
    if (std::holds_alternative<AskToLeave>(message)) {
      asked_to_leave_ = true;
    } else if (!std::holds_alternative<Ping>(message)) {
      if (std::holds_alternative<ShuffleWave>(message)) {
        repairs_at_wave_ = tools_.comm.repairs();
        tools_.drill.reach("exchange");
      }
      inbox_.push_back(std::move(message));
    }
  }
}

void Worker::say(const Message& message) {
  tools_.mailbox.send(comm::Channel::ToCoordinator, tools_.comm.coordinator(), encode_message(message));
}

// What a message says beyond what the books need.
void Worker::learn(const Message& message) {
  if (const auto* muster = std::get_if<Muster>(&message)) {
    check_shared(*muster);
    partitioner_ = Partitioner(muster->partitions, muster->split_points);
    job_id_ = muster->job_id;
    run_directory_ = muster->run_directory;
  } else if (const auto* wave = std::get_if<ShuffleWave>(&message); wave != nullptr && !wave->files.empty()) {
    locator_ = std::make_unique<SplitLocator>(*wave);
  }
}

void Worker::tell_books(const schedule::WorkerEvent& event) {
  for (schedule::WorkerCommand& command : books_.handle(event, now())) {
    if (const auto* reduce = std::get_if<schedule::ReducePartition>(&command)) {
      next_partition_ = *reduce;
    } else {
      todo_.push_back(std::move(command));
    }
  }
}

void Worker::perform(schedule::WorkerCommand& command) {
  std::visit([this](auto& c) { carry_out(c); }, command);
}

Failure Worker::explain(const std::string& doing) const {
  Failure failure{static_cast<int>(ExitCode::Internal), ""};
  try {
    throw;
  } catch (const Error& error) {
    failure = {static_cast<int>(error.code()), storage::advised(error)};
  } catch (const std::bad_alloc&) {
    failure.what = "out of memory while " + doing;
  } catch (const std::exception& error) {
    failure.what = fmt::format("{} while {}", error.what(), doing);
  } catch (...) {  // of user code: a combiner, a codec
    failure.what = "something that is no std::exception was thrown while " + doing;
  }
  return failure;
}

// The job goes on without it, from what it saved. MPI takes notice of a process that is killed, not of one
// that exits.
void Worker::leave_alone() {
  log_warning("leaves the job, as it was told to end; the others go on");
  end_log();
  std::raise(SIGKILL);
}

void Worker::carry_out(schedule::Answer& command) {
  const bool leaves = leave_told_ && std::holds_alternative<WorkerFailed>(command.message);
  if (leaves && tools_.comm.survives_losses() && tools_.comm.members().size() > 1) leave_alone();
  // The statistics of a phase arrive before the answer that may end it.
  if (!std::holds_alternative<SplitDone>(command.message)) last_beat_ = {};
  beat();
  auto* inventory = std::get_if<Inventory>(&command.message);
  if (inventory != nullptr && inventory->sealed) inventory->readable = is_readable();
  say(command.message);
}

void Worker::carry_out(const schedule::MapSplit& command) {
  const Stopwatch stopwatch(stats_.map_ns);
  const AssignSplit& task = command.task;
  end_wave();
  try {
    if (!table_) {  // the job is copied: user code
      table_ =
          std::make_unique<OpenTable>(*job_, pool_, partitioner_, memory_.table_bytes, spill_, tools_.pulse);
    }
    AttemptNote note;
    note.split = task.split;
    note.code = storage::code_of(kVersion, job_->version);
    note.task_timeout_ms = static_cast<std::uint64_t>(options_->task_timeout.count());
    const storage::Breadcrumb crumb(attempts_dir_, job_id_, note, task.attempt,
                                    fmt::format("{}-{}", task.generation, self_));
    const std::string where = fmt::format("{}, mapping {}", who_, printable(task.input.path));
    Blame blame(crumb, tools_.pulse, where.c_str());
    const auto after_block = [this] { table_->shed(memory_.table_bytes, spill_, tools_.pulse); };
    maps_ = true;
    const MapResult result =
        map_split(task, {*table_->mapper, table_->emits, *table_->collector, table_->context, tools_.watchdog,
                         tools_.drill, blame, buffer_, job_->record_bytes, after_block});
    maps_ = false;
    if (!result.bad.empty()) return refuse_records(task, result.bad);
    stats_.splits += 1;
    stats_.records += result.signature.records;
    stats_.emits += result.signature.emits;
    stats_.input_bytes += result.bytes;
    tell_books(schedule::SplitMapped{task.attempt, result.signature, table_->full(memory_.table_bytes)});
  } catch (...) {
    maps_ = false;
    if (table_) table_->broken = true;
    tell_books(schedule::SplitRefused{
        task.split, task.attempt, explain("mapping " + printable(task.input.path)), {}});
  }
}

void Worker::refuse_records(const AssignSplit& task, const std::vector<BlamedRecord>& bad) {
  table_->broken = true;
  const std::string what =
      fmt::format("{}, byte {}: {}", printable(task.input.path), bad.front().offset, bad.front().what);
  log_warning(fmt::format(
      "{}: cannot be mapped{}", what,
      bad.size() == 1 ? "" : fmt::format(", nor can {} more records of this split", bad.size() - 1)));
  tell_books(
      schedule::SplitRefused{task.split, task.attempt, {static_cast<int>(ExitCode::BadData), what}, bad});
}

void Worker::carry_out(const schedule::DropTable&) {
  table_.reset();
}

void Worker::carry_out(const schedule::SealTable& command) {
  const Stopwatch stopwatch(stats_.seal_ns);
  tools_.watchdog.doing("sealing a run");
  try {
    tools_.drill.reach("seal");
    if (!table_ || table_->broken) throw Error(ExitCode::Internal, "the open table holds a part of a split");
    const std::size_t others = tools_.comm.members().size() - 1;  // rank 0 maps nothing, unless it is alone
    const Receivers receivers{std::max<std::size_t>(others, 1), memory_.stream_bytes};
    Run run = seal_run(command, *table_->collector, std::exchange(table_->pieces, {}),
                       {*job_, pool_, tools_.pulse, tools_.drill, overflow_at(memory_.rows_bytes),
                        memory_.stream_bytes, pool_.bytes_in_use() <= memory_.runs_bytes, receivers});
    run.summary.counters = std::exchange(table_->counters, {});
    const RunSummary summary = run.summary;
    for (std::size_t p = 0; p < run.slices.size(); ++p) {
      if (run.slices[p].staged()) stats_.staged_rows += summary.slices[p].rows;
    }
    runs_.emplace(command.id, std::move(run));
    spill_runs();
    tell_books(schedule::TableSealed{summary});
  } catch (...) {
    tell_books(schedule::TaskFailed{explain("sealing a run")});
  }
}

// A worker that is told to end saves its work first. In one process, rank 0 sees to it.
bool Worker::check_signals() {
  if (directs() || leave_told_) return false;
  auto reason = stop_signal();
  if (!reason && asked_to_leave_) {
    reason = Failure{static_cast<int>(ExitCode::StoppedEarly),
                     "told to leave by thresh drain; run the same command again to go on"};
  }
  if (!reason) return false;
  leave(*reason);
  return true;
}

void Worker::leave(const Failure& reason) {
  leave_told_ = true;
  stats_.leaving = 1;
  last_beat_ = {};
  beat();
  tell_books(schedule::LeaveAsked{reason});
}

// Rows that are in order need no references. What cannot be written is sorted where it is.
void Worker::sort_aside(PartitionId partition, const std::vector<Slice*>& slices) {
  wait_for_writer();
  tools_.watchdog.doing(fmt::format("reducing partition {}", partition));
  try {
    for (Slice* slice : slices) {
      if (slice->loose()) slice->spill(spill_, pool_, format_, &tools_.pulse);
    }
  } catch (const StoreFailed& error) {
    log_warning(fmt::format("{}: rows are sorted in memory", error.what()));
  }
}

void Worker::carry_out(const schedule::ReducePartition& command) {
  // What was offered is read by others as long as there is something to reduce.
  if (offered_.empty() && !exchange_) end_wave();
  try {
    if (!read_offers(command.partition)) return tell_books(schedule::ExchangeAborted{});
    const Stopwatch stopwatch(stats_.reduce_ns);
    tools_.watchdog.doing(fmt::format("reducing partition {}", command.partition));
    tools_.drill.reach("reduce");
    PartSummary part;
    part.worker = self_;
    part.cover_digest = command.cover_digest;
    const storage::PartOptions how{options_->escape, options_->fsync, options_->top};
    auto writer = std::make_unique<storage::PartWriter>(parts_dir_, command.partition, command.generation,
                                                        job_id_, how);
    Context context(tools_.pulse, part.counters, locator_.get());
    const MergeTools merging{format_, memory_.stream_bytes, merge_memory_};
    const std::vector<Slice*> slices = slices_of(command.partition, runs_, slices_);
    const std::uint64_t refs = loose_rows(slices, format_);
    if (refs * sizeof(RowRef) > memory_.refs_bytes) {
      sort_aside(command.partition, slices);
    } else if (refs > merge_memory_.refs.capacity()) {
      // At once, as growing takes twice as much; and some more, for the next partition.
      merge_memory_.refs.reserve(refs + refs / 8 + 16);
    }
    try {
      reduce_partition(slices, merging, *reducer_, context, tools_.drill, *writer, part);
    } catch (const Error& error) {
      if (error.code() == ExitCode::BadData) check_sums(command, part);
      throw;
    }
    check_sums(command, part);
    slices_.erase(slices_.lower_bound({command.partition, RunId{}}),
                  slices_.lower_bound({command.partition + 1, RunId{}}));
    unload({command.partition}, filed_, runs_);
    writer->finish(std::move(part));
    stats_.output_bytes += writer->bytes();
    committer_.commit(std::move(writer));
    tell_books(schedule::PartReduced{});
  } catch (...) {
    tell_books(schedule::TaskFailed{explain(fmt::format("reducing partition {}", command.partition))});
  }
}

void Worker::carry_out(const schedule::ReadPart& command) {
  const Stopwatch stopwatch(stats_.check_ns);
  tools_.watchdog.doing("checking " + command.part.file);
  end_wave();
  try {
    tools_.drill.reach("check");
    const auto wrong = storage::check_part(parts_dir_, command.part.file, command.part.bytes,
                                           command.part.checksum, &tools_.pulse);
    tell_books(schedule::PartRead{command.part.partition, !wrong, wrong.value_or("")});
  } catch (...) {
    tell_books(schedule::TaskFailed{explain("checking " + command.part.file)});
  }
}

void Worker::carry_out(const schedule::Leave& command) {
  wait_for_writer();
  wait_for_committer(0, Until::Pending);
  next_partition_.reset();
  // The job was published meanwhile: a file that came too late to be removed with the others is nobody's.
  if (command.code == static_cast<int>(ExitCode::Done) && !run_directory_.empty()) {
    storage::remove_late_run_files(storage::JobPaths(options_->output), run_directory_, job_id_);
  }
  left_ = true;
  code_ = command.code;
}

}  // namespace thresh::engine
