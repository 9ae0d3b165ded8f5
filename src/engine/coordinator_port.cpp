#include "engine/coordinator_port.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/text.hpp"
#include "engine/logging.hpp"
#include "engine/metrics_json.hpp"
#include "engine/signals.hpp"
#include "engine/version.hpp"
#include "schedule/split_troubles.hpp"
#include "storage/input_files.hpp"
#include "storage/key_sample.hpp"
#include "storage/manifest.hpp"
#include "storage/room.hpp"
#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// An idle rank 0 that probed every 200 us took 4 % of a core, and on a slow day one that probed every 1000 us
// took 6 %; a worker has the next split prefetched and does not wait for an answer.
constexpr std::chrono::microseconds kLongestNap{2000};
constexpr std::chrono::milliseconds kRefreshInterval = 1s;

// Runs file work; what it throws becomes an event.
template <typename Work>
void file_work(std::deque<schedule::Event>& answers, Work work) {
  try {
    answers.push_back(work());
  } catch (const Error& error) {
    answers.push_back(schedule::FileWorkFailed{{static_cast<int>(error.code()), storage::advised(error)}});
  } catch (const std::exception& error) {
    answers.push_back(schedule::FileWorkFailed{{static_cast<int>(ExitCode::Internal), error.what()}});
  }
}

// Records of fixed size must be whole, or the file is another one than was meant.
void check_whole_records(const InputFile& file, const JobType& job) {
  if (job.record_bytes == 0 || file.size % job.record_bytes == 0) return;
  throw Error(
      ExitCode::BadData,
      fmt::format("the input {} has {} bytes, which is no whole number of records of {} bytes (at offset "
                  "{} one begins that is not whole): is it the file that you meant?{}",
                  printable(file.path), file.size, job.record_bytes, file.size - file.size % job.record_bytes,
                  job.with_key ? " Lines of text are read with --key" : ""));
}

}  // namespace

class CoordinatorPort::Bystander final : private comm::RoundClient {
 public:
  Bystander(comm::Communicator& comm, const comm::RoundsPlan& plan)
      : rounds_(comm, *this, plan, none(comm), none(comm)) {}
  // True at the end, which may be that a rank was lost.
  bool step() { return rounds_.step() || rounds_.lost(); }

 private:
  static std::vector<std::uint64_t> none(const comm::Communicator& comm) {
    return std::vector<std::uint64_t>(static_cast<std::size_t>(comm.size()));
  }
  void fill(int, char*, std::size_t) override {}
  void take(int, const char*, std::size_t) override {}

  comm::Rounds rounds_;
};

CoordinatorPort::CoordinatorPort(const RunOptions& options, const JobType& type, const RankTools& tools,
                                 const schedule::Job& job, Worker* local, storage::LostJob before)
    : options_(&options),
      type_(&type),
      tools_(tools),
      job_(&job),
      local_(local),
      before_(std::move(before)),
      start_(Clock::now()),
      display_(options) {
  // A task of the local worker may take long, and so may publishing.
  tools_.pulse.on_coordinator_poll([this] { poll(); });
}

CoordinatorPort::~CoordinatorPort() {
  tools_.pulse.on_coordinator_poll(nullptr);
}

schedule::Time CoordinatorPort::now() const {
  return Clock::now() - start_;
}

void CoordinatorPort::perform(const schedule::Command& command) {
  std::visit([this](const auto& c) { carry_out(c); }, command);
}

void CoordinatorPort::carry_out(const schedule::Send& command) {
  if (std::holds_alternative<AssignSplit>(command.message)) tools_.drill.reach("assign");
  if (std::holds_alternative<ShuffleWave>(command.message)) tools_.drill.reach("wave");
  tools_.mailbox.send(comm::Channel::ToWorker, static_cast<int>(command.to), encode_message(command.message));
}

void CoordinatorPort::carry_out(const schedule::ListInputs&) {
  tools_.watchdog.doing("listing the inputs");
  file_work(answers_, [this]() -> schedule::Event {
    storage::InputListing listing =
        storage::list_inputs({options_->inputs, options_->files_from, options_->files_from_null},
                             options_->output, options_->checkpoint_dir, &tools_.pulse);
    for (const std::string& warning : listing.warnings) log_warning(warning);
    for (const InputFile& file : listing.files) check_whole_records(file, *type_);
    return schedule::InputsListed{std::move(listing.files)};
  });
}

