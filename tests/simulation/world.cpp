#include "simulation/world.hpp"

#include <algorithm>
#include <iterator>
#include <ostream>

#include "simulation/text.hpp"

namespace thresh::simulation {

using namespace schedule;
using std::chrono::milliseconds;
using std::chrono::seconds;

World::World(const Scenario& scenario, const Job& job, ModelDirectory& directory, std::ostream* transcript)
    : scenario_(scenario),
      job_(job),
      directory_(directory),
      transcript_(transcript),
      rng_(scenario.seed ^ 0x5EED ^ (std::uint64_t{directory.attempt} << 32)) {
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    if (!scenario.faults[i].on && !directory.fired.contains(i)) push(scenario.faults[i].at, Strike{i});
  }
}

void World::hold_runs() {
  for (const WorkerId id : scenario_.workers) {
    std::vector<RunSummary> held;
    const auto found = scenario_.held.find(id);
    if (found != scenario_.held.end() && directory_.attempt == 0) {
      for (const auto& splits : found->second) {
        const RunId run{scenario_.first_generation - 1, id, static_cast<std::uint32_t>(held.size())};
        std::vector<SplitSignature> signatures;
        for (const SplitId split : splits) signatures.push_back(signature_of(split, partitions()));
        held.push_back(summary_of(run, signatures, Content(splits.begin(), splits.end()), partitions()));
      }
    }
    workers_.try_emplace(id, id, *this, held);
    push(now_ + Time(static_cast<std::int64_t>(
                    rng_.below(static_cast<std::uint64_t>(scenario_.heartbeat.count())))),
         Beat{id});
  }
}

// ---- the queue

void World::push(Time at, Item item) {
  push(Due{at, orders_++, 0}, std::move(item));
}

void World::push(Due due, Item item) {
  if (free_slots_.empty()) {
    due.slot = slots_.size();
    slots_.push_back(std::move(item));
  } else {
    due.slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[due.slot] = std::move(item);
  }
  queue_.push(due);
}

std::pair<World::Due, World::Item> World::pop() {
  const Due due = queue_.top();
  queue_.pop();
  free_slots_.push_back(due.slot);
  now_ = std::max(now_, due.at);
  return {due, std::exchange(slots_[due.slot], Item{Strike{}})};
}

void World::count_event() {
  if (++events_ > scenario_.most_events) throw Violation("the run does not end: too many events");
  if (now_ > scenario_.most_time) throw Violation("the run does not end: too much time passed");
}

void World::send(Item item) {
  const Network& network = scenario_.network;
  const auto below = [&](Time most) {
    return Time(static_cast<std::int64_t>(rng_.below(1 + static_cast<std::uint64_t>(most.count()))));
  };
  if (rng_.chance(network.twice_per_mille)) {
    push(now_ + below(network.most_latency) + below(network.most_late), item);
  }
  Time delay = below(network.most_latency);
  if (rng_.chance(network.late_per_mille)) delay += below(network.most_late);
  push(now_ + delay, std::move(item));
}

void World::answer(WorkerId from, const Message& message) {
  send(ToCoordinator{Received{from, message}});
}

void World::end_task(WorkerId worker, std::uint64_t serial, Time after) {
  push(now_ + after, TaskEnd{worker, serial});
}

void World::end_write(WorkerId worker, Time after) {
  push(now_ + after, WriteEnd{worker});
}

void World::end_commit(WorkerId worker, Time at) {
  push(at, CommitEnd{worker});
}

void World::reply(std::uint64_t most_ms, Event event) {
  push(now_ + milliseconds(static_cast<std::int64_t>(rng_.below(most_ms))), ToCoordinator{std::move(event)});
}

Event World::wait(Time deadline) {
  deadline = std::max(deadline, paused_until_);
  while (!queue_.empty() && queue_.top().at <= deadline) {
    count_event();
    auto [due, item] = pop();
    auto* event = std::get_if<ToCoordinator>(&item);
    if (event == nullptr) {
      deliver(due, std::move(item));
      deadline = std::max(deadline, paused_until_);
    } else if (now_ < paused_until_) {
      push(Due{paused_until_, due.order, 0}, std::move(item));
    } else {
      if (is_transcribed()) note("coordinator <- " + text_of(event->event));
      return std::move(event->event);
    }
  }
  count_event();
  now_ = std::max(now_, deadline);
  return Tick{};
}

bool World::reaches(WorkerId id, const Due& due, Item& item) {
  const ModelWorker& worker = workers_.at(id);
  if (!worker.alive() || worker.left()) return false;
  if (worker.hung_until() <= now_) return true;
  push(Due{worker.hung_until(), due.order, 0}, std::move(item));
  return false;
}

