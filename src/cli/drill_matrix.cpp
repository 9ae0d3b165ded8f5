#include "cli/drill_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "engine/fault_drill.hpp"
#include "thresh/hash.hpp"

namespace thresh::cli {
namespace {

// The visit that the fault waits for. What a worker surely does twice is struck at the second time, when
// there is something to lose.
int visit_of(std::string_view step) {
  return step == "map" || step == "reduce" ? 2 : 1;
}

// One process has no peers: nobody notices that it is stopped.
bool ends_by_itself(std::string_view kind, std::uint32_t ranks) {
  return kind != "stop" || ranks > 1;
}

using Pairs = std::array<std::string, 4>;

Pairs pairs_of(const DrillCase& c) {
  return {fmt::format("step {} kind {}", c.step, c.kind), fmt::format("step {} worker {}", c.step, c.worker),
          fmt::format("kind {} restart {}", c.kind, c.restart_ranks),
          fmt::format("job {} step {}", c.job, c.step)};
}

}  // namespace

std::string DrillCase::fault() const {
  return fmt::format("{}:worker={},at={}:{}", kind, worker, step, visit_of(step));
}

std::string DrillCase::name() const {
  return fmt::format("{}/{}/ranks={},then={}", job, fault(), ranks, restart_ranks);
}

std::vector<DrillCase> drill_matrix(const std::vector<std::string>& jobs, std::uint32_t ranks) {
  const std::set<std::uint32_t> restarts{1, ranks - 1, ranks, 2 * ranks};
  std::vector<DrillCase> cases;
  for (const std::string& job : jobs) {
    for (const engine::DrillStep& step : engine::drill_steps()) {
      for (const std::string_view kind : engine::kinds_at(step)) {
        for (std::uint32_t worker = 0; worker < ranks; ++worker) {
          if (worker > 0 && !step.workers) continue;
          const std::uint32_t struck = worker == 0 && !step.rank_0 ? 1 : ranks;
          if (!ends_by_itself(kind, struck)) continue;
          for (const std::uint32_t restart : restarts) {
            cases.push_back({job, std::string(step.name), std::string(kind), worker, struck, restart});
          }
        }
      }
    }
  }
  return cases;
}

std::vector<DrillCase> drill_sample(std::vector<DrillCase> cases, std::uint64_t seed, std::size_t most) {
  std::sort(cases.begin(), cases.end(), [&](const DrillCase& a, const DrillCase& b) {
    const std::string left = a.name();
    const std::string right = b.name();
    return std::pair(hash_bytes(left, seed), left) < std::pair(hash_bytes(right, seed), right);
  });
  std::set<std::string> covered;
  const auto gain = [&](const DrillCase& c) {
    const Pairs pairs = pairs_of(c);
    return std::count_if(pairs.begin(), pairs.end(),
                         [&](const auto& pair) { return !covered.contains(pair); });
  };
  std::vector<DrillCase> chosen;
  while (chosen.size() < most && !cases.empty()) {
    const auto best =
        std::max_element(cases.begin(), cases.end(),
                         [&](const DrillCase& a, const DrillCase& b) { return gain(a) < gain(b); });
    if (gain(*best) == 0) break;
    for (std::string& pair : pairs_of(*best)) covered.insert(std::move(pair));
    chosen.push_back(std::move(*best));
    cases.erase(best);
  }
  return chosen;
}

}  // namespace thresh::cli
