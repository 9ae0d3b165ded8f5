#include "simulation/text.hpp"

#include <cstdio>
#include <string_view>
#include <vector>

namespace thresh::simulation {
namespace {

using namespace schedule;

template <class... Ts>
struct Cases : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Cases(Ts...) -> Cases<Ts...>;

std::string n(std::uint64_t value) {
  return std::to_string(value);
}
std::string of(Generation generation) {
  return " g" + n(generation);
}
std::string id(const RunId& run) {
  return n(run.generation) + "." + n(run.worker) + "." + n(run.sequence);
}

std::string ids(const std::vector<RunId>& runs) {
  std::string text = "{";
  for (const RunId& run : runs) text += (text.size() > 1 ? " " : "") + id(run);
  return text + "}";
}

std::string splits(const std::vector<SplitSignature>& signatures) {
  std::string text;
  for (const SplitSignature& signature : signatures) text += (text.empty() ? "" : " ") + n(signature.split);
  return text;
}

std::string runs(const std::vector<RunSummary>& summaries) {
  std::string text = "{";
  for (const RunSummary& run : summaries)
    text += (text.size() > 1 ? ", " : "") + id(run.id) + ": " + splits(run.splits);
  return text + "}";
}

std::string partitions(const std::vector<PartitionId>& list) {
  std::string text = "{";
  for (const PartitionId partition : list) text += (text.size() > 1 ? " " : "") + n(partition);
  return text + "}";
}

std::string wave(const ShuffleWave& plan) {
  std::string text =
      of(plan.generation) + " wave " + n(plan.wave) + " rounds " + n(plan.rounds) + " owners {";
  std::string_view gap = "";
  for (const auto& [partition, owner] : plan.owners) {
    text.append(gap).append(n(partition)).append("@").append(n(owner));
    gap = " ";
  }
  text += "}";
  if (!plan.committed.empty()) text += " committed " + partitions(plan.committed);
  return text;
}

std::string files(const Muster& muster) {
  std::string text;
  if (!muster.run_files.empty()) text += " run files " + n(muster.run_files.size());
  if (!muster.part_files.empty()) text += " part files " + n(muster.part_files.size());
  return text;
}

std::string failure(const Failure& why) {
  return n(static_cast<std::uint64_t>(why.code)) + " \"" + why.what + "\"";
}

}  // namespace

std::string text_of(Time time) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4f", std::chrono::duration<double>(time).count());
  return buffer;
}

std::string text_of(const Message& message) {
  return std::visit(
      Cases{
          [](const Muster& m) { return "Muster" + of(m.generation) + files(m); },
          [](const KeepRuns& m) { return "KeepRuns" + of(m.generation) + " " + ids(m.runs); },
          [](const AssignSplit& m) {
            return "AssignSplit" + of(m.generation) + " split " + n(m.split) + " attempt " + n(m.attempt);
          },
          [](const SealRuns& m) { return "SealRuns" + of(m.generation); },
          [](const ShuffleWave& m) { return "ShuffleWave" + wave(m); },
          [](const ReduceWave& m) { return "ReduceWave" + of(m.generation) + " wave " + n(m.wave); },
          [](const CheckPart& m) { return "CheckPart" + of(m.generation) + " partition " + n(m.partition); },
          [](const Ping& m) { return "Ping" + of(m.generation); },
          [](const Dismiss& m) { return "Dismiss " + n(static_cast<std::uint64_t>(m.code)); },
          [](const Inventory& m) {
            return "Inventory" + of(m.generation) + (m.sealed ? " sealed " : " ") + runs(m.runs) +
                   (m.parts.empty() ? "" : " parts " + n(m.parts.size())) +
                   (m.damage.empty() ? "" : " damaged " + n(m.damage.size()));
          },
          [](const SplitDone& m) {
            return "SplitDone" + of(m.generation) + " split " + n(m.signature.split) + " attempt " +
                   n(m.attempt);
          },
          [](const SplitFailed& m) {
            return "SplitFailed" + of(m.generation) + " split " + n(m.split) + " attempt " + n(m.attempt) +
                   " " + failure(m.failure);
          },
          [](const WaveReceived& m) { return "WaveReceived" + of(m.generation) + " wave " + n(m.wave); },
          [](const PartCommitted& m) {
            return "PartCommitted" + of(m.generation) + " wave " + n(m.wave) + " partition " +
                   n(m.part.partition) + " rows " + n(m.part.input_rows);
          },
          [](const PartChecked& m) {
            return "PartChecked" + of(m.generation) + " partition " + n(m.partition) +
                   (m.good ? " good" : " bad");
          },
          [](const WorkerFailed& m) { return "WorkerFailed" + of(m.generation) + " " + failure(m.failure); },
          [](const Heartbeat& m) { return "Heartbeat" + of(m.generation); },
          [](const SaveRuns& m) { return "SaveRuns" + of(m.generation); },
          [](const AskToLeave& m) { return "AskToLeave" + of(m.generation); },
          [](const RunsSaved& m) { return "RunsSaved" + of(m.generation); },
      },
      message);
}

