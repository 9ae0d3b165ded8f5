// MapReduce in a few lines of standard library, sequential and in memory: what the engine's output must be.
// It shares with the engine the jobs, the hash that names a partition, and nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "thresh/context.hpp"
#include "thresh/job_type.hpp"

namespace thresh::oracle {

struct RankedLine {
  std::string rank;  // greater is better
  std::string key;   // encoded; breaks ties
  std::string text;  // with its newline
};

struct OracleResult {
  std::vector<std::string> parts;  // the exact text of each
  Counters counters;
  std::uint64_t records = 0;
  std::uint64_t emits = 0;
  std::uint64_t groups = 0;
  std::uint64_t lines = 0;
  std::uint64_t emitted_weight = 0;  // conserved weight of all emits, modulo 2^64
  std::uint64_t written_weight = 0;  // and of all lines
  std::vector<RankedLine> ranked;    // best first

  // What --top N prints.
  std::string top(std::size_t count) const;
};

// Reads whole files; RecordId::split is the index of the file among `files` sorted by the bytes of their
// names. Without a seed no combiner is used, else values are combined in random groups in a random order.
// The parts of a job with a total order are one: which keys begin one is the engine's choice, not their
// order. Throws RecordFailed as map_block does, and Error{BadData} for text that a line cannot hold.
OracleResult run_oracle(const JobType& job, std::vector<std::string> files, std::uint32_t partitions,
                        bool escape, std::optional<std::uint64_t> combine_seed = {});

}  // namespace thresh::oracle
