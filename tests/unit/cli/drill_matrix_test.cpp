#include "cli/drill_matrix.hpp"

#include <set>
#include <string>
#include <vector>

#include "cli/drill_report.hpp"
#include "engine/fault_drill.hpp"
#include "support/property.hpp"

using thresh::cli::drill_matrix;
using thresh::cli::drill_sample;
using thresh::cli::DrillCase;

namespace {

const std::vector<std::string> kJobs{"wordcount", "sum"};

std::set<std::string> pairs(const std::vector<DrillCase>& cases) {
  std::set<std::string> all;
  for (const DrillCase& c : cases) {
    all.insert(c.step + " " + c.kind);
    all.insert(c.step + " worker " + std::to_string(c.worker));
    all.insert(c.kind + " then " + std::to_string(c.restart_ranks));
    all.insert(c.job + " at " + c.step);
  }
  return all;
}

}  // namespace

TEST_CASE("every case of the matrix is one that a job accepts and that has a name of its own") {
  std::set<std::string> names;
  for (const DrillCase& c : drill_matrix(kJobs, 4)) {
    CHECK_NOTHROW(thresh::engine::FaultDrill(c.fault(), 0));
    CHECK(c.worker < c.ranks);
    CHECK(names.insert(c.name()).second);
    CHECK(c.name().find(' ') == std::string::npos);
  }
  CHECK(names.size() > 1000);
}

TEST_CASE("the matrix has every step, every worker and every number of ranks to restart on") {
  const auto all = pairs(drill_matrix(kJobs, 3));
  for (const auto& step : thresh::engine::drill_steps()) {
    if (step.in_job) {
      CHECK_FALSE(all.contains(std::string(step.name) + " kill"));
      continue;
    }
    for (const std::string_view kind : thresh::engine::kinds_at(step)) {
      CHECK(all.contains(std::string(step.name) + " " + std::string(kind)));
    }
    CHECK(all.contains(std::string(step.name) + " worker 0"));
    CHECK(all.contains(std::string(step.name) + " worker 2") == step.workers);
  }
  for (const char* ranks : {"1", "2", "3", "6"}) CHECK(all.contains(std::string("kill then ") + ranks));
}

TEST_CASE("where the others go on, each fault comes alone, twice at once and again during the recovery") {
  std::set<std::string> names;
  std::set<std::string> seconds;
  for (const DrillCase& c : thresh::cli::in_job_matrix(kJobs, 4)) {
    CHECK_NOTHROW(thresh::engine::FaultDrill(c.fault(), 0));
    CHECK(names.insert(c.name()).second);
    CHECK(c.restart_ranks == c.ranks);
    if (c.second_step.empty()) continue;
    CHECK(c.second_worker != c.worker);
    CHECK(c.second_worker < c.ranks);
    seconds.insert(c.second_step == c.step ? "two at once" : c.second_step);
  }
  CHECK(seconds == std::set<std::string>{"two at once", "recover"});
  CHECK(names.contains("sum/kill:worker=3,at=map:2;kill:worker=1,at=map:2/ranks=4,then=4"));
  CHECK(names.contains("sum/stop:worker=0,at=publish:1;kill:worker=1,at=recover:1/ranks=4,then=4"));
}

TEST_CASE("a process alone is not given what only others would feel") {
  std::set<std::string> alone;
  std::set<std::string> with_others;
  for (const DrillCase& c : drill_matrix(kJobs, 3))
    (c.ranks == 1 ? alone : with_others).insert(c.kind + " " + c.step);
  CHECK(!alone.contains("stop map"));
  CHECK(!alone.contains("corrupt shuffle"));
  CHECK(alone.contains("kill shuffle"));
  CHECK(alone.contains("corrupt part"));
  CHECK(with_others.contains("stop map"));
  CHECK(with_others.contains("corrupt shuffle"));
}

TEST_CASE("a tenth of the cases covers every pair, and a smaller sample begins a larger one") {
  const auto cases = drill_matrix(kJobs, 3);
  const auto all = pairs(cases);
  thresh::test::holds([&](std::uint64_t seed) {
    const auto tenth = drill_sample(cases, seed, cases.size() / 10);
    RC_ASSERT(pairs(tenth) == all);
    const auto few = drill_sample(cases, seed, 20);
    RC_ASSERT(few.size() == 20U);
    for (std::size_t i = 0; i < few.size(); ++i) RC_ASSERT(few[i].name() == tenth[i].name());
  });
}

TEST_CASE("a sample as large as the matrix is the matrix") {
  const auto cases = drill_matrix(kJobs, 3);
  std::set<std::string> names;
  for (const DrillCase& c : drill_sample(cases, 7, cases.size())) names.insert(c.name());
  CHECK(names.size() == cases.size());
}

TEST_CASE("another seed draws another sample") {
  const auto cases = drill_matrix(kJobs, 3);
  CHECK(drill_sample(cases, 1, 1).front().name() != drill_sample(cases, 2, 1).front().name());
}

TEST_CASE("the table counts what was run and what passed of it") {
  const std::vector<DrillCase> cases{{"sum", "map", "kill", 1, 3, 1},
                                     {"sum", "map", "kill", 2, 3, 1},
                                     {"sum", "map", "kill", 1, 3, 2},
                                     {"sum", "plan", "throw", 0, 3, 1}};
  const std::string table = thresh::cli::drill_table(
      cases, {{cases[0].name(), ""}, {cases[1].name(), "it hung"}, {cases[3].name(), ""}, {"other", ""}});
  CHECK(table.starts_with("| step | kill | throw |\n|---|---|---|\n"));
  CHECK(table.find("| map | 1/2 |  |") != std::string::npos);
  CHECK(table.find("| plan |  | 1/1 |") != std::string::npos);
  CHECK(table.find("| seal |  |  |") != std::string::npos);
}
