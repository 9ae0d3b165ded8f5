// Errors and exit codes. The exit codes are part of the interface: scripts rely on them.
#pragma once

#include <stdexcept>
#include <string>

namespace thresh {

// What the process ends with; the numbers follow sysexits.h. Persisted: never renumber.
enum class ExitCode : int {
  Done = 0,
  Usage = 64,         // the command line is wrong
  BadData = 65,       // an input record, or the output directory's content, cannot be used
  NoInput = 66,       // an input does not exist or cannot be read
  WorkersLost = 69,   // too many workers were lost
  Internal = 70,      // a bug in Thresh or in the job
  CannotCreate = 73,  // the output cannot be created
  Io = 74,            // reading or writing failed
  StoppedEarly = 75,  // run the same command again
  Config = 78,        // a configuration that cannot work
  Interrupted = 130,  // SIGINT
};

// An error that ends the job: one line for the user and the code to end with.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& what) : std::runtime_error(what), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

// Thrown by a job's map for a record that it cannot use. The engine adds file and offset.
class BadRecord : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Thrown by the mapper adapter when user code threw: which record of the block it was.
class RecordFailed : public std::runtime_error {
 public:
  RecordFailed(std::size_t offset, const std::string& what) : std::runtime_error(what), offset_(offset) {}
  // Offset of the record's first byte from the begin of the block given to map_block.
  std::size_t offset() const noexcept { return offset_; }

 private:
  std::size_t offset_;
};

}  // namespace thresh
