// What a rank says about the record at hand when it dies of it: by a signal, or by its own watchdog.
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/attempts.hpp"
#include "thresh/progress.hpp"

namespace thresh::engine {

// While one lives, a SEGV, ABRT, BUS, FPE or ILL of the main thread, and leave_hang(), are blamed on the
// record at hand. One at a time. Borrows all.
class Blame {
 public:
  // `where` is for a line on stderr: "worker 2 on node7, mapping data/a.txt".
  Blame(const storage::Breadcrumb& crumb, const Progress& progress, const char* where) noexcept;
  Blame(const Blame&) = delete;
  Blame& operator=(const Blame&) = delete;
  ~Blame();

  // The block at hand: turns the record at hand into an offset in the file. An empty one blames nothing.
  void block(std::string_view bytes, std::uint64_t file_offset) noexcept;
};

// While one lives, nothing is blamed on the record at hand: the engine is at work within it.
class BlameNoRecord {
 public:
  BlameNoRecord() noexcept;
  BlameNoRecord(const BlameNoRecord&) = delete;
  BlameNoRecord& operator=(const BlameNoRecord&) = delete;
  ~BlameNoRecord();

 private:
  const storage::Breadcrumb* crumb_;
};

// Any thread; for the watchdog.
void leave_hang() noexcept;

// What a line on stderr says of a crash at no record: "worker 2 on node7, reducing partition 3". By the
// thread of the job alone.
void tell_of_crash(std::string_view what) noexcept;

// Once a process, for ranks that map. `rank` is for a line on stderr of a crash in another thread:
// "worker 2 on node7".
void catch_crashes(std::string_view rank);

}  // namespace thresh::engine
