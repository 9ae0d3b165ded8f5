#include "engine/progress_display.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "engine/logging.hpp"

namespace thresh::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kBarInterval = 200ms;
constexpr std::chrono::nanoseconds kLineInterval = 30s;
constexpr std::size_t kBarWidth = 30;

// Under mpirun a rank's stderr is a pipe to mpirun, so whether a person watches is seen at mpirun's stderr:
// it is the parent of a local rank 0. Without mpirun the parent is a shell, and its terminal is not where our
// stderr goes.
bool person_watches() {
  if (isatty(STDERR_FILENO) == 1) return true;
  if (std::getenv("OMPI_COMM_WORLD_RANK") == nullptr) return false;
  std::array<char, 64> target{};
  const std::string link = fmt::format("/proc/{}/fd/2", getppid());
  const ssize_t length = readlink(link.c_str(), target.data(), target.size() - 1);
  if (length <= 0) return false;
  const std::string_view name(target.data(), static_cast<std::size_t>(length));
  return name.starts_with("/dev/pts/") || name.starts_with("/dev/tty");
}

// How much of the phase at hand is done: (done, all, unit).
struct Step {
  std::uint64_t done;
  std::uint64_t all;
  const char* unit;
};
Step step_of(const schedule::Job& job) {
  if (job.phase == "map") return {job.metrics.tasks().done, job.plan.splits.size(), "splits"};
  return {job.metrics.tasks().parts, job.plan.partitions, "parts"};
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> units = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string describe_progress(const schedule::Job& job, std::chrono::nanoseconds elapsed) {
  std::uint64_t bytes = 0;
  for (const auto& [worker, stats] : job.metrics.workers()) bytes += stats.input_bytes;
  const Step step = step_of(job);
  const double seconds = std::max(0.001, std::chrono::duration<double>(elapsed).count());
  return fmt::format("{} {}/{} {}, {} read, {}/s, {} workers, {:.0f} s", job.phase, step.done, step.all,
                     step.unit, human_bytes(bytes),
                     human_bytes(static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds)),
                     job.pool.live().size() - job.pool.spares(), seconds);
}

ProgressDisplay::ProgressDisplay(const RunOptions& options) : style_(Style::Lines), next_(kLineInterval) {
  using Progress = RunOptions::Progress;
  if (options.quiet || options.progress == Progress::None) {
    style_ = Style::None;
  } else if (options.progress == Progress::Bar || (options.progress == Progress::Auto && person_watches())) {
    style_ = Style::Bar;
    next_ = kBarInterval;
  }
}

ProgressDisplay::~ProgressDisplay() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void ProgressDisplay::show(const schedule::Job& job, std::chrono::nanoseconds elapsed) {
  if (style_ == Style::None || elapsed < next_) return;
  const std::string text = describe_progress(job, elapsed);
  if (style_ == Style::Lines) {
    next_ = elapsed + kLineInterval;
    log_info(text);
    return;
  }
  next_ = elapsed + kBarInterval;
  const Step step = step_of(job);
  const std::size_t full =
      step.all == 0 ? 0 : std::min<std::size_t>(kBarWidth, kBarWidth * step.done / step.all);
  const std::string bar =
      fmt::format("\r\x1b[K[{}{}] {}", std::string(full, '#'), std::string(kBarWidth - full, '.'), text);
  std::fputs(bar.c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace thresh::engine
