#include "cli/drill_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
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
  return step == "map" || step == "reduce" || step == "assign" ? 2 : 1;
}

// One process has no peers: nobody notices that it is stopped, and nothing travels that could be damaged.
bool is_felt(std::string_view kind, std::string_view step, std::uint32_t ranks) {
  return ranks > 1 || (kind != "stop" && (kind != "corrupt" || step != "shuffle"));
}

struct Candidate {
  std::pair<std::uint64_t, std::string> order;  // among equals
  std::vector<std::size_t> pairs;               // by number
  DrillCase drill;
};

std::array<std::string, 4> pairs_of(const DrillCase& c) {
  return {fmt::format("step {} kind {}", c.step, c.kind), fmt::format("step {} worker {}", c.step, c.worker),
          fmt::format("kind {} restart {} {}", c.kind, c.restart_ranks,
                      c.second_step == c.step ? "two" : c.second_step),
          fmt::format("job {} step {}", c.job, c.step)};
}

}  // namespace

std::string DrillCase::fault() const {
  const std::string first = fmt::format("{}:worker={},at={}:{}", kind, worker, step, visit_of(step));
  if (second_step.empty()) return first;
  return fmt::format("{};{}:worker={},at={}:{}", first, second_step == step ? kind : "kill", second_worker,
                     second_step, visit_of(second_step));
}

std::string DrillCase::name() const {
  return fmt::format("{}/{}/ranks={},then={}", job, fault(), ranks, restart_ranks);
}

std::vector<DrillCase> drill_matrix(const std::vector<std::string>& jobs, std::uint32_t ranks) {
  const std::set<std::uint32_t> restarts{1, ranks - 1, ranks, 2 * ranks};
  std::vector<DrillCase> cases;
  for (const std::string& job : jobs) {
    for (const engine::DrillStep& step : engine::drill_steps()) {
      if (step.in_job) continue;
      for (const std::string_view kind : engine::kinds_at(step)) {
        for (std::uint32_t worker = 0; worker < ranks; ++worker) {
          if (worker > 0 && !step.workers) continue;
          const std::uint32_t struck = worker == 0 && !step.rank_0 ? 1 : ranks;
          if (!is_felt(kind, step.name, struck)) continue;
          for (const std::uint32_t restart : restarts) {
            cases.push_back({job, std::string(step.name), std::string(kind), worker, struck, restart});
          }
        }
      }
    }
  }
  return cases;
}

std::vector<DrillCase> in_job_matrix(const std::vector<std::string>& jobs, std::uint32_t ranks) {
  std::vector<DrillCase> cases;
  for (const std::string& job : jobs) {
    for (const engine::DrillStep& step : engine::drill_steps()) {
      // What there is to recover from is struck first.
      if (step.in_job || step.bytes_alone) continue;
      for (const std::string_view kind : {"kill", "stop", "hang", "term", "segv"}) {
        for (std::uint32_t worker = 0; worker < ranks; ++worker) {
          if (worker == 0 ? !step.rank_0 : !step.workers) continue;
          const std::uint32_t other = worker % (ranks - 1) + 1;
          const DrillCase alone{job, std::string(step.name), std::string(kind), worker, ranks, ranks};
          cases.push_back(alone);
          cases.push_back(alone);
          cases.back().second_worker = other;
          cases.back().second_step = "recover";
          if (!step.workers) continue;
          cases.push_back(alone);
          cases.back().second_worker = other;
          cases.back().second_step = step.name;
        }
      }
    }
  }
  return cases;
}

std::vector<DrillCase> drill_sample(std::vector<DrillCase> cases, std::uint64_t seed, std::size_t most) {
  std::vector<Candidate> left;
  std::map<std::string, std::size_t> numbers;  // of pairs
  for (DrillCase& c : cases) {
    const std::string name = c.name();
    Candidate candidate{{hash_bytes(name, seed), name}, {}, std::move(c)};
    for (const std::string& pair : pairs_of(candidate.drill)) {
      candidate.pairs.push_back(numbers.try_emplace(pair, numbers.size()).first->second);
    }
    left.push_back(std::move(candidate));
  }
  std::sort(left.begin(), left.end(),
            [](const Candidate& a, const Candidate& b) { return a.order < b.order; });
  std::vector<bool> covered(numbers.size());
  const auto gain = [&](const Candidate& c) {
    return std::count_if(c.pairs.begin(), c.pairs.end(), [&](std::size_t pair) { return !covered[pair]; });
  };
  std::vector<DrillCase> chosen;
  while (chosen.size() < most && !left.empty()) {
    const auto best = std::max_element(
        left.begin(), left.end(), [&](const Candidate& a, const Candidate& b) { return gain(a) < gain(b); });
    if (gain(*best) == 0) break;
    for (const std::size_t pair : best->pairs) covered[pair] = true;
    chosen.push_back(std::move(best->drill));
    left.erase(best);
  }
  for (auto next = left.begin(); chosen.size() < most && next != left.end(); ++next) {
    chosen.push_back(std::move(next->drill));
  }
  return chosen;
}

}  // namespace thresh::cli