void CoordinatorPort::carry_out(const schedule::OpenJob& command) {
  tools_.watchdog.doing("opening the job directory of " + options_->output);
  tools_.drill.reach("plan");
  file_work(answers_, [&]() -> schedule::Event {
    identity_ = {type_->name,
                 type_->version,
                 kVersion,
                 shaping_options(*options_),
                 command.plan.inputs,
                 command.plan.splits,
                 command.plan.partitions};
    storage::StartPolicy policy;
    policy.before_work = [&] { check_room(command.plan); };
    policy.fresh = options_->fresh;
    policy.overwrite = options_->overwrite;
    policy.accept_new_code = options_->accept_new_code;
    policy.refresh_interval = kRefreshInterval;
    if (!before_.job_id.empty()) policy.takes_over = before_;
    policy.at_step = [this](std::string_view) { tools_.pulse.step(); };  // each part moved is progress
    if (type_->total_order) {
      policy.split_points = [&](const std::function<void()>& refresh) {
        tools_.watchdog.doing("sampling the keys of the input");
        refresh_opening_ = refresh;
        std::vector<std::string> points = storage::sample_split_points(*type_, command.plan, tools_.pulse);
        refresh_opening_ = nullptr;
        return points;
      };
    }
    storage::OpenResult result = storage::JobDirectory::open(options_->output, identity_, policy);
    for (const std::string& notice : result.notices) log_info(notice);
    directory_ = std::move(result.directory);
    if (!directory_) return schedule::JobOpened{0, result.job_id, true, "", {}};
    goes_on_ = result.state == storage::StartState::GoesOn;
    JobFiles files = list_files();  // before a directory is made that ought to be there
    const std::string run_directory =
        options_->checkpoints ? directory_->make_run_directory(options_->checkpoint_dir) : "";
    return schedule::JobOpened{
        directory_->generation(),      result.job_id, false, run_directory, std::move(files),
        std::move(result.split_points)};
  });
}

// Before anything is written. The estimates are rough: output and checkpoints as large as the input, and what
// the workers' memory does not hold goes to scratch, of which rank 0 sees its own host's.
void CoordinatorPort::check_room(const JobPlan& plan) const {
  std::uint64_t input_bytes = 0;
  for (const InputFile& input : plan.inputs) input_bytes += input.size;
  const auto warn = [](const std::optional<std::string>& warning) {
    if (warning) log_warning(*warning);
  };
  warn(storage::check_room(options_->output, "the output", input_bytes));
  if (options_->checkpoints && !options_->checkpoint_dir.empty()) {
    warn(storage::check_room(options_->checkpoint_dir, "checkpoints", input_bytes));
  }
  const std::uint64_t workers = job_->pool.size() - job_->pool.spares();
  if (workers == 0 || input_bytes / workers < options_->memory_bytes) return;
  const std::optional<storage::Room> scratch = storage::room_at(scratch_directory(*options_));
  if (scratch && scratch->bytes >= storage::kLeastRoomBytes) {
    warn(storage::check_room(scratch_directory(*options_), "rows that do not fit in memory",
                             input_bytes / workers));
  }
}

JobFiles CoordinatorPort::list_files() {
  std::vector<std::string> damage;
  JobFiles files = directory_->list_files(damage);
  for (const std::string& what : damage) log_warning(what);
  // What was changed since may have mended it: its record is tried again.
  const std::uint64_t code = storage::code_of(kVersion, type_->version);
  std::erase_if(files.attempts, [&](const AttemptNote& note) {
    if (note.kind == AttemptKind::Quarantine) return false;
    const bool had_less_time = std::chrono::milliseconds(note.task_timeout_ms) < options_->task_timeout;
    return note.code != code || (note.kind == AttemptKind::Hang && had_less_time);
  });
  return files;
}

void CoordinatorPort::carry_out(const schedule::ClaimGeneration& command) {
  file_work(answers_, [&]() -> schedule::Event {
    const Generation claimed = directory_->next_generation();
    if (claimed != command.generation) {
      throw Error(ExitCode::Internal,
                  fmt::format("generation {} was wanted, {} is next", command.generation, claimed));
    }
    return schedule::GenerationClaimed{claimed, list_files()};
  });
}

