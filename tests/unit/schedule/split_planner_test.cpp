#include "schedule/split_planner.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <rapidcheck.h>

#include "support/catch.hpp"

namespace {

using namespace thresh;
using namespace thresh::schedule;

constexpr std::uint64_t KiB = 1024;
constexpr std::uint64_t MiB = 1024 * KiB;
constexpr std::uint64_t GiB = 1024 * MiB;

JobPlan plan_of(std::vector<InputFile> inputs, const JobOptions& options = {}) {
  return std::get<JobPlan>(plan_splits(std::move(inputs), options));
}

TEST_CASE("split sizes grow with the input, from 64 KiB to 16 MiB") {
  REQUIRE(default_split_bytes(0) == 64 * KiB);
  REQUIRE(default_split_bytes(4 * MiB) == 64 * KiB);
  REQUIRE(default_split_bytes(4 * MiB + 1) == 128 * KiB);
  REQUIRE(default_split_bytes(GiB) == 16 * MiB);
  REQUIRE(default_split_bytes(UINT64_MAX) == 16 * MiB);
}

TEST_CASE("partitions grow with the input, from 1 to 4096") {
  REQUIRE(default_partitions(0) == 1);
  REQUIRE(default_partitions(4 * MiB) == 1);
  REQUIRE(default_partitions(4 * MiB + 1) == 2);
  REQUIRE(default_partitions(256 * MiB) == 64);
  REQUIRE(default_partitions(256 * MiB + 1) == 64);
  REQUIRE(default_partitions(4 * GiB) == 128);
  REQUIRE(default_partitions(UINT64_MAX) == 4096);
}

TEST_CASE("an option replaces its default") {
  JobOptions options;
  options.split_bytes = 10;
  options.partitions = 7;
  const JobPlan plan = plan_of({{"a", 25, 0}}, options);
  REQUIRE(plan.partitions == 7);
  REQUIRE(plan.splits == std::vector<Split>{{0, 0, 10}, {0, 10, 20}, {0, 20, 25}});
}

TEST_CASE("empty files and no files at all have no splits") {
  REQUIRE(plan_of({}).splits.empty());
  REQUIRE(plan_of({{"a", 0, 0}, {"b", 0, 0}}).splits.empty());
  REQUIRE(plan_of({}).partitions == 1);
}

TEST_CASE("a plan does not depend on the order in which the inputs were listed") {
  const JobPlan plan = plan_of({{"b", 5, 0}, {"a", 3, 0}});
  REQUIRE(plan.inputs.front().path == "a");
  REQUIRE(plan.splits == std::vector<Split>{{0, 0, 3}, {1, 0, 5}});
}

TEST_CASE("a split size that makes more than 2^31 splits is refused") {
  JobOptions options;
  options.split_bytes = 1;
  const auto planned = plan_splits({{"a", max_splits, 0}, {"b", 1, 0}}, options);
  REQUIRE(std::get<Failure>(planned).code == 64);
  REQUIRE(std::get<Failure>(planned).what.find("--split-size") != std::string::npos);
}

TEST_CASE("the splits of any plan cover every byte exactly once") {
  REQUIRE(rc::check([](const std::vector<std::uint32_t>& sizes) {
    std::vector<InputFile> inputs;
    for (const std::uint32_t size : sizes) inputs.push_back({"f" + std::to_string(inputs.size()), size, 0});
    JobOptions options;
    options.split_bytes = *rc::gen::inRange<std::uint64_t>(1'000'000, 100'000'000);
    RC_ASSERT(!check_splits(plan_of(inputs, options)));
  }));
}

TEST_CASE("splits that miss, repeat, or exceed the bytes of a file are found") {
  JobOptions options;
  options.split_bytes = 10;
  const JobPlan good = plan_of({{"a", 25, 0}, {"b", 10, 0}}, options);
  REQUIRE_FALSE(check_splits(good));
  const auto broken = [&](auto edit) {
    JobPlan plan = good;
    edit(plan.splits);
    return check_splits(plan).has_value();
  };
  using Splits = std::vector<Split>;
  REQUIRE(broken([](Splits& splits) { splits.erase(splits.begin() + 1); }));
  REQUIRE(broken([](Splits& splits) { splits.pop_back(); }));
  REQUIRE(broken([](Splits& splits) { splits.push_back(splits.back()); }));
  REQUIRE(broken([](Splits& splits) { splits[1].begin = 9; }));
  REQUIRE(broken([](Splits& splits) { splits[2].end = 26; }));
  REQUIRE(broken([](Splits& splits) { splits[2].end = 24; }));
  REQUIRE(broken([](Splits& splits) { splits[0].end = 0; }));
  REQUIRE(broken([](Splits& splits) { splits[3].file = 2; }));
  REQUIRE(broken([](Splits& splits) { std::swap(splits[0], splits[3]); }));
  REQUIRE(broken([](Splits& splits) { splits.clear(); }));
}

}  // namespace
