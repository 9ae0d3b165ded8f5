// A job on one screen. Rank 0 walks the job graph:
//
//   input splits -> map, combine -> sealed runs -> shuffle -> merge, reduce -> parts -> checked, published
//
// and the other ranks do what it asks for.
#include "engine/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>
#include <deque>
#include <fstream>
#include <system_error>
#include <thread>
#include <vector>

#include "comm/mailbox.hpp"
#include "comm/mpi.hpp"
#include "core/text.hpp"
#include "engine/coordinator_port.hpp"
#include "engine/deadline.hpp"
#include "engine/logging.hpp"
#include "engine/memory_budget.hpp"
#include "engine/metrics_json.hpp"
#include "engine/process_usage.hpp"
#include "engine/signals.hpp"
#include "engine/time_slice.hpp"
#include "engine/worker.hpp"
#include "schedule/job_graph.hpp"
#include "storage/job_paths.hpp"
#include "storage/manifest.hpp"
#include "storage/top_lines.hpp"
#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

using namespace std::chrono_literals;

// For MPI_Init, which takes longer the more ranks there are, and reads its files from a shared file system.
constexpr auto kLongestStart = 60s;
constexpr auto kLongestFarewell = 10s;
// Ranks that end at the same time with another code than 0 make the mpirun of Open MPI 5 hang: 3 of 800 jobs,
// and one after the other 0 of 800.
constexpr auto kBetweenEnds = 20ms;
constexpr auto kLongestStop = 1s;  // of one process, where the others can go on without it

// Each rank that was lost so far has called one.
std::size_t spares_left(const RunOptions& options, const comm::Communicator& comm, std::size_t workers) {
  if (options.spares == 0) return 0;
  if (!comm.survives_losses()) {
    log_warning("--spares: this MPI cannot go on without a lost rank, so none are kept");
    return 0;
  }
  const std::size_t lost = static_cast<std::size_t>(comm.size()) - comm.members().size();
  if (lost == 0 && options.spares >= workers) {
    throw Error(ExitCode::Usage, fmt::format("option --spares {}: of {} worker{} none would be left to work",
                                             options.spares, workers, workers == 1 ? "" : "s"));
  }
  return options.spares - std::min<std::size_t>(options.spares, lost);
}

// `also_works`: the coordinator is a worker as well.
schedule::Job new_job(const RunOptions& options, const JobType& type, const RankTools& tools,
                      bool also_works) {
  const comm::Communicator& comm = tools.comm;
  schedule::Job job;
  const int ranks = comm.size();
  job.options.split_bytes = options.split_bytes;
  job.options.partitions = options.partitions;
  // The buffers of all peers together take at most an eighth of the budget, and MPI's offsets are ints.
  const MemoryPlan memory(options.memory_bytes);
  const std::uint64_t round_bytes = std::min<std::uint64_t>(memory.round_bytes, INT_MAX);
  // With less, a job of kilobytes takes minutes.
  const std::uint64_t of_a_pair =
      std::max<std::uint64_t>(4096, round_bytes / static_cast<std::uint64_t>(ranks));
  job.options.round_bytes = std::min(options.round_bytes, of_a_pair);
  job.options.wave_bytes = memory.wave_bytes;
  job.options.combines = type.combines();
  job.options.conserves_weight = type.weight != nullptr;
  job.options.uses_locations = type.uses_locations;
  job.options.top = options.top;
  job.options.max_bad_records = options.max_bad_records;
  job.options.max_attempts = options.max_attempts;
  job.options.checkpoints = options.checkpoints;
  // A worker that hangs does not make the end late. The others tell of themselves each second.
  if (options.max_time) {
    job.options.save_silence =
        std::clamp<schedule::Time>(time_for_saving(*options.max_time), 3s, job.options.save_silence);
  }
  job.options.ranks = static_cast<std::uint32_t>(ranks);
  std::vector<WorkerId> workers;
  for (const int rank : comm.members()) {
    if (also_works || rank != comm.coordinator()) workers.push_back(static_cast<WorkerId>(rank));
  }
  const auto ping = std::min<schedule::Time>(1s, options.peer_timeout / 5);
  job.faults = schedule::FaultHandler({.recovers_in_job = comm.survives_losses()});
  const std::size_t spares = spares_left(options, comm, workers.size());
  job.pool = schedule::WorkerPool(workers, {options.peer_timeout, ping}, schedule::Time{0}, spares,
                                  options.oversubscribe ? std::vector<Seat>{} : tools.seats);
  if (const std::size_t at_work = job.pool.working().size();
      at_work + spares < workers.size() && !options.quiet) {
    log_info(fmt::format("{} of {} workers work, one a CPU; --oversubscribe lets all of them", at_work,
                         workers.size()));
  }
  return job;
}