void CoordinatorPort::carry_out(const schedule::JoinWave& command) {
  // A worker takes part in the rounds itself. The workers may be done with a wave before rank 0 is.
  if (local_ != nullptr) return;
  const comm::RoundsPlan plan{command.rounds, 1, command.reads};
  bystanders_.push_back(std::make_unique<Bystander>(tools_.comm, plan));
}

void CoordinatorPort::carry_out(const schedule::ReportFound&) {
  const schedule::Found& found = job_->found;
  for (const std::string& what : found.damage) log_warning(fmt::format("not used: {}", what));
  if (options_->quiet || (!goes_on_ && found.runs == 0 && found.parts == 0)) return;
  const std::uint64_t splits = job_->plan.splits.size();
  const std::uint64_t parts = job_->plan.partitions;
  const std::uint64_t splits_left = splits - found.splits;
  const std::uint64_t parts_left = parts - std::min<std::uint64_t>(found.parts, parts);
  say(fmt::format(
      "{}: goes on with {}: {} of {} splits mapped, {} of {} parts; {} split{} and {} part{} are left",
      options_->job, tools_.comm.repairs() > 0 ? "what is left" : "what an earlier run left", found.splits,
      splits, found.parts, parts, splits_left, splits_left == 1 ? "" : "s", parts_left,
      parts_left == 1 ? "" : "s"));
}

void CoordinatorPort::carry_out(const schedule::Publish&) {
  tools_.watchdog.doing("publishing the results in " + options_->output);
  tools_.drill.reach("publish");
  publishes_ = true;
  file_work(answers_, [this]() -> schedule::Event {
    std::vector<PartSummary> parts;
    for (const auto& part : job_->parts) parts.push_back(part.value());
    std::vector<SplitSignature> signatures;
    for (const auto& signature : job_->signatures) signatures.push_back(signature.value());
    const storage::Manifest manifest =
        storage::describe_job(identity_, job_->job_id, job_->generation, signatures, parts,
                              job_counters(*job_), type_->part_extension);
    directory_->publish(parts, storage::make_manifest(manifest), metrics_json(*job_, type_->name, now()));
    return schedule::Published{};
  });
}

bool CoordinatorPort::turn() {
  display_.show(*job_, now());
  bool busy = local_ != nullptr && local_->step();
  if (!bystanders_.empty()) {
    busy = true;
    if (bystanders_.front()->step()) bystanders_.pop_front();
  }
  return busy;
}

// Pings are sent while this rank is at a task of its own, too: a split, a list of a million inputs. Not in an
// exchange in which nothing moves: the others hear nothing then, and end.
void CoordinatorPort::ping() {
  const schedule::Liveness liveness = job_->pool.liveness();
  next_ping_ = now() + liveness.ping_interval;
  const std::uint64_t waits_ms = local_ == nullptr ? 0 : local_->exchange_waits_ms();
  if (std::chrono::milliseconds(waits_ms) >= liveness.peer_timeout) return;
  for (const WorkerId worker : job_->pool.live()) {
    if (static_cast<int>(worker) != tools_.comm.coordinator())
      carry_out(schedule::Send{worker, Ping{job_->generation}});
  }
}

// What cannot wait for the end of what is under way.
void CoordinatorPort::poll() {
  if (tools_.comm.broken()) go_on_without_lost(tools_);
  if (now() >= next_ping_) ping();
  tools_.job_stops = tools_.job_stops || reason_to_stop().has_value();
  if (now() < next_refresh_) return;
  next_refresh_ = now() + kRefreshInterval;
  if (refresh_opening_) refresh_opening_();
  if (!directory_) return;
  directory_->refresh();
  look_for_successor();
  tell_status();
  for (const WorkerId worker : directory_->take_drain_requests()) {
    // The last one has nobody to leave its work to, and rank 0 stops the job when it is told to end.
    const bool can_leave = job_->pool.is_live(worker) && job_->pool.live().size() > 1 &&
                           static_cast<int>(worker) != tools_.comm.coordinator();
    if (!tools_.comm.survives_losses() || !can_leave) {
      log_warning(fmt::format("worker {} was asked to leave, and cannot", worker));
      continue;
    }
    tools_.mailbox.send(comm::Channel::ToWorker, static_cast<int>(worker),
                        encode_message(AskToLeave{job_->generation}));
  }
}

