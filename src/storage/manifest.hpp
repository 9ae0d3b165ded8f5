// OUTPUT/_SUCCESS: says that a job is done, which one it was, and what its output must be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.hpp"
#include "storage/identity.hpp"

namespace thresh::storage {

inline constexpr char kSuccessName[] = "_SUCCESS";
inline constexpr char kMetricsName[] = "metrics.json";
inline constexpr char kJobDirectoryName[] = ".thresh";

// The published name of a part: "part-00000.tsv".
std::string part_name(PartitionId partition, std::string_view extension = "tsv");

struct ManifestPart {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;     // or records, in raw output
  std::uint64_t checksum = 0;  // XXH3 of the bytes
  bool operator==(const ManifestPart&) const = default;
};

struct Manifest {
  RecordedJob job;          // without the splits themselves
  std::string fingerprint;  // of the whole identity
  Generation generation = 0;
  // Counts.
  std::uint64_t input_bytes = 0;
  std::uint64_t splits = 0;
  std::uint64_t records = 0;
  std::uint64_t emits = 0;
  std::uint64_t reduced_rows = 0;  // what reduce took in
  std::uint64_t groups = 0;
  std::uint64_t lines = 0;
  std::uint64_t output_bytes = 0;
  // Sums of the ledger, modulo 2^64.
  std::uint64_t emit_hash_sum = 0;
  std::uint64_t emit_weight = 0;
  std::uint64_t row_hash_sum = 0;
  std::uint64_t line_weight = 0;
  Counters counters;                // the user's
  std::vector<ManifestPart> parts;  // by partition
};

// Adds up what the splits and the parts say. `extension`: of the names of the parts, see part_name.
// REQUIRES: `signatures` has one for each split, `parts` one for each partition, in order.
Manifest describe_job(const JobIdentity& identity, const std::string& job_id, Generation generation,
                      const std::vector<SplitSignature>& signatures, const std::vector<PartSummary>& parts,
                      const Counters& counters, std::string_view extension = "tsv");
// The text of _SUCCESS.
std::string make_manifest(const Manifest& manifest);
// `path` is for messages. Throws Error{BadData} if the text is not a whole manifest of ours.
Manifest parse_manifest(std::string_view text, const std::string& path);
// Whether a _SUCCESS is ours, whole or damaged; other programs write files of this name too.
bool is_manifest(std::string_view text);

struct FinishedPart {
  std::string name;
  std::optional<std::uint64_t> bytes;  // none: of another program
};

// How a directory of inputs with these entries is to be read: its parts if it is the output of a finished
// job, ours or another program's; none if it is an ordinary directory. Throws Error{BadData} if its manifest
// is damaged or it is the output of a job that is not finished.
std::optional<std::vector<FinishedPart>> finished_parts(const std::string& directory,
                                                        const std::vector<std::string>& entries);

}  // namespace thresh::storage