void World::deliver(const Due& due, Item item) {
  if (auto* message = std::get_if<ToWorker>(&item)) {
    const WorkerId to = message->to;
    if (reaches(to, due, item)) workers_.at(to).receive(std::get<ToWorker>(item).message);
  } else if (auto* end = std::get_if<TaskEnd>(&item)) {
    const TaskEnd task = *end;
    if (reaches(task.worker, due, item)) workers_.at(task.worker).task_ends(task.serial);
  } else if (auto* write = std::get_if<WriteEnd>(&item)) {
    const WorkerId id = write->worker;
    if (reaches(id, due, item)) workers_.at(id).write_ends();
  } else if (auto* commit = std::get_if<CommitEnd>(&item)) {
    const WorkerId id = commit->worker;
    if (reaches(id, due, item)) workers_.at(id).commit_ends();
  } else if (auto* beat = std::get_if<Beat>(&item)) {
    const WorkerId id = beat->worker;
    if (over_ || !reaches(id, due, item)) return;
    workers_.at(id).beat();
    push(now_ + scenario_.heartbeat, Beat{id});
  } else if (auto* anew = std::get_if<Anew>(&item)) {
    begin_transport_anew(*anew);
  } else if (auto* fault = std::get_if<Strike>(&item)) {
    const Fault& what = scenario_.faults[fault->fault];
    if (!over_ && directory_.fired.insert(fault->fault).second) strike(what, what.worker);
  }
}

void World::lose(WorkerId worker, std::string why) {
  if (!scenario_.transport_anew) return reply(500, WorkerLost{worker, std::move(why)});
  push(now_ + milliseconds(static_cast<std::int64_t>(rng_.below(500))), Anew{worker, std::move(why)});
}

// At the end the engine tells again what was lost.
void World::begin_transport_anew(const Anew& anew) {
  if (over_) return;
  for (Item& item : slots_) {
    const auto* event = std::get_if<ToCoordinator>(&item);
    const bool message = event != nullptr && std::holds_alternative<Received>(event->event);
    if (message || std::holds_alternative<ToWorker>(item)) item = Gone{};
  }
  for (auto& [id, worker] : workers_) worker.lose_exchange();
  push(now_, ToCoordinator{WorkerLost{anew.lost, anew.why, true}});
}

void World::settle() {
  over_ = true;
  while (!queue_.empty()) {
    count_event();
    auto [due, item] = pop();
    if (!std::holds_alternative<ToCoordinator>(item)) deliver(due, std::move(item));
  }
}

void World::note(const std::string& line) {
  if (transcript_ != nullptr) *transcript_ << text_of(now_) << " " << line << "\n";
}

void World::require(bool holds, const char* rule) const {
  if (!holds) throw Violation(rule);
}

// ---- the coordinator's commands

void World::perform(const Command& command) {
  if (is_transcribed()) note("coordinator -> " + text_of(command));
  if (const auto* message = std::get_if<Send>(&command)) {
    if (const auto* wave = std::get_if<ShuffleWave>(&message->message)) {
      meetings_[{wave->generation, wave->wave}].expected.insert(message->to);
    }
    if (!workers_.empty()) send(ToWorker{message->to, message->message});
  } else if (std::holds_alternative<ListInputs>(command)) {
    reply(20, InputsListed{scenario_.inputs});
  } else if (std::holds_alternative<OpenJob>(command)) {
    directory_.generation = std::max(directory_.generation + 1, scenario_.first_generation);
    generation_ = directory_.generation;
    hold_runs();
    reply(50, JobOpened{generation_, "job", scenario_.already_complete, "runs", list_files()});
  } else if (const auto* wanted = std::get_if<ClaimGeneration>(&command)) {
    claim(wanted->generation);
  } else if (const auto* wave = std::get_if<JoinWave>(&command)) {
    meetings_[{generation_, wave->wave}].rank0_joined = true;
    meet({generation_, wave->wave});
  } else if (const auto* verdict = std::get_if<WriteVerdict>(&command)) {
    for (const BlamedRecord& record : verdict->records) {
      directory_.attempts.push_back({AttemptKind::Quarantine, verdict->split, record});
    }
    reply(50, VerdictWritten{verdict->split});
  } else if (std::holds_alternative<ReportFound>(command)) {
    check_found();
  } else if (std::holds_alternative<Publish>(command)) {
    publish();
  }
}

void World::claim(Generation generation) {
  if (std::exchange(loses_claim_, false)) {
    return reply(50, FileWorkFailed{{75, "model: claimed by another"}});
  }
  require(generation == generation_ + 1, "a generation was claimed that is not the next");
  generation_ = directory_.generation = generation;
  reply(50, GenerationClaimed{generation, list_files()});
}

