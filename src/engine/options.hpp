// What a user may ask of a run. Filled by the command line, read by the engine.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "thresh/key_columns.hpp"

namespace thresh::engine {

// Shaping options decide what the output is and belong to the job: a run with others is another job.
// Operational options may differ from one run of the job to the next.
struct RunOptions {
  enum class Progress { Auto, Bar, Lines, None };

  // The job and its data.
  std::string job;                  // name of a registered job
  std::vector<std::string> inputs;  // files, directories and globs, as given; may be empty with files_from
  std::optional<std::string> files_from;  // a file that names inputs, one a line; "-": standard input
  bool files_from_null = false;           // names in it end with NUL instead of LF
  std::string output;                     // a directory; never empty

  // Shaping.
  std::uint64_t split_bytes = 0;  // bytes of a split; 0: from the input size. Small: even load, more messages
  std::uint32_t partitions = 0;   // parts of the output; 0: from the input size
  std::uint64_t max_bad_records = 0;  // records that may be left out before the job fails
  std::optional<KeyColumns> key;      // which bytes of a line are its key, for jobs that take it
  bool escape = false;  // write TAB, LF, CR and backslash in results as \t \n \r \\ instead of refusing

  // Operational.
  std::uint64_t memory_bytes = 0;  // budget of one rank; 0: a share of the node's memory
  std::string scratch;             // directory for rows that memory has no room for; empty: TMPDIR, or /tmp
  std::chrono::milliseconds task_timeout{600'000};  // a rank without progress for this long is hung
  std::chrono::milliseconds peer_timeout{660'000};  // wait for a silent peer; more than task_timeout
  std::uint32_t spares = 0;    // ranks that wait to take the place of a lost one, where MPI allows for that
  bool oversubscribe = false;  // all ranks work, also on a host with fewer CPUs; else the others are spares
  std::uint64_t round_bytes = std::uint64_t{1}
                              << 20;  // most a pair of ranks moves in one round of the shuffle
  bool host_reads = true;             // ranks of a host read the rows of a large wave where they lie
  bool checkpoints = true;            // write sealed runs to files while mapping
  std::string checkpoint_dir;         // for run files; empty: OUTPUT/.thresh/runs
  std::chrono::milliseconds checkpoint_every{
      60'000};                     // work that a worker's death costs; shorter: more files
  std::uint32_t max_attempts = 4;  // to map a split on which records fail; then the job fails
  std::optional<std::chrono::milliseconds> max_time;  // stop in time, to go on in another run
  bool fresh = false;                                 // discard an unfinished job in `output`
  bool accept_new_code = false;  // go on with an unfinished job of another version of the job or program
  bool overwrite = false;        // replace a finished job in `output` on publishing
  bool fsync = true;             // results survive a power cut; costs a sync a part
  Progress progress = Progress::Auto;  // Auto: a bar on a terminal, lines in a log
  bool quiet = false;                  // no progress and no closing line; errors still
  std::uint32_t top = 0;               // largest results to print to stdout; 0: none
  std::string metrics;                 // a second copy of metrics.json; empty: none
  std::string fault;                   // a fault to inject, e.g. "kill:worker=2,at=shuffle:1"
  std::string log_level = "info";      // of the log on stderr
};

// In the largest binary unit that divides it, as the user would write it.
std::string size_text(std::uint64_t bytes);

// What is kept for saving at the end of --max-time: a tenth of it, a second at least and a minute at most; of
// less than two seconds half.
std::chrono::milliseconds time_for_saving(std::chrono::milliseconds max_time);

// Where rows go that memory has no room for.
std::string scratch_directory(const RunOptions& options);

// The shaping options by name, as text. Two runs are of the same job only if these are equal.
std::map<std::string, std::string> shaping_options(const RunOptions& options);

}  // namespace thresh::engine
