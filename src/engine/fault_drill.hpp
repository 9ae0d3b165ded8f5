// Faults on purpose: `--fault KIND:worker=W,at=STEP[:N]`, several with `;` between them. Part of the normal
// build, so that what recovers in a test is what runs in production.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/slice.hpp"
#include "core/task.hpp"

namespace thresh::engine {

enum class FaultKind {
  Kill,     // SIGKILL to itself
  Stop,     // SIGSTOP to itself
  Hang,     // never returns, never polls
  Throw,    // throws as user code would
  Corrupt,  // flips one bit of the step's bytes
  Drop,     // loses one record of the step
  Term,     // SIGTERM to itself
  Segv,     // SIGSEGV to itself
  Full,     // from now on no file can grow: every write fails (RLIMIT_FSIZE)
  Short,    // the same past 4 KiB, so that the first write is cut short
  Pause,    // goes on half a second later: no fault, but another order of events
};

// A named place in the engine, and all that is known about drills there.
struct DrillStep {
  std::string_view name;
  std::string_view what;  // what happens there
  bool rank_0;            // rank 0 gets there, even when it directs others
  bool workers;           // workers do; rank 0 alone is one of them
  // At every step but `part` a rank can die, stop, hang or throw. These depend on what the step has at hand:
  bool corrupts = false;
  bool drops = false;
  bool bytes_alone = false;  // it can be corrupted, and nothing else happens
  bool in_job = false;       // there is such a step only where the others go on without a lost rank
};
// In the order of a job.
const std::vector<DrillStep>& drill_steps();
// The kinds of fault that make sense at the step, by name; a pause does anywhere.
std::vector<std::string_view> kinds_at(const DrillStep& step);

// A rank's drills. A step is a named place in the engine; each visit of it is counted from 1.
class FaultDrill {
 public:
  // No fault.
  FaultDrill() = default;
  // Throws Error{Usage} naming what is wrong with the spec. An empty spec is no fault. `marks`: a directory
  // in which a fault that struck leaves its mark, so that it strikes once a job; empty: it always does.
  FaultDrill(std::string_view spec, WorkerId self, std::string marks = {});

  static std::vector<std::string_view> kinds();

  // At a step: kills, stops, hangs or throws if that is the fault. Call it where the step begins.
  void reach(std::string_view step);
  // At a step that has bytes: also corrupts.
  void reach(std::string_view step, char* bytes, std::size_t size);
  // Whether the record at hand is to be lost.
  bool drops(std::string_view step) { return !plans_.empty() && strikes_with(FaultKind::Drop, step); }
  // Whether bytes of this step are to be corrupted, now or later.
  bool will_corrupt(std::string_view step) const;
  // Whether what was written at this step is to be damaged by the caller.
  bool corrupts(std::string_view step) { return !plans_.empty() && strikes_with(FaultKind::Corrupt, step); }

 private:
  struct Plan {
    std::string spec;
    FaultKind kind = FaultKind::Kill;
    std::string step;
    std::uint64_t visit = 1;
    std::uint64_t visits = 0;
  };
  void add(std::string_view spec, WorkerId self);
  bool due(Plan& plan, std::string_view step) const;
  bool strikes_with(FaultKind kind, std::string_view step);
  static void strike(const Plan& plan);
  bool leaves_mark(const Plan& plan) const;

  std::vector<Plan> plans_;  // those that are for this worker
  std::string marks_;
};

// What a caller does when a drill says so.
// Loses the first row of the first slice that has one.
void lose_a_row(std::vector<Slice>& slices, ChunkPool& pool, const RowFormat& format);
// Flips a bit in the middle of the file. Throws std::runtime_error when it cannot.
void flip_a_bit(const std::string& path);

}  // namespace thresh::engine
