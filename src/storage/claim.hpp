// Who may act on a job directory: the holder of the highest generation.
//
// A generation is claimed by giving the file generation/<g> its name with link(2), which one process can do.
// The file begins with a counter of 20 digits that its holder raises every `interval`, or the word
// "released"; a line of JSON follows that says who and where the holder is.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/task.hpp"
#include "storage/posix.hpp"

namespace thresh::storage {

class Claim {
 public:
  // None if someone else has claimed it. `directory` is .thresh/generation.
  static std::optional<Claim> take(const std::string& directory, Generation generation,
                                   std::chrono::milliseconds interval);

  Generation generation() const noexcept { return generation_; }
  // Shows that the holder is alive. Quiet if the file is gone or is another's: still_highest() tells.
  void refresh() noexcept;
  // False once a higher generation is claimed, or the file is not there any more.
  bool still_highest() const;
  // The next one to come need not wait. Best effort.
  void release() noexcept;

 private:
  Claim(std::string directory, Generation generation, const FileStatus& file)
      : directory_(std::move(directory)), generation_(generation), file_(file) {}
  void write_counter(std::string_view text) noexcept;

  std::string directory_;
  Generation generation_ = 0;
  FileStatus file_;
  std::uint64_t counter_ = 0;
};

// The highest that is claimed; 0 if none is.
Generation highest_claim(const std::string& directory);

// Who claimed a generation, as the file says.
struct ClaimNote {
  std::string host;  // empty if the file is damaged
  std::uint64_t pid = 0;
  bool released = false;
  bool there = false;  // its process is on this host, and is not dead
};
// None if it is not claimed.
std::optional<ClaimNote> read_claim(const std::string& directory, Generation generation);

// Who holds the generation, if that process works ("host node7, process 4711"). None if it is gone: it ran on
// this host and boot and does not exist any more (one that /proc hides does), it released its claim, or its
// counter stood still for three of its own intervals in which it did not compute either, as far as that can
// be seen: on this host. Waits that long (about 3 s) when the holder is elsewhere.
std::optional<std::string> holder_at_work(const std::string& directory, Generation generation);
// The same of the highest one. None as well if none is claimed, or the directory is not there.
std::optional<std::string> holder_at_work(const std::string& directory);

// Whether it is known at once that nobody holds the generation: its holder released it, or ran on this host
// and boot and does not exist any more.
bool holder_is_gone(const std::string& directory, Generation generation);

}  // namespace thresh::storage