std::string text_of(const Event& event) {
  return std::visit(
      Cases{
          [](const Received& e) { return text_of(e.message) + " from " + n(e.from); },
          [](const WorkerLost& e) { return "WorkerLost " + n(e.worker) + " (" + e.reason + ")"; },
          [](const StopAsked& e) { return "StopAsked " + failure(e.reason); },
          [](const Tick&) { return std::string("Tick"); },
          [](const InputsListed& e) { return "InputsListed " + n(e.inputs.size()); },
          [](const JobOpened& e) {
            return "JobOpened" + of(e.generation) + (e.already_complete ? " already complete" : "");
          },
          [](const GenerationClaimed& e) { return "GenerationClaimed" + of(e.generation); },
          [](const VerdictWritten& e) { return "VerdictWritten split " + n(e.split); },
          [](const Published&) { return std::string("Published"); },
          [](const FileWorkFailed& e) { return "FileWorkFailed " + failure(e.failure); },
      },
      event);
}

std::string text_of(const Command& command) {
  return std::visit(Cases{
                        [](const Send& c) { return text_of(c.message) + " to " + n(c.to); },
                        [](const ListInputs&) { return std::string("ListInputs"); },
                        [](const OpenJob& c) {
                          return "OpenJob splits " + n(c.plan.splits.size()) + " partitions " +
                                 n(c.plan.partitions);
                        },
                        [](const ClaimGeneration& c) { return "ClaimGeneration" + of(c.generation); },
                        [](const JoinWave& c) { return "JoinWave " + n(c.wave) + " rounds " + n(c.rounds); },
                        [](const ReportFound&) { return std::string("ReportFound"); },
                        [](const WriteVerdict& c) {
                          return "WriteVerdict split " + n(c.split) + " records " + n(c.records.size());
                        },
                        [](const RecordOutcome& c) { return "RecordOutcome " + failure(c.failure); },
                        [](const Publish&) { return std::string("Publish"); },
                    },
                    command);
}

std::string text_of(const WorkerEvent& event) {
  return std::visit(
      Cases{
          [](const FromCoordinator& e) { return text_of(e.message); },
          [](const SplitMapped& e) {
            return "SplitMapped split " + n(e.signature.split) + " attempt " + n(e.attempt) +
                   (e.table_full ? " table full" : "");
          },
          [](const SplitRefused& e) { return "SplitRefused split " + n(e.split) + " " + failure(e.failure); },
          [](const TableSealed& e) { return "TableSealed " + runs({e.run}); },
          [](const WaveExchanged& e) { return "WaveExchanged " + n(e.wave); },
          [](const ExchangeAborted&) { return std::string("ExchangeAborted"); },
          [](const PartReduced&) { return std::string("PartReduced"); },
          [](const CommitFailed& e) { return "CommitFailed " + failure(e.failure); },
          [](const PartWritten& e) {
            return "PartWritten partition " + n(e.part.partition) + " rows " + n(e.part.input_rows);
          },
          [](const PartRead& e) {
            return "PartRead partition " + n(e.partition) + (e.good ? " good" : " bad");
          },
          [](const TaskFailed& e) { return "TaskFailed " + failure(e.failure); },
          [](const RunsWritten& e) { return (e.good ? "RunsWritten " : "RunsNotWritten ") + ids(e.runs); },
          [](const FilesRead& e) {
            return "FilesRead" + of(e.generation) + " " + runs(e.runs) + " parts " + n(e.parts.size()) +
                   " damaged " + n(e.damage.size());
          },
          [](const LeaveAsked& e) { return "LeaveAsked " + failure(e.reason); },
      },
      event);
}

std::string text_of(const WorkerCommand& command) {
  return std::visit(
      Cases{
          [](const Answer& c) { return "Answer " + text_of(c.message); },
          [](const MapSplit& c) {
            return "MapSplit split " + n(c.task.split) + " attempt " + n(c.task.attempt);
          },
          [](const SealTable& c) {
            return "SealTable " + id(c.id) + ": " + splits(c.splits) + (c.to_shuffle ? ", to shuffle" : "");
          },
          [](const DropRuns& c) { return "DropRuns " + ids(c.runs); },
          [](const DropTable&) { return std::string("DropTable"); },
          [](const DropSlices&) { return std::string("DropSlices"); },
          [](const ReleasePartitions& c) { return "ReleasePartitions " + partitions(c.partitions); },
          [](const Exchange& c) { return "Exchange" + wave(c.plan); },
          [](const AbortExchange&) { return std::string("AbortExchange"); },
          [](const ReducePartition& c) {
            return "ReducePartition" + of(c.generation) + " wave " + n(c.wave) + " partition " +
                   n(c.partition);
          },
          [](const ReadPart& c) { return "ReadPart partition " + n(c.part.partition); },
          [](const Leave& c) { return "Leave " + n(static_cast<std::uint64_t>(c.code)); },
          [](const WriteRuns& c) { return "WriteRuns " + ids(c.runs); },
          [](const ReadFiles& c) { return "ReadFiles" + of(c.files.generation) + files(c.files); },
      },
      command);
}

}  // namespace thresh::simulation
