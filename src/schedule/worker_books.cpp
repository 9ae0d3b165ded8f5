#include "schedule/worker_books.hpp"

#include <algorithm>
#include <utility>

namespace thresh::schedule {

WorkerBooks::WorkerBooks(WorkerId self, std::vector<RunSummary> held, std::optional<Time> checkpoint_every)
    : self_(self), checkpoint_every_(checkpoint_every) {
  for (RunSummary& run : held) held_.emplace(run.id, std::move(run));
}

WorkerCommands WorkerBooks::handle(const WorkerEvent& event, Time now) {
  WorkerCommands out;
  now_ = now;
  if (left_) return out;
  if (const auto* from = std::get_if<FromCoordinator>(&event)) {
    on_message(from->message, out);
  } else if (const auto* written = std::get_if<RunsWritten>(&event)) {
    on_written(*written);
  } else if (const auto* part = std::get_if<PartWritten>(&event)) {
    on_committed(part->part, out);
  } else if (const auto* uncommitted = std::get_if<CommitFailed>(&event)) {
    committing_.pop_front();
    fail(uncommitted->failure, out);
  } else if (const auto* leave = std::get_if<LeaveAsked>(&event)) {
    saving_ = true;
    if (!leaving_) leaving_ = leave->reason;
  } else {
    on_task_end(event, out);
  }
  if (left_) return out;
  if (!failed_) {
    advance(out);
  } else if (saving_ && !busy_) {
    save(out);
  }
  return out;
}

void WorkerBooks::on_message(const Message& message, WorkerCommands& out) {
  if (const auto* muster = std::get_if<Muster>(&message)) {
    on_muster(*muster, out);
  } else if (const auto* keep = std::get_if<KeepRuns>(&message)) {
    on_keep(*keep, out);
  } else if (const auto* task = std::get_if<AssignSplit>(&message)) {
    on_assign(*task);
  } else if (const auto* seal = std::get_if<SealRuns>(&message)) {
    if (seal->generation >= generation_) early_seal_ = std::max(early_seal_.value_or(0), seal->generation);
  } else if (const auto* wave = std::get_if<ShuffleWave>(&message)) {
    on_wave(*wave);
  } else if (const auto* reduce = std::get_if<ReduceWave>(&message)) {
    on_reduce(*reduce);
  } else if (const auto* check = std::get_if<CheckPart>(&message)) {
    on_check(*check);
  } else if (const auto* save = std::get_if<SaveRuns>(&message)) {
    // Also before the Muster: a job may fail while it gathers what there is.
    // Asked again, it answers again: the first answer may be lost.
    if (save->generation >= generation_) {
      saving_ = true;
      save_answered_ = false;
    }
  } else if (const auto* dismiss = std::get_if<Dismiss>(&message)) {
    left_ = true;
    out.emplace_back(Leave{dismiss->code});
  }
}

void WorkerBooks::on_muster(const Muster& muster, WorkerCommands& out) {
  if (muster.generation <= generation_) return;
  generation_ = muster.generation;
  queue_.clear();
  asked_.clear();
  checked_.clear();
  seal_asked_ = false;
  awaiting_keep_ = false;
  next_wave_ = 0;
  next_reduce_ = 0;
  early_splits_.erase(early_splits_.begin(), early_splits_.lower_bound({generation_, 0, 0}));
  if (early_seal_ < generation_) early_seal_.reset();
  muster_ = muster;
  files_read_ = muster.run_files.empty() && muster.part_files.empty();
  found_parts_.clear();
  damage_.clear();
  if (exchanging_ && !mustering_) out.emplace_back(AbortExchange{});
  mustering_ = true;  // answered when the task under way has ended
  // Who asks has not heard it.
  if (failed_) out.emplace_back(Answer{WorkerFailed{generation_, *failed_}});
}

void WorkerBooks::on_keep(const KeepRuns& keep, WorkerCommands& out) {
  if (!is_current(keep.generation) || !awaiting_keep_) return;
  awaiting_keep_ = false;
  untold_parts_.clear();
  DropRuns dropped;
  for (const auto& [id, run] : held_) {
    if (std::find(keep.runs.begin(), keep.runs.end(), id) == keep.runs.end()) dropped.runs.push_back(id);
  }
  for (const RunId& id : dropped.runs) {
    held_.erase(id);
    unsaved_.erase(id);
  }
  if (!dropped.runs.empty()) out.emplace_back(std::move(dropped));
}

void WorkerBooks::on_assign(const AssignSplit& task) {
  if (task.generation < generation_) return;
  const bool asked = task.generation == generation_ && asked_.contains({task.split, task.attempt});
  if (!asked) early_splits_.try_emplace({task.generation, task.split, task.attempt}, task);
}

void WorkerBooks::on_wave(const ShuffleWave& wave) {
  if (!is_current(wave.generation) || wave.wave != next_wave_) return;
  ++next_wave_;
  digest_ = wave.cover_digest;
  queue_.push_back(wave);
}

void WorkerBooks::on_reduce(const ReduceWave& wave) {
  if (!is_current(wave.generation) || wave.wave < next_reduce_ || wave.wave + 1 != next_wave_) return;
  next_reduce_ = wave.wave + 1;
  for (const auto& [partition, sums] : wave.expected) {
    queue_.push_back(ReducePartition{partition, wave.wave, generation_, digest_, sums});
  }
}

void WorkerBooks::on_check(const CheckPart& check) {
  if (is_current(check.generation) && checked_.insert(check.partition).second) queue_.push_back(check);
}

void WorkerBooks::on_written(const RunsWritten& written) {
  writing_ = false;
  if (!written.good) return;
  for (const RunId& id : written.runs) unsaved_.erase(id);
}

// No part outlives the generation that asked for it: a Muster is answered when all are durable.
void WorkerBooks::on_committed(PartSummary part, WorkerCommands& out) {
  const std::uint32_t wave = committing_.front();
  committing_.pop_front();
  if (mustering_) {
    untold_parts_.push_back(std::move(part));
  } else {
    out.emplace_back(Answer{PartCommitted{generation_, wave, std::move(part)}});
  }
}

void WorkerBooks::fail(const Failure& failure, WorkerCommands& out) {
  if (failed_) return;
  failed_ = failure;
  out.emplace_back(Answer{WorkerFailed{generation_, *failed_}});
}

void WorkerBooks::on_task_end(const WorkerEvent& event, WorkerCommands& out) {
  busy_ = false;
  exchanging_ = false;
  // What was begun in an older generation is done, but nobody waits for its answer.
  const bool current = is_current(task_generation_);
  if (const auto* mapped = std::get_if<SplitMapped>(&event)) {
    open_.push_back(mapped->signature);
    table_full_ = mapped->table_full;
    if (current) out.emplace_back(Answer{SplitDone{generation_, mapped->attempt, mapped->signature}});
  } else if (const auto* refused = std::get_if<SplitRefused>(&event)) {
    SplitFailed answer{generation_, refused->split, refused->attempt, refused->failure, refused->bad, {}};
    for (const SplitSignature& lost : open_) answer.lost.push_back(lost.split);
    open_.clear();
    table_full_ = false;
    careful_ = true;
    out.emplace_back(DropTable{});
    if (current) out.emplace_back(Answer{std::move(answer)});
  } else if (const auto* sealed = std::get_if<TableSealed>(&event)) {
    held_.insert_or_assign(sealed->run.id, sealed->run);
    if (checkpoint_every_) unsaved_.insert(sealed->run.id);
    open_.clear();
    table_full_ = false;
  } else if (const auto* read = std::get_if<FilesRead>(&event)) {
    // What is in memory already is as good.
    for (const RunSummary& run : read->runs) held_.try_emplace(run.id, run);
    if (read->generation == generation_) {
      files_read_ = true;
      found_parts_ = read->parts;
      damage_ = read->damage;
    }
  } else if (const auto* exchanged = std::get_if<WaveExchanged>(&event)) {
    if (current) out.emplace_back(Answer{WaveReceived{generation_, exchanged->wave}});
  } else if (std::holds_alternative<PartReduced>(event)) {
    committing_.push_back(task_wave_);
  } else if (const auto* checked = std::get_if<PartRead>(&event)) {
    if (current)
      out.emplace_back(Answer{PartChecked{generation_, checked->partition, checked->good, checked->what}});
  } else if (const auto* failed = std::get_if<TaskFailed>(&event)) {
    fail(failed->failure, out);
  }
}

void WorkerBooks::advance(WorkerCommands& out) {
  while (!busy_) {
    if (mustering_) {
      if (!open_.empty()) return begin_seal(out);
      if (!files_read_) {
        busy_ = true;
        task_generation_ = generation_;
        out.emplace_back(ReadFiles{muster_.value()});
        return;
      }
      if (!committing_.empty()) return;
      answer_muster(out);
      continue;
    }
    if (saving_) return save(out);
    if (generation_ == 0 || awaiting_keep_) return;
    while (!early_splits_.empty() && std::get<0>(early_splits_.begin()->first) == generation_) {
      const AssignSplit& task = early_splits_.begin()->second;
      asked_.insert({task.split, task.attempt});
      queue_.push_back(task);
      early_splits_.erase(early_splits_.begin());
    }
    if (early_seal_ == generation_ && !seal_asked_) {
      seal_asked_ = true;
      queue_.push_back(SealRuns{generation_});
    }
    if (std::exchange(seal_to_write_, false)) write_runs(out);
    if (checkpoint_due()) {
      seal_to_write_ = true;
      if (!open_.empty()) return begin_seal(out);
      continue;
    }
    if (table_full_) return begin_seal(out);
    if (queue_.empty()) return;
    if (needs_empty_table(queue_.front()) && !open_.empty()) return begin_seal(out);
    const Work work = std::move(queue_.front());
    queue_.pop_front();
    begin(work, out);
  }
}

void WorkerBooks::answer_muster(WorkerCommands& out) {
  // Not before the task under way has ended: it may be reading them.
  out.emplace_back(DropSlices{});
  found_parts_.insert(found_parts_.end(), untold_parts_.begin(), untold_parts_.end());
  out.emplace_back(Answer{inventory(false)});
  mustering_ = false;
  awaiting_keep_ = true;
}

void WorkerBooks::begin(const Work& work, WorkerCommands& out) {
  if (std::holds_alternative<SealRuns>(work)) {
    out.emplace_back(Answer{inventory(true)});
    return;
  }
  busy_ = true;
  task_generation_ = generation_;
  if (const auto* task = std::get_if<AssignSplit>(&work)) {
    if (open_.empty()) open_id_ = RunId{generation_, self_, next_sequence_++};
    if (!unsaved_since_) unsaved_since_ = now_;
    out.emplace_back(MapSplit{*task});
  } else if (const auto* wave = std::get_if<ShuffleWave>(&work)) {
    exchanging_ = true;
    if (!wave->committed.empty()) {
      unsaved_.clear();  // a run that was released in part is not worth a file
      out.emplace_back(ReleasePartitions{wave->committed});
    }
    out.emplace_back(Exchange{*wave});
  } else if (const auto* reduce = std::get_if<ReducePartition>(&work)) {
    task_wave_ = reduce->wave;
    out.emplace_back(*reduce);
  } else if (const auto* check = std::get_if<CheckPart>(&work)) {
    out.emplace_back(ReadPart{*check});
  }
}

void WorkerBooks::begin_seal(WorkerCommands& out) {
  busy_ = true;
  task_generation_ = generation_;
  std::sort(open_.begin(), open_.end(),
            [](const SplitSignature& a, const SplitSignature& b) { return a.split < b.split; });
  const bool to_shuffle =
      !mustering_ && !saving_ && !queue_.empty() && std::holds_alternative<SealRuns>(queue_.front());
  out.emplace_back(SealTable{open_id_, open_, to_shuffle});
}

bool WorkerBooks::needs_empty_table(const Work& work) const noexcept {
  if (std::holds_alternative<SealRuns>(work)) return true;
  const auto* task = std::get_if<AssignSplit>(&work);
  return task != nullptr && (careful_ || task->alone);
}

bool WorkerBooks::checkpoint_due() const noexcept {
  return checkpoint_every_ && !writing_ && unsaved_since_ && now_ - *unsaved_since_ >= *checkpoint_every_;
}

void WorkerBooks::write_runs(WorkerCommands& out) {
  unsaved_since_.reset();
  if (unsaved_.empty()) return;
  writing_ = true;
  out.emplace_back(WriteRuns{std::vector<RunId>(unsaved_.begin(), unsaved_.end())});
}

// Seals, writes once, and says so; begins nothing else any more.
void WorkerBooks::save(WorkerCommands& out) {
  if (!open_.empty() && !failed_) return begin_seal(out);
  if (writing_) return;
  if (!std::exchange(save_tried_, true)) write_runs(out);
  if (writing_ || !committing_.empty()) return;
  if (leaving_ && !failed_) {
    failed_ = leaving_;
    out.emplace_back(Answer{WorkerFailed{generation_, *failed_}});
    return;
  }
  if (std::exchange(save_answered_, true)) return;
  out.emplace_back(Answer{RunsSaved{generation_}});
}

Inventory WorkerBooks::inventory(bool sealed) const {
  Inventory answer{generation_, sealed, {}, {}, {}};
  if (!sealed) {
    answer.parts = found_parts_;
    answer.damage = damage_;
  }
  for (const auto& [id, run] : held_) answer.runs.push_back(run);
  return answer;
}

}  // namespace thresh::schedule
