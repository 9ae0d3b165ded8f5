// Runs a scenario and says whether it broke a rule.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "schedule/machine.hpp"
#include "simulation/scenario.hpp"

namespace thresh::simulation {

struct Verdict {
  std::optional<std::string> violation;
  std::string ended;  // "published", or why not
  bool published = false;
  std::uint64_t events = 0;
  std::uint32_t recoveries = 0;
  std::uint32_t restarts = 0;
  std::uint64_t ignored = 0;
  Time time{};
};

// The rules: every run ends within its bounds; what is published holds every split exactly once in every
// part; a job that did not publish has a fault that explains it, and the failure says so; no worker is
// declared lost without a fault; every worker that lives is dismissed; a start uses every good run file.
// `transcript` may be null.
Verdict run_scenario(const Scenario& scenario, std::ostream* transcript);

}  // namespace thresh::simulation