void World::publish() {
  if (fails_publish_) return reply(50, FileWorkFailed{{74, "model: cannot publish"}});
  ++times_published_;
  published_.clear();
  for (const auto& part : job_.parts) {
    require(part.has_value(), "a job was published that lacks a part");
    const ModelPart* found = find_part(part->file);
    require(found != nullptr, "a part was published that does not exist");
    published_.push_back(found->content);
  }
  reply(200, Published{});
}

// ---- the exchange

void World::join(WorkerId worker, const ShuffleWave& plan) {
  const MeetingKey key{plan.generation, plan.wave};
  meetings_[key].joined.insert(worker);
  meet(key);
}

void World::abort_meeting(WorkerId worker, const ShuffleWave& plan) {
  Meeting& meeting = meetings_[{plan.generation, plan.wave}];
  meeting.aborted = true;
  // Some of it may have come already.
  for (const WorkerId source : meeting.joined) {
    for (const auto& [partition, owner] : plan.owners) {
      if (owner != worker || rng_.chance(700)) continue;
      for (const auto& [id, run] : workers_.at(source).runs())
        workers_.at(worker).take_in(partition, run.content);
    }
  }
}

// Once all are there, what each holds goes where it belongs.
void World::meet(const MeetingKey& key) {
  const Meeting& meeting = meetings_[key];
  const bool rank0_there = meeting.rank0_joined || scenario_.workers.front() == 0;
  if (meeting.aborted || !rank0_there || meeting.joined != meeting.expected) return;
  for (const WorkerId id : meeting.joined) {
    if (!workers_.at(id).alive() || workers_.at(id).exchange() == nullptr) return;
  }
  move_slices(meeting);
  if (drops_row_) {
    for (const WorkerId id : meeting.joined) {
      if (!drops_row_ || !workers_.at(id).drop_incoming_row()) continue;
      drops_row_ = false;
      struck_.insert(FaultKind::DropRow);
    }
  }
  for (const WorkerId id : meeting.joined) workers_.at(id).exchange_complete();
}

void World::move_slices(const Meeting& meeting) {
  for (const WorkerId source : meeting.joined) {
    const ShuffleWave& plan = *workers_.at(source).exchange();
    std::vector<std::uint64_t> sent(scenario_.options.ranks, 0);
    for (const auto& [partition, owner] : plan.owners) {
      for (const auto& [id, run] : workers_.at(source).runs()) {
        require(!run.released.contains(partition), "a slice was shuffled that had been released");
        sent.at(owner) += slice_of(run.content, partition).wire_bytes();
        workers_.at(owner).take_in(partition, run.content);
      }
    }
    require(sent == plan.send_bytes, "a worker sends other counts than planned");
    std::uint64_t most = 0;
    for (const WorkerId owner : meeting.joined) {
      const ShuffleWave& theirs = *workers_.at(owner).exchange();
      const std::uint64_t awaited = theirs.receive_bytes.empty() ? 0 : theirs.receive_bytes.at(source);
      require(awaited == sent[owner], "a worker receives other counts than planned");
      if (owner != source) most = std::max(most, sent[owner]);  // its own stay where they are
    }
    require(most <= plan.rounds * plan.round_bytes, "the rounds of a wave do not suffice");
  }
}

// ---- the directory

void World::write_part(ModelPart part) {
  const std::string file = part.part.file;
  require(directory_.parts.emplace(file, std::move(part)).second, "the name of a part was used twice");
}

const ModelPart* World::find_part(const std::string& file) const {
  const auto found = directory_.parts.find(file);
  return found == directory_.parts.end() ? nullptr : &found->second;
}

void World::poisoned(WorkerId id, SplitId split) {
  directory_.attempts.push_back({AttemptKind::Crash, split, {7, "model: poison"}});
  const auto deaths =
      std::count_if(directory_.attempts.begin(), directory_.attempts.end(),
                    [&](const auto& note) { return note.kind == AttemptKind::Crash && note.split == split; });
  if (!job_.pool.is_live(id)) ++directory_.late_deaths[split];
  require(deaths <= 2 + directory_.late_deaths[split],
          "a record killed more workers than it takes to know it");
  workers_.at(id).kill();
  may_be_lost_.insert(id);
  lose(id, "model: it died of a record");
}

void World::write_run_file(ModelRunFile file) {
  const RunId& id = file.runs.front().first.id;
  const std::string name = std::to_string(id.generation) + "." + std::to_string(id.worker) + "." +
                           std::to_string(id.sequence) + ".h5";
  require(directory_.runs.emplace(name, std::move(file)).second, "the name of a run file was used twice");
}

const ModelRunFile* World::find_run_file(const std::string& file) const {
  const auto found = directory_.runs.find(file);
  return found == directory_.runs.end() ? nullptr : &found->second;
}