// A run that stood still for long may have been replaced: all that it does from there on is in vain. To
// publish is safe nevertheless, and sees for itself.
void CoordinatorPort::look_for_successor() {
  if (publishes_ || replaced_) return;
  try {
    replaced_ = !directory_->still_ours();
  } catch (const Error& error) {
    log_debug(error.what());
  }
}

// With thousands of workers it is long: writing it takes a hundredth of the time at most.
void CoordinatorPort::tell_status() {
  const schedule::Time begin = now();
  // While it publishes, the file would come back into a directory that is being removed.
  if (begin < next_status_ || publishes_) return;
  directory_->write_status(status_json(*job_, type_->name, begin, tools_.comm.survives_losses()));
  next_status_ = now() + 100 * (now() - begin);
}

std::optional<Failure> CoordinatorPort::reason_to_stop() const {
  if (auto reason = stop_signal()) return reason;
  if (replaced_) {
    return Failure{static_cast<int>(ExitCode::StoppedEarly),
                   "another run of this job has taken over: run the same command again to see it"};
  }
  if (!options_->max_time) return std::nullopt;
  // All ranks began together: the limit is not longer for one that takes over.
  const schedule::Time passed = Clock::now() - tools_.begin;
  if (passed < *options_->max_time - time_for_saving(*options_->max_time)) return std::nullopt;
  return Failure{static_cast<int>(ExitCode::StoppedEarly),
                 "stopped, as --max-time is nearly over; run the same command again to go on"};
}

std::optional<schedule::Event> CoordinatorPort::next_event() {
  if (!answers_.empty()) {
    schedule::Event event = std::move(answers_.front());
    answers_.pop_front();
    return event;
  }
  if (!stop_told_) {
    if (auto reason = reason_to_stop()) {
      stop_told_ = true;
      return schedule::StopAsked{*reason};
    }
  }
  if (!tools_.lost.empty()) {
    schedule::WorkerLost lost = std::move(tools_.lost.front());
    tools_.lost.pop_front();
    log_warning(fmt::format("{} is gone; the job goes on with {} rank{}",
                            schedule::worker_text(lost.worker, job_->metrics.host_of(lost.worker)),
                            tools_.comm.members().size(), tools_.comm.members().size() == 1 ? "" : "s"));
    return lost;
  }
  if (auto letter = tools_.mailbox.receive(comm::Channel::ToCoordinator)) {
    return schedule::Received{static_cast<WorkerId>(letter->from), decode_message(letter->bytes)};
  }
  return std::nullopt;
}

schedule::Event CoordinatorPort::wait(schedule::Time deadline) {
  for (Backoff backoff(kLongestNap);;) {
    next_ping_ = now() + job_->pool.liveness().ping_interval;  // the machines see to it here
    tools_.pulse.step();
    if (tools_.comm.broken()) go_on_without_lost(tools_);
    // Mail first: a worker that was heard meanwhile is not silent.
    if (auto event = next_event()) return std::move(*event);
    if (now() >= deadline) return schedule::Tick{};
    tools_.watchdog.doing("coordinating");
    if (turn()) {
      backoff.reset();
    } else {
      backoff.idle();
    }
  }
}

void CoordinatorPort::carry_out(const schedule::WriteVerdict& command) {
  for (const BlamedRecord& record : command.records) {
    if (!left_out_.emplace(command.split, record.offset).second) continue;
    log_warning(fmt::format("left out: {}", schedule::record_text(job_->plan, command.split, record)));
  }
  file_work(answers_, [&]() -> schedule::Event {
    directory_->write_verdict(command.split, command.records);
    return schedule::VerdictWritten{command.split};
  });
}

void CoordinatorPort::carry_out(const schedule::RecordOutcome& command) {
  if (directory_) directory_->record_outcome(command.failure.code, command.failure.what);
}

}  // namespace thresh::engine