void write_copy(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return;
  log_error(fmt::format("option --metrics: cannot write {}: {}; the metrics are in the output directory only",
                        printable(path), std::generic_category().message(errno)));
}

// The one line at the end of a run.
std::string closing_line(const schedule::Job& job, const RunOptions& options,
                         std::chrono::nanoseconds elapsed) {
  std::uint64_t records = 0;
  for (const auto& signature : job.signatures) records += signature->records;
  std::uint64_t bytes = 0;
  for (const InputFile& input : job.plan.inputs) bytes += input.size;
  const std::size_t workers = job.pool.live().size() - job.pool.spares();
  const std::uint64_t lost = job.metrics.tasks().workers_lost;
  return fmt::format("{}: {} records ({}) to {} part{} in {}, {:.2f} s on {} worker{}{}", options.job,
                     records, human_bytes(bytes), job.plan.partitions, job.plan.partitions == 1 ? "" : "s",
                     printable(options.output), std::chrono::duration<double>(elapsed).count(), workers,
                     workers == 1 ? "" : "s", lost == 0 ? "" : fmt::format(", {} lost", lost));
}

void report(const schedule::Job& job, const schedule::JobEnd& end, const RunOptions& options,
            const JobType& type, std::chrono::nanoseconds elapsed) {
  if (end.action == schedule::Action::AlreadyComplete) {
    if (!options.quiet) {
      say(fmt::format("{}: already complete in {}", options.job, printable(options.output)));
    }
    if (options.top > 0) say("--top: run with --overwrite to see the largest results again");
    return;
  }
  if (!options.metrics.empty()) write_copy(options.metrics, metrics_json(job, type.name, elapsed));
  if (!options.quiet) say(closing_line(job, options, elapsed));
  if (options.top == 0) return;
  std::vector<PartSummary> parts;
  for (const auto& part : job.parts) parts.push_back(part.value());
  storage::print_top(options.output, parts, options.top, STDOUT_FILENO);
}

// Rank 0 lost all its workers.
bool is_left_alone(const schedule::JobEnd& end, const comm::Communicator& comm, const Worker* local) {
  return local == nullptr && end.failure && end.failure->code == static_cast<int>(ExitCode::WorkersLost) &&
         comm.survives_losses() && comm.members().size() == 1;
}

// Rank 0, or who takes its place. Goes on with `before`, if that has an id. Returns the job if it is left to
// this rank alone, which is no worker yet. Throws Error when the job failed.
std::optional<storage::LostJob> coordinate(const RunOptions& options, const JobType& type,
                                           const RankTools& tools, Worker* local,
                                           const storage::LostJob& before) {
  catch_stop_signals();
  schedule::Job job = new_job(options, type, tools, local != nullptr);
  for (const schedule::WorkerLost& lost : std::exchange(tools.lost, {})) {
    job.metrics.loss_noticed(lost.worker, {}, {}, lost.repair);
  }
  if (tools.comm.rank() != 0) log_warning("directs the job from now on, as all ranks before it are gone");
  CoordinatorPort port(options, type, tools, job, local, before);
  const schedule::JobEnd end = schedule::run_job(job, port);
  if (is_left_alone(end, tools.comm, local)) return storage::LostJob{job.job_id, job.generation};
  if (end.failure) {
    throw Error(static_cast<ExitCode>(end.failure->code), end.failure->what);
  }
  report(job, end, options, type, port.now());
  return std::nullopt;
}