// A listing may miss what is new.
JobFiles World::list_files() {
  listed_ = {};
  for (const auto& [name, file] : directory_.runs) {
    if (file.listed_from > directory_.attempt || rng_.chance(20)) continue;
    listed_.runs.push_back({name, 1000 * file.runs.size()});
  }
  listed_.attempts = directory_.attempts;
  for (const auto& [name, part] : directory_.parts) {
    if (!rng_.chance(20)) listed_.parts.push_back(name);
  }
  return listed_;
}

// Nothing that could be used is left out: of each good run some split is covered by now.
void World::check_found() const {
  std::set<SplitId> covered;
  for (const CoveredRun& item : job_.cover) {
    for (const SplitSignature& signature : item.run.splits) covered.insert(signature.split);
  }
  for (const RunFileEntry& entry : listed_.runs) {
    const ModelRunFile& file = directory_.runs.at(entry.file);
    if (file.damaged) continue;
    for (const auto& [run, content] : file.runs) {
      require(std::any_of(content.begin(), content.end(),
                          [&](Record record) { return covered.contains(split_of(record)); }),
              "a good run file was not used");
    }
  }
}

void World::end_all() {
  for (const auto& [id, worker] : workers_) {
    for (const ModelPart& part : worker.being_committed()) {
      if (rng_.chance(300)) write_part(part);
    }
    if (!worker.being_written() || !rng_.chance(300)) continue;
    ModelRunFile file = *worker.being_written();
    file.listed_from = directory_.attempt + static_cast<std::uint32_t>(rng_.between(1, 2));
    write_run_file(std::move(file));
  }
}

Record World::next_version(SplitId split) {
  return split == scenario_.unstable ? directory_.versions[split]++ % 4 : 0;
}

// ---- faults

void World::begins(WorkerId worker, TaskKind kind) {
  const std::uint64_t count = ++begun_.at(static_cast<std::size_t>(kind));
  for (std::size_t i = 0; i < scenario_.faults.size(); ++i) {
    const Fault& fault = scenario_.faults[i];
    if (fault.on != kind || fault.nth != count || over_ || !directory_.fired.insert(i).second) continue;
    strike(fault, worker);
  }
}

void World::damage_files(FaultKind kind) {
  if (kind == FaultKind::DamageRunFile && !directory_.runs.empty()) {
    auto at = directory_.runs.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(rng_.below(directory_.runs.size())));
    at->second.damaged = true;
  }
}

void World::strike(const Fault& fault, WorkerId worker) {
  if (over_) return;
  if (is_transcribed()) note("! " + fault_text(fault) + " strikes worker " + std::to_string(worker));
  if (fault.kind != FaultKind::DropRow) struck_.insert(fault.kind);
  switch (fault.kind) {
    case FaultKind::DropRow:
      drops_row_ = true;
      return;
    case FaultKind::Stop:
      return push(now_, ToCoordinator{StopAsked{{75, "model: stop asked"}}});
    case FaultKind::PauseCoordinator:
      paused_until_ = std::max(paused_until_, now_ + fault.length);
      return;
    case FaultKind::LoseClaim:
      loses_claim_ = true;
      return;
    case FaultKind::FailPublish:
      fails_publish_ = true;
      return;
    case FaultKind::Crash:
      throw Crashed("model: rank 0 is gone");
    case FaultKind::DamageRunFile:
      return damage_files(fault.kind);
    default:
      strike_worker(fault, worker);
  }
}

void World::strike_worker(const Fault& fault, WorkerId id) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;  // the job is not open yet
  ModelWorker& worker = found->second;
  switch (fault.kind) {
    case FaultKind::Kill:
      worker.kill();
      may_be_lost_.insert(id);
      if (!fault.silent) lose(id, "model: the connection closed");
      return;
    case FaultKind::Hang:
      // Short hangs in a row, and late heartbeats, may add up.
      if (fault.length > seconds(6) || !hung_.insert(id).second) may_be_lost_.insert(id);
      worker.hang(now_ + fault.length);
      return;
    case FaultKind::Suspect:
      may_be_lost_.insert(id);
      return reply(100, WorkerLost{id, "model: suspected"});
    case FaultKind::Slow:
      return worker.slow_down(fault.factor);
    case FaultKind::RefuseSplit:
      return worker.refuse_split();
    case FaultKind::FailTask:
      return fault.on == TaskKind::Commit ? worker.fail_commit() : worker.fail_task();
    case FaultKind::FailWrite:
      return worker.fail_write();
    case FaultKind::DamagePart:
      return worker.damage_part();
    default:
      return;
  }
}

}  // namespace thresh::simulation
