// thresh_simulation: runs of the coordinator and the workers' books under faults, each from a seed.
//   thresh_simulation [--runs N] [--first-seed S] [--large]   a failure prints its seed
//   thresh_simulation --seed N [--large]                      one run, with its transcript
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "simulation/judge.hpp"
#include "simulation/text.hpp"

namespace {

using namespace thresh::simulation;

struct Options {
  std::uint64_t runs = 0;
  std::uint64_t first_seed = 1;
  std::optional<std::uint64_t> replay;
  bool large = false;
};

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--large") {
      options.large = true;
      continue;
    }
    if (i + 1 == argc) return std::nullopt;
    char* end = nullptr;
    const std::uint64_t value = std::strtoull(argv[++i], &end, 10);
    if (*end != '\0') return std::nullopt;
    if (name == "--runs") {
      options.runs = value;
    } else if (name == "--first-seed") {
      options.first_seed = value;
    } else if (name == "--seed") {
      options.replay = value;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

bool report(const Verdict& verdict, std::uint64_t seed, const char* program, bool large) {
  if (!verdict.violation) return true;
  std::cerr << "seed " << seed << ": " << *verdict.violation << "\n  ended: " << verdict.ended
            << "\n  replay: " << program << " --seed " << seed << (large ? " --large" : "") << "\n";
  return false;
}

int replay(const Options& options, const char* program) {
  const std::uint64_t seed = *options.replay;
  const Scenario scenario = options.large ? large_scenario(seed) : small_scenario(seed);
  if (options.large) {
    std::cout << "seed " << seed << ": a large run is not transcribed\n";
  } else {
    std::cout << "seed " << seed << ": " << scenario.workers.size() << " workers, " << scenario.inputs.size()
              << " inputs, " << scenario.options.partitions << " partitions\n";
  }
  for (const Fault& fault : scenario.faults) std::cout << "fault: " << fault_text(fault) << "\n";
  const Verdict verdict = run_scenario(scenario, options.large ? nullptr : &std::cout);
  std::cout << verdict.ended << " after " << text_of(verdict.time) << " s, " << verdict.events << " events, "
            << verdict.recoveries << " recoveries, " << verdict.restarts << " restarts, " << verdict.ignored
            << " messages ignored\n";
  return report(verdict, seed, program, options.large) ? 0 : 1;
}

// Stops at the first run that breaks a rule.
int run_many(const Options& options, const char* program) {
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t events = 0;
  std::uint64_t published = 0;
  std::uint64_t recoveries = 0;
  std::uint64_t restarts = 0;
  for (std::uint64_t seed = options.first_seed; seed < options.first_seed + options.runs; ++seed) {
    const Verdict verdict = run_scenario(small_scenario(seed), nullptr);
    if (!report(verdict, seed, program, false)) return 1;
    events += verdict.events;
    published += verdict.published ? 1 : 0;
    recoveries += verdict.recoveries;
    restarts += verdict.restarts;
  }
  if (options.large) {
    const Verdict verdict = run_scenario(large_scenario(options.first_seed), nullptr);
    if (!report(verdict, options.first_seed, program, true)) return 1;
    std::cout << "large run: " << verdict.ended << " after " << text_of(verdict.time) << " s, "
              << verdict.events << " events, " << verdict.recoveries << " recoveries\n";
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  std::cout << options.runs << " runs: " << published << " published, " << recoveries << " recoveries, "
            << restarts << " restarts, " << events << " events; took " << taken.count() << " s\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Options> options = parse(argc, argv);
  if (!options) {
    std::cerr << "usage: thresh_simulation [--runs N] [--first-seed S] [--large] | --seed N [--large]\n";
    return 64;
  }
  return options->replay ? replay(*options, argv[0]) : run_many(*options, argv[0]);
}