// All of the job that can be done: rank 0 without a worker becomes one.
void direct(const RunOptions& options, const JobType& type, const RankTools& tools,
            std::optional<Worker>& worker) {
  storage::LostJob before;
  if (worker) before = {worker->job_id(), worker->generation()};
  const auto left_to_us = coordinate(options, type, tools, worker ? &*worker : nullptr, before);
  if (!left_to_us) return;
  log_warning("no worker is left: this rank does the rest by itself");
  for (int rank = 1; rank < tools.comm.size(); ++rank) {
    tools.lost.push_back({static_cast<WorkerId>(rank), "its process ended", true, {}});
  }
  worker.emplace(static_cast<WorkerId>(tools.comm.rank()), options, type, tools);
  coordinate(options, type, tools, &*worker, *left_to_us);
}

// Until the job is over, or all ranks that directed it are lost.
void work(Worker& worker, Pulse& pulse, int ranks) {
  leave_stopping_to_rank_0();
  ask_for_long_turns();
  const std::chrono::microseconds most = longest_nap(ranks);
  for (Backoff backoff(most, 8 * most); !worker.left() && !worker.directs();) {
    pulse.step();
    if (worker.step()) {
      backoff.reset();
    } else {
      backoff.idle();
    }
  }
}

// The job failed and rank 0 is about to end all ranks. A rank that went into MPI_Finalize meanwhile makes the
// mpirun of Open MPI 4.1 crash or hang (5 of 24 runs of 16 ranks), so it waits for its end; not for ever.
[[noreturn]] void wait_for_the_end(int code) {
  std::this_thread::sleep_for(10s);
  _exit(code);
}

// The one message of a job that failed. A rank alone just ends; otherwise all are ended.
int end_failed_job(int ranks, int code, const std::string& what) {
  say(what);
  if (ranks == 1) return code;
  comm::Session::abort_all(code);
}

// Where the others can go on without a process, one that is stopped is ended.
std::optional<SiblingWatch> siblings_to_watch(const comm::Communicator& comm,
                                              const std::vector<comm::Process>& processes) {
  if (!comm.survives_losses()) return std::nullopt;
  return SiblingWatch(processes, own_process(), kLongestStop);
}

// What a rank is there for. Returns its exit code.
int do_part(const RunOptions& options, const JobType& type, const RankTools& tools) {
  const comm::Communicator& comm = tools.comm;
  tools.drill.reach("start");
  std::optional<Worker> worker;
  if (comm.rank() != 0 || comm.size() == 1) {
    worker.emplace(static_cast<WorkerId>(comm.rank()), options, type, tools);
  }
  if (comm.rank() != 0) work(*worker, tools.pulse, comm.size());
  const bool left = worker && worker->left();
  if (!left) direct(options, type, tools, worker);
  tools.drill.reach("leave");
  return left ? worker->code() : static_cast<int>(ExitCode::Done);
}

// How a rank ended, for the others: where they go on without one that ends, they must be told.
void tell_end(const RankTools& tools, const Failure& end) {
  const comm::Communicator& comm = tools.comm;
  if (comm.coordinator() == comm.rank()) {
    for (const int rank : comm.members()) {
      if (rank == comm.rank()) continue;
      tools.mailbox.send(comm::Channel::ToWorker, rank, encode_message(Dismiss{end.code}));
    }
  } else if (!end.what.empty()) {
    tools.mailbox.send(comm::Channel::ToCoordinator, comm.coordinator(),
                       encode_message(WorkerFailed{0, end}));
    // Nobody need wait for what it might save.
    tools.mailbox.send(comm::Channel::ToCoordinator, comm.coordinator(), encode_message(RunsSaved{0}));
  }
}

// Does it, and says how that ended; without words if it was told to end.
Failure try_part(const RunOptions& options, const JobType& type, const RankTools& tools) {
  Failure end{static_cast<int>(ExitCode::Internal), ""};
  try {
    end.code = do_part(options, type, tools);
    return end;
  } catch (const Error& error) {
    end = {static_cast<int>(error.code()), error.what()};
  } catch (const std::exception& error) {
    end.what = fmt::format("internal error: {}", error.what());
  }
  if (tools.comm.coordinator() == tools.comm.rank()) say(fmt::format("{}: {}", options.job, end.what));
  tell_end(tools, end);
  return end;
}

// All ranks end together, so that none of them is taken for lost.
void part(const RankTools& tools, const Failure& end) {
  tools.watchdog.be_patient(true);
  const Deadline bound(kLongestFarewell, end.code, "the other ranks did not end; ending this one");
  // What was told may be lost, as is who told or heard it.
  while (!tools.comm.finish_all()) tell_end(tools, end);
}

