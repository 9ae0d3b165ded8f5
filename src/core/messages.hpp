// The control plane: what rank 0 and the workers say to each other. Small structs, encoded by
// messages.cpp with the archive pair of thresh/archive.hpp (little-endian, every length checked).
// The order of the variants is part of the protocol; both ends are always the same build.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/task.hpp"

namespace thresh {

// ---- coordinator to worker

// The first message of a generation. The worker finishes the split at hand, drops its queue and all
// received slices, seals its open table, checks its share of the job's files and answers with Inventory.
struct Muster {
  Generation generation = 0;
  std::uint32_t partitions = 0;
  std::string job_id;
  std::string run_directory;           // where run files are
  std::vector<std::string> run_files;  // to be checked; the worker offers the runs of those that are good
  std::vector<std::string> part_files;
  std::vector<std::string> split_points;  // encoded keys; none unless the job has a total order
};
// The runs of the cover that this worker holds; every other run it holds is dropped.
struct KeepRuns {
  Generation generation = 0;
  std::vector<RunId> runs;
};
struct AssignSplit {
  Generation generation = 0;
  SplitId split = 0;
  std::uint32_t attempt = 0;
  InputFile input;  // as listed: a file that changed since is refused
  Split range;
  bool alone = false;               // failed before: nothing else may be in the open table with it
  std::vector<std::uint64_t> skip;  // offsets of records in quarantine, ascending
  std::uint64_t most_bad = 1;       // records that fail: so many are worth knowing
};
// The job is about to stop: seal, write what is not in a file yet, and answer with RunsSaved. No more work.
struct SaveRuns {
  Generation generation = 0;
};
// No more splits: seal and answer with Inventory.
struct SealRuns {
  Generation generation = 0;
};
// One wave of the shuffle, as one worker needs to know it.
struct ShuffleWave {
  Generation generation = 0;
  std::uint32_t wave = 0;         // counted from 0 in each generation
  std::uint64_t rounds = 0;       // the same for every rank
  std::uint64_t round_bytes = 0;  // most a pair moves in a round
  bool reads = false;             // worth it for ranks of a host to read what they are sent where it lies
  std::uint64_t cover_digest = 0;
  std::vector<std::pair<PartitionId, WorkerId>> owners;  // of the partitions of this wave, by partition
  std::vector<std::uint64_t> send_bytes;                 // to each rank, over the whole wave
  std::vector<std::uint64_t> receive_bytes;  // from each rank, over the whole wave; empty: nothing
  std::vector<PartitionId> committed;        // partitions whose slices may be released
  // Only if the job locates records, and once a generation to who owns partitions: the first split and the
  // path of each file, and for each split how many records of its file come before it.
  std::vector<std::pair<SplitId, std::string>> files;
  std::vector<std::uint64_t> records_before;
};
// Every worker has the slices of the wave: reduce what you own. A part that did not take in what it should
// must not be committed.
struct ReduceWave {
  Generation generation = 0;
  std::uint32_t wave = 0;
  std::vector<std::pair<PartitionId, PartitionSums>> expected;  // by partition owned
};
// Read a part back and compare it with its checksum.
struct CheckPart {
  Generation generation = 0;
  PartitionId partition = 0;
  std::string file;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;
};
// "I am alive."
struct Ping {
  Generation generation = 0;
};
// Someone asked this worker to leave: as SIGTERM to its process.
struct AskToLeave {
  Generation generation = 0;
};
// The job is over for this worker.
struct Dismiss {
  int code = 0;
};

// ---- worker to coordinator

// Answers Muster and SealRuns: every run this worker holds, sealed.
struct Inventory {
  Generation generation = 0;
  bool sealed = false;  // answers SealRuns, not Muster
  std::vector<RunSummary> runs;
  std::vector<PartSummary> parts;   // of its share, those that are good
  std::vector<std::string> damage;  // of its share: what is wrong with the others, for the log
  // If sealed: all that this worker holds is in its memory, and all other workers read it there.
  bool readable = false;
};
// Answers SaveRuns: what could be written is.
struct RunsSaved {
  Generation generation = 0;
};
struct SplitDone {
  Generation generation = 0;
  std::uint32_t attempt = 0;
  SplitSignature signature;
};
// User code threw, or the input could not be read. The open table was given up.
struct SplitFailed {
  Generation generation = 0;
  SplitId split = 0;
  std::uint32_t attempt = 0;
  Failure failure;
  std::vector<BlamedRecord> bad;  // the records to blame, if it was records
  std::vector<SplitId> lost;      // that were in the open table
};
struct WaveReceived {
  Generation generation = 0;
  std::uint32_t wave = 0;
};
struct PartCommitted {
  Generation generation = 0;
  std::uint32_t wave = 0;
  PartSummary part;
};
struct PartChecked {
  Generation generation = 0;
  PartitionId partition = 0;
  bool good = false;
  std::string what;  // what is wrong with it
};
// Anything but a split failed on this worker: the job cannot go on with it.
struct WorkerFailed {
  Generation generation = 0;
  Failure failure;
};
// What a worker measured, since its start. Monotonic, so late and repeated copies do no harm.
struct WorkerStats {
  std::string host;
  std::uint64_t pid = 0;
  std::uint64_t leaving = 0;  // 1: it was told to end, and saves what it has
  std::uint64_t splits = 0;
  std::uint64_t records = 0;
  std::uint64_t emits = 0;
  std::uint64_t input_bytes = 0;
  std::uint64_t map_ns = 0;
  std::uint64_t seal_ns = 0;
  std::uint64_t shuffle_ns = 0;
  std::uint64_t reduce_ns = 0;
  std::uint64_t commit_ns = 0;  // of the thread that makes parts durable
  std::uint64_t check_ns = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t read_bytes = 0;  // of them, in the memory of ranks of the same host
  std::uint64_t output_bytes = 0;
  std::uint64_t peak_memory_bytes = 0;
  std::uint64_t cpu_ns = 0;
  std::uint64_t checkpoints = 0;  // run files written
  std::uint64_t checkpoint_bytes = 0;
  std::uint64_t checkpoint_ns = 0;  // of the thread that writes them
  std::uint64_t checkpoints_failed = 0;
  std::uint64_t restored_bytes = 0;  // of run files and parts that were checked and taken up
  std::uint64_t restore_ns = 0;
  std::uint64_t spilled_bytes = 0;  // of rows, to the scratch file
  std::uint64_t spill_ns = 0;       // of writing them, which is in the times of the phases too
  std::uint64_t staged_rows = 0;    // handed over to be combined by who reduces them
};
// Sent every second or so, and before the answer that ends a phase.
struct Heartbeat {
  Generation generation = 0;
  WorkerStats stats;
  std::uint64_t exchange_waits_ms = 0;  // for so long the exchange at hand has not moved
};

using Message = std::variant<Muster, KeepRuns, AssignSplit, SealRuns, ShuffleWave, ReduceWave, CheckPart,
                             Ping, Dismiss, Inventory, SplitDone, SplitFailed, WaveReceived, PartCommitted,
                             PartChecked, WorkerFailed, Heartbeat, SaveRuns, RunsSaved, AskToLeave>;

std::string encode_message(const Message& message);
// Throws Error{Internal} naming what is wrong with the bytes.
Message decode_message(std::string_view bytes);

}  // namespace thresh
