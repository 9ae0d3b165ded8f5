// What the directory of a job tells about an attempt at it: is it done, can it succeed, did it get anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "storage/outcome.hpp"

namespace thresh::cli {

// Tells a file from a later one of the same name.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_ns = 0;
  bool operator==(const FileIdentity&) const = default;
};

// What can be seen of a job in OUTPUT at one moment.
struct JobView {
  bool there = false;                   // OUTPUT
  std::optional<FileIdentity> success;  // a whole _SUCCESS of ours
  std::optional<FileIdentity> job;      // job.h5
  std::optional<storage::Outcome> outcome;
  std::set<std::string> runs;      // durable
  std::set<std::string> parts;     // committed
  std::set<std::string> verdicts;  // on splits
};

// A whole _SUCCESS of ours; none if it is damaged or cannot be read.
std::optional<FileIdentity> view_success(const std::string& output);
// The same of an outcome.
std::optional<storage::Outcome> view_outcome(const std::string& output);
// A _SUCCESS or outcome that is damaged or cannot be read counts as absent: the next attempt tells. Throws
// Error{Io} if a directory cannot be read.
JobView view_job(const std::string& output);

struct JobProgress {
  std::size_t runs = 0;
  std::size_t parts = 0;
  std::size_t verdicts = 0;
  bool begun = false;  // the job was made
  bool any() const { return begun || runs + parts + verdicts > 0; }
  // "12 new runs, 1 new part"
  std::string text() const;
};

JobProgress progress_between(const JobView& before, const JobView& after);

// How a process ended.
struct ProcessEnd {
  bool by_signal = false;
  int number = 0;  // the signal, or the exit code
  bool exited_with(int code) const { return !by_signal && number == code; }
  // "ended with 1", "ended with 137, as for signal 9 (Killed)", "was killed by signal 9 (Killed)"
  std::string text() const;
  // That ended a process which this one waited for, going by the exit code; 0 if none did.
  int signal_of_another() const;
};

struct Judgement {
  enum class Kind {
    Done,
    CannotSucceed,
    TimeIsUp,  // it stopped by itself, as it was told to: --max-time
    Resumable,
  };
  Kind kind = Kind::Resumable;
  int code = 0;  // to end with, unless it is resumable
  std::string reason;
  bool elsewhere = false;  // the command may well have succeeded, in another directory
};

// How an attempt ended. `first` is what was seen before the first attempt and `before` before this one;
// `name` is the launcher's. With `overwrite` a finished job that was there at first says nothing.
//
//   a _SUCCESS that was not there at first            done
//   one that was there, and exit code 0               done, unless it is to be overwritten
//   an outcome of this attempt: 75, for --max-time    its time is up
//                               75 else, 74, 69       resumable
//                               anything else         cannot succeed
//   no outcome, and exit code 64, 65, 66, 73 or 78    cannot succeed: refused before it began
//   no outcome, no progress, and 126 or 127           cannot succeed: there is no such command
//   no outcome, whatever the exit code (0 as well)    resumable: it was killed
//                          no OUTPUT and exit code 0  resumable, for the loss of a host looks like that too;
//                                                     perhaps its output is elsewhere
Judgement judge_attempt(const JobView& first, const JobView& before, const JobView& after,
                        const ProcessEnd& end, const std::string& name, bool overwrite);

}  // namespace thresh::cli