// Of this host: the workers that its CPUs are enough for, and rank 0 if it is here.
std::size_t ranks_at_work(const comm::Communicator& comm, const comm::Neighbours& neighbours,
                          const RunOptions& options) {
  const std::size_t ranks = neighbours.processes.size();
  if (options.oversubscribe || neighbours.seats.empty()) return ranks;
  const Seat& seat = neighbours.seats[static_cast<std::size_t>(comm.rank())];
  const std::size_t directs = seat.host == neighbours.seats.front().host ? 1 : 0;
  return std::min<std::size_t>(ranks, seat.cpus + directs);
}

// Everything between MPI_Init and MPI_Finalize. Returns the exit code of this rank.
int run_rank(const RunOptions& options, const JobType& type, comm::Communicator& comm,
             const comm::Neighbours& neighbours) {
  const auto self = static_cast<WorkerId>(comm.rank());
  FaultDrill drill(options.fault, self, storage::JobPaths(options.output).drills());
  Pulse pulse;
  Watchdog watchdog(pulse, options.task_timeout, fmt::format("worker {} on {}", self, host_name()),
                    siblings_to_watch(comm, neighbours.processes));
  comm::Mailbox mailbox(comm);
  std::deque<schedule::WorkerLost> lost;
  bool job_stops = false;
  const RankTools tools{comm,
                        mailbox,
                        pulse,
                        watchdog,
                        drill,
                        lost,
                        neighbours.seats,
                        neighbours.memory,
                        std::chrono::steady_clock::now(),
                        job_stops};
  if (!comm.survives_losses()) return do_part(options, type, tools);
  const Failure end = try_part(options, type, tools);
  part(tools, end);
  return end.code;
}

}  // namespace

int run(const RunOptions& options, const JobType& type) {
  give_freed_memory_back();
  // Starting and ending are collective: a rank that never gets there must not hold the others for ever.
  std::optional<Deadline> bound;
  bound.emplace(std::max<std::chrono::milliseconds>(kLongestStart, options.peer_timeout),
                static_cast<int>(ExitCode::StoppedEarly), "MPI did not start: are all hosts up?");
  const comm::Session session;
  int ranks = 0;
  try {
    bound.reset();
    bound.emplace(options.peer_timeout, static_cast<int>(ExitCode::StoppedEarly),
                  "the other ranks did not start");
    comm::Communicator comm = comm::Communicator::duplicate_world_all();
    ranks = comm.size();
    set_up_log(static_cast<WorkerId>(comm.rank()), options.log_level);
    RunOptions settled = options;
    const comm::Neighbours neighbours = comm.neighbours_all(own_process(), own_cpus(), options.host_reads);
    if (settled.memory_bytes == 0)
      settled.memory_bytes = default_memory_budget(ranks_at_work(comm, neighbours, options));
    bound.reset();
    const int code = run_rank(settled, type, comm, neighbours);
    if (comm.survives_losses() && code != static_cast<int>(ExitCode::Done)) {
      std::this_thread::sleep_for(std::min(comm.rank(), 100) * kBetweenEnds);
      comm::Session::leave(code);
    }
    // Not in there, where the watchdog would take it for a hang.
    if (code != static_cast<int>(ExitCode::Done)) wait_for_the_end(code);
    if (comm.survives_losses()) {
      // Without async_mpi_finalize MPI hangs here in one run of twenty, once a rank was lost.
      bound.emplace(kLongestFarewell, code, "the job is done, but MPI did not end; ending this rank");
      return code;
    }
    // 75 and not 0: mpirun ends the others at once then, while it once hung when two ranks left with 0. The
    // same command says that the job is complete. One after the other, for the same reason.
    bound.emplace(options.peer_timeout + 2s * std::min(comm.rank(), 30),
                  static_cast<int>(ExitCode::StoppedEarly),
                  "the job is done, but the other ranks did not end; ending this one");
    return code;
  } catch (const Error& error) {
    return end_failed_job(ranks, static_cast<int>(error.code()),
                          fmt::format("{}: {}", options.job, error.what()));
  } catch (const std::exception& error) {
    return end_failed_job(ranks, static_cast<int>(ExitCode::Internal),
                          fmt::format("{}: internal error: {}", options.job, error.what()));
  }
}

}  // namespace thresh::engine
