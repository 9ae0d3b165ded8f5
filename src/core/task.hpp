// The values that the whole engine speaks of: files, splits, runs, parts. Plain data, no behaviour.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "thresh/context.hpp"

namespace thresh {

using WorkerId = std::uint32_t;     // the rank at launch; a worker keeps it for life
using SplitId = std::uint32_t;      // index into JobPlan::splits
using PartitionId = std::uint32_t;  // 0 .. JobPlan::partitions - 1
using Generation = std::uint32_t;   // raised by every start and every recovery; 0 is before the first

// Where a rank runs. Ranks that share memory share a host.
struct Seat {
  std::uint32_t host = 0;           // the same number for all ranks of a host, and for no others
  std::uint32_t cpus = UINT32_MAX;  // that the ranks of the host may use, all together
};

struct InputFile {
  std::string path;
  std::uint64_t size = 0;     // bytes
  std::int64_t mtime_ns = 0;  // since the epoch
  bool operator==(const InputFile&) const = default;
};

// A byte range of one file. It owns the records that start in it.
struct Split {
  std::uint32_t file = 0;  // index into JobPlan::inputs
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool operator==(const Split&) const = default;
};

// Fixed when the job is created, from the inputs and the shaping options alone.
struct JobPlan {
  std::vector<InputFile> inputs;  // sorted by path
  std::vector<Split> splits;      // in order of (file, begin)
  std::uint32_t partitions = 1;
  // Encoded keys that divide the partitions of a job with a total order, one fewer than those; else none.
  std::vector<std::string> split_points = {};
};

// What mapping a split gave, before any combining. Two different signatures of one split mean that the
// job is not deterministic.
struct SplitSignature {
  SplitId split = 0;
  std::uint64_t records = 0;
  std::uint64_t emits = 0;
  std::uint64_t hash_sum = 0;  // order-free: sum over the emits of a hash of (key, value), modulo 2^64
  std::uint64_t weight = 0;    // conserved weight, modulo 2^64; 0 without one
  bool operator==(const SplitSignature&) const = default;
};

// Unique for ever: names of runs are never reused.
struct RunId {
  Generation generation = 0;  // in which the run was begun
  WorkerId worker = 0;        // who made it
  std::uint32_t sequence = 0;
  auto operator<=>(const RunId&) const = default;
};

// One partition of one run.
struct SliceSize {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;     // of rows
  std::uint64_t hash_sum = 0;  // order-free sum of the hashes of its rows, modulo 2^64

  // In a shuffle stream a header comes before the rows; without rows there is nothing.
  static constexpr std::uint64_t kHeaderBytes = 32;
  std::uint64_t wire_bytes() const noexcept { return rows == 0 ? 0 : kHeaderBytes + bytes; }
  bool operator==(const SliceSize&) const = default;
};

struct RunSummary {
  RunId id;
  std::vector<SplitSignature> splits;  // by split id
  std::vector<SliceSize> slices;       // one a partition
  Counters counters;
  bool from_file = false;  // its rows are read from a checkpoint when they are needed
  bool operator==(const RunSummary&) const = default;
};

// One candidate for --top: where its line is, so that messages stay small.
struct TopLine {
  std::string rank;          // greater is better
  std::string key;           // encoded; breaks ties, smaller first
  std::uint64_t offset = 0;  // of the line in its part
  std::uint64_t size = 0;    // of the line, with its newline
  bool operator==(const TopLine&) const = default;
};

// A partition that was reduced and whose part file is durable.
struct PartSummary {
  PartitionId partition = 0;
  std::string file;  // name in .thresh/parts; empty when the part is empty but then too a file exists
  WorkerId worker = 0;
  std::uint64_t cover_digest = 0;    // of the cover it was made from
  std::uint64_t input_rows = 0;      // rows that reduce took in, over all runs
  std::uint64_t input_hash_sum = 0;  // sum of their hashes: equals the sum over the runs' slices
  std::uint64_t groups = 0;
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  // XXH3 of the bytes, taken while writing
  std::uint64_t weight = 0;    // conserved weight of its lines
  Counters counters;
  std::vector<TopLine> top;  // at most --top
  bool operator==(const PartSummary&) const = default;
};

// What a part must have taken in: the sums over the runs of the cover that it is made from.
struct PartitionSums {
  std::uint64_t rows = 0;
  std::uint64_t hash_sum = 0;
  bool operator==(const PartitionSums&) const = default;
};

// A record that cannot be mapped.
struct BlamedRecord {
  std::uint64_t offset = 0;  // of its first byte in the file
  std::string what;
  bool operator==(const BlamedRecord&) const = default;
};

// What is written down about a split that failed: a worker that dies of it leaves a crash or a hang, rank 0
// decides on quarantine. Values are part of the format.
enum class AttemptKind { Crash = 1, Hang = 2, Quarantine = 3 };
struct AttemptNote {
  AttemptKind kind = AttemptKind::Crash;
  SplitId split = 0;
  BlamedRecord record;
  // What may have been mended since, of a crash or a hang: the code, by a hash of its version, and the task
  // timeout.
  std::uint64_t code = 0;
  std::uint64_t task_timeout_ms = 0;
};

// A file in the directory of run files.
struct RunFileEntry {
  std::string file;
  std::uint64_t bytes = 0;
};
// What a start or a recovery finds in the job directory: names only, none of it is checked.
struct JobFiles {
  std::vector<RunFileEntry> runs;
  std::vector<std::string> parts;  // those with a sidecar
  std::vector<AttemptNote> attempts;
};

// Why something failed, in words for the user. `code` is what the job would end with.
struct Failure {
  int code = 70;
  std::string what;
  bool operator==(const Failure&) const = default;
};

}  // namespace thresh
