#include "engine/fault_drill.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "engine/logging.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh::engine {
namespace {

constexpr std::pair<std::string_view, FaultKind> kKinds[] = {
    {"kill", FaultKind::Kill},         {"stop", FaultKind::Stop},       {"hang", FaultKind::Hang},
    {"throw", FaultKind::Throw},       {"corrupt", FaultKind::Corrupt}, {"drop", FaultKind::Drop},
    {"term", FaultKind::Term},         {"segv", FaultKind::Segv},       {"enospc", FaultKind::Full},
    {"short-write", FaultKind::Short}, {"pause", FaultKind::Pause},
};

// Every write that would make a file longer than this fails from now on, as on a full disk.
void limit_files(rlim_t bytes) {
  const rlimit limit{bytes, bytes};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("fault drill: setrlimit failed");
}

[[noreturn]] void refuse(std::string_view spec, const std::string& why) {
  std::vector<std::string_view> names;
  for (const DrillStep& step : drill_steps()) names.push_back(step.name);
  throw Error(
      ExitCode::Usage,
      fmt::format(
          "--fault '{}': {}; expected KIND:worker=W,at=STEP[:N] with KIND one of {} and STEP one of {}", spec,
          why, fmt::join(FaultDrill::kinds(), ", "), fmt::join(names, ", ")));
}

std::uint64_t number(std::string_view spec, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse(spec, fmt::format("'{}' is not a number", text));
  }
  return value;
}

}  // namespace

std::vector<std::string_view> FaultDrill::kinds() {
  std::vector<std::string_view> names;
  for (const auto& [name, kind] : kKinds) names.push_back(name);
  return names;
}

FaultDrill::FaultDrill(std::string_view spec, WorkerId self, std::string marks) : marks_(std::move(marks)) {
  while (!spec.empty()) {
    const std::string_view one = spec.substr(0, spec.find(';'));
    add(one, self);
    spec.remove_prefix(std::min(spec.size(), one.size() + 1));
  }
}

void FaultDrill::add(std::string_view spec, WorkerId self) {
  const std::size_t colon = spec.find(':');
  if (colon == std::string_view::npos) refuse(spec, "there is no ':'");
  const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& known) {
    return known.first == spec.substr(0, colon);
  });
  if (kind == std::end(kKinds))
    refuse(spec, fmt::format("'{}' is not a kind of fault", spec.substr(0, colon)));
  std::optional<std::uint64_t> worker;
  Plan plan;
  plan.spec = spec;
  plan.kind = kind->second;
  for (std::string_view rest = spec.substr(colon + 1); !rest.empty();) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    if (item.starts_with("worker=")) {
      worker = number(spec, item.substr(7));
    } else if (item.starts_with("at=")) {
      const std::string_view at = item.substr(3);
      const std::size_t visit = at.find(':');
      plan.step = at.substr(0, visit);
      if (visit != std::string_view::npos) plan.visit = number(spec, at.substr(visit + 1));
    } else {
      refuse(spec, fmt::format("'{}' is neither worker= nor at=", item));
    }
  }
  if (!worker) refuse(spec, "worker= is missing");
  const bool known = std::any_of(drill_steps().begin(), drill_steps().end(),
                                 [&](const DrillStep& step) { return step.name == plan.step; });
  if (!known) {
    refuse(spec, fmt::format("'{}' is not a step", plan.step));
  }
  if (*worker == self) plans_.push_back(std::move(plan));
}

bool FaultDrill::will_corrupt(std::string_view step) const {
  return std::any_of(plans_.begin(), plans_.end(),
                     [&](const Plan& plan) { return plan.kind == FaultKind::Corrupt && plan.step == step; });
}

bool FaultDrill::due(Plan& plan, std::string_view step) const {
  return plan.step == step && ++plan.visits == plan.visit && leaves_mark(plan);
}

bool FaultDrill::leaves_mark(const Plan& plan) const {
  // There is no job directory any more when the ranks leave.
  if (marks_.empty() || plan.step == "leave") return true;
  storage::make_directories(marks_);
  const std::string mark = marks_ + "/" + storage::hex64(hash_bytes(plan.spec));
  if (storage::link_status(mark)) return false;
  storage::create_new(mark);
  return true;
}

void FaultDrill::strike(const Plan& plan) {
  // Tests read this line to know that the fault happened where they asked for it.
  log_warning(fmt::format("fault drill: {} {}", plan.step, plan.visit));
  switch (plan.kind) {
    case FaultKind::Kill:
      kill(getpid(), SIGKILL);
      break;
    case FaultKind::Stop:
      kill(getpid(), SIGSTOP);
      break;
    case FaultKind::Hang:
      for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
    case FaultKind::Term:
      kill(getpid(), SIGTERM);
      break;
    case FaultKind::Segv:
      raise(SIGSEGV);  // of this thread
      break;
    case FaultKind::Full:
      limit_files(0);
      break;
    case FaultKind::Short:
      limit_files(4096);
      break;
    case FaultKind::Pause:
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      break;
    case FaultKind::Throw:
      throw std::runtime_error("fault drill");
    case FaultKind::Corrupt:
    case FaultKind::Drop:
      break;  // for the caller
  }
}

void FaultDrill::reach(std::string_view step) {
  for (Plan& plan : plans_) {
    if (plan.kind == FaultKind::Corrupt || plan.kind == FaultKind::Drop) continue;
    if (due(plan, step)) strike(plan);
  }
}

void FaultDrill::reach(std::string_view step, char* bytes, std::size_t size) {
  if (size > 0 && corrupts(step)) bytes[size / 2] = static_cast<char>(bytes[size / 2] ^ 1);
  reach(step);
}

bool FaultDrill::strikes_with(FaultKind kind, std::string_view step) {
  for (Plan& plan : plans_) {
    if (plan.kind != kind || !due(plan, step)) continue;
    strike(plan);
    return true;
  }
  return false;
}

void lose_a_row(std::vector<Slice>& slices, ChunkPool& pool, const RowFormat& format) {
  for (Slice& slice : slices) {
    SliceCursor cursor(slice, format);
    Row row;
    if (!cursor.next(row)) continue;
    Slice rest;
    if (slice.loose()) rest.set_loose();
    if (slice.staged()) rest.set_staged();
    while (cursor.next(row)) rest.append(pool, format, row.key, row.value);
    slice = std::move(rest);
    return;
  }
}

void flip_a_bit(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(0, std::ios::end);
  const std::streamoff middle = file.tellg() / 2;
  file.seekg(middle);
  const int byte = file.get();
  file.seekp(middle);
  file.put(static_cast<char>(byte ^ 1));
  file.close();
  if (!file) throw std::runtime_error("fault drill: cannot damage " + path);
}

}  // namespace thresh::engine
