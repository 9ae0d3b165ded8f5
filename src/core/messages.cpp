#include "core/messages.hpp"

#include <array>
#include <boost/serialization/map.hpp>

#include "thresh/archive.hpp"

// What Boost.Serialization needs to know of each struct: its fields, in the order in which they travel.
#define THRESH_FIELDS(Type, ...)                                    \
  template <class Archive>                                          \
  void serialize(Archive& archive, Type& m, unsigned /*version*/) { \
    serialize_fields(archive, __VA_ARGS__);                         \
  }

namespace thresh {
namespace {

template <class Archive, class... Fields>
void serialize_fields(Archive& archive, Fields&... fields) {
  (void)(archive & ... & fields);
}

}  // namespace

THRESH_FIELDS(InputFile, m.path, m.size, m.mtime_ns)
THRESH_FIELDS(Split, m.file, m.begin, m.end)
THRESH_FIELDS(SplitSignature, m.split, m.records, m.emits, m.hash_sum, m.weight)
THRESH_FIELDS(RunId, m.generation, m.worker, m.sequence)
THRESH_FIELDS(SliceSize, m.rows, m.bytes, m.hash_sum)
THRESH_FIELDS(RunSummary, m.id, m.splits, m.slices, m.counters, m.from_file)
THRESH_FIELDS(TopLine, m.rank, m.key, m.offset, m.size)
THRESH_FIELDS(PartSummary, m.partition, m.file, m.worker, m.cover_digest, m.input_rows, m.input_hash_sum,
              m.groups, m.lines, m.bytes, m.checksum, m.weight, m.counters, m.top)
THRESH_FIELDS(PartitionSums, m.rows, m.hash_sum)
THRESH_FIELDS(Failure, m.code, m.what)

THRESH_FIELDS(Muster, m.generation, m.partitions, m.job_id, m.run_directory, m.run_files, m.part_files,
              m.split_points)
THRESH_FIELDS(KeepRuns, m.generation, m.runs)
THRESH_FIELDS(BlamedRecord, m.offset, m.what)
THRESH_FIELDS(AssignSplit, m.generation, m.split, m.attempt, m.input, m.range, m.alone, m.skip, m.most_bad)
THRESH_FIELDS(SealRuns, m.generation)
THRESH_FIELDS(ShuffleWave, m.generation, m.wave, m.rounds, m.round_bytes, m.reads, m.cover_digest, m.owners,
              m.send_bytes, m.receive_bytes, m.committed, m.files, m.records_before)
THRESH_FIELDS(ReduceWave, m.generation, m.wave, m.expected)
THRESH_FIELDS(CheckPart, m.generation, m.partition, m.file, m.bytes, m.checksum)
THRESH_FIELDS(Ping, m.generation)
THRESH_FIELDS(Dismiss, m.code)
THRESH_FIELDS(AskToLeave, m.generation)
THRESH_FIELDS(Inventory, m.generation, m.sealed, m.runs, m.parts, m.damage, m.readable)
THRESH_FIELDS(SaveRuns, m.generation)
THRESH_FIELDS(RunsSaved, m.generation)
THRESH_FIELDS(SplitDone, m.generation, m.attempt, m.signature)
THRESH_FIELDS(SplitFailed, m.generation, m.split, m.attempt, m.failure, m.bad, m.lost)
THRESH_FIELDS(WaveReceived, m.generation, m.wave)
THRESH_FIELDS(PartCommitted, m.generation, m.wave, m.part)
THRESH_FIELDS(PartChecked, m.generation, m.partition, m.good, m.what)
THRESH_FIELDS(WorkerFailed, m.generation, m.failure)
THRESH_FIELDS(WorkerStats, m.host, m.pid, m.leaving, m.splits, m.records, m.emits, m.input_bytes, m.map_ns,
              m.seal_ns, m.shuffle_ns, m.reduce_ns, m.commit_ns, m.check_ns, m.sent_bytes, m.received_bytes,
              m.read_bytes, m.output_bytes, m.peak_memory_bytes, m.cpu_ns, m.checkpoints, m.checkpoint_bytes,
              m.checkpoint_ns, m.checkpoints_failed, m.restored_bytes, m.restore_ns, m.spilled_bytes,
              m.spill_ns, m.staged_rows)
THRESH_FIELDS(Heartbeat, m.generation, m.stats, m.exchange_waits_ms)

namespace {

using Decoder = Message (*)(InputArchive&);

template <class M>
Message decode_as(InputArchive& in) {
  M message;
  in >> message;
  return message;
}

// By index of the variant.
template <class... Ms>
constexpr std::array<Decoder, sizeof...(Ms)> decoders(const std::variant<Ms...>*) {
  return {&decode_as<Ms>...};
}
constexpr auto kDecoders = decoders(static_cast<const Message*>(nullptr));
static_assert(kDecoders.size() <= 256);

constexpr std::array<std::string_view, kDecoders.size()> kNames = {
    "Muster",      "KeepRuns",     "AssignSplit", "SealRuns",  "ShuffleWave", "ReduceWave",   "CheckPart",
    "Ping",        "Dismiss",      "Inventory",   "SplitDone", "SplitFailed", "WaveReceived", "PartCommitted",
    "PartChecked", "WorkerFailed", "Heartbeat",   "SaveRuns",  "RunsSaved",   "AskToLeave"};

}  // namespace

std::string encode_message(const Message& message) {
  std::string bytes;
  OutputArchive out(bytes);
  out << static_cast<std::uint8_t>(message.index());
  std::visit([&out](const auto& m) { out << m; }, message);
  return bytes;
}

Message decode_message(std::string_view bytes) {
  InputArchive in(bytes);
  std::uint8_t index = 0;
  in >> index;
  if (index >= kDecoders.size()) refuse_bytes("no message has the number " + std::to_string(index));
  try {
    Message message = kDecoders[index](in);
    in.finish();
    return message;
  } catch (const Error& error) {
    throw Error(error.code(), "message " + std::string(kNames[index]) + ": " + error.what());
  }
}

}  // namespace thresh
