#include "schedule/wave_planner.hpp"

#include <cstdint>
#include <map>
#include <vector>

#include <rapidcheck.h>

#include "support/catch.hpp"

namespace {

using namespace thresh;
using namespace thresh::schedule;

TEST_CASE("a job goes in eight waves, unless they would be small or their plans large") {
  constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
  PartitionBytes sizes;
  for (PartitionId p = 0; p < 64; ++p) sizes.emplace_back(p, kGiB / 64 + 1000 * (p % 7));
  CHECK(choose_wave(sizes, {1, 2}, usual_wave(kGiB, 2)).size() == 8);
  CHECK(usual_wave(kGiB, 200) == std::uint64_t{8} << 20);
  CHECK(usual_wave(kGiB, 1) == UINT64_MAX);
  CHECK(usual_wave(1000 * kGiB, 10'000) == UINT64_MAX);
}

TEST_CASE("the largest partition goes first, to the least loaded worker") {
  REQUIRE(assign_owners({{0, 1}, {1, 5}, {2, 4}, {3, 3}}, {1, 2}) ==
          PartitionOwners{{0, 1}, {1, 1}, {2, 2}, {3, 2}});
}

TEST_CASE("equal partitions go round, lower ids first") {
  REQUIRE(assign_owners({{0, 0}, {1, 0}, {2, 0}}, {3, 7}) == PartitionOwners{{0, 3}, {1, 7}, {2, 3}});
}

TEST_CASE("a wave takes as many partitions as every owner has room for") {
  REQUIRE(choose_wave({{0, 4}, {1, 4}, {2, 4}, {3, 4}, {4, 4}}, {1, 2}, 8).size() == 4);
  REQUIRE(choose_wave({{0, 4}, {1, 4}, {2, 4}}, {1, 2}, UINT64_MAX).size() == 3);
}

TEST_CASE("a partition larger than a wave travels alone") {
  REQUIRE(choose_wave({{3, 100}, {4, 1}}, {1}, 8) == PartitionOwners{{3, 1}});
}

TEST_CASE("no worker waits because partitions are larger than a wave") {
  REQUIRE(choose_wave({{0, 100}, {1, 90}, {2, 80}}, {1, 2}, 8) == PartitionOwners{{0, 1}, {1, 2}});
  REQUIRE(choose_wave({{0, 100}}, {1, 2}, 8) == PartitionOwners{{0, 1}});
}

TEST_CASE("no owner of a wave with more partitions than workers receives more than its bound") {
  REQUIRE(rc::check([](const std::vector<std::uint16_t>& bytes, std::uint16_t bound) {
    PartitionBytes sizes;
    for (const std::uint16_t size : bytes) sizes.emplace_back(static_cast<PartitionId>(sizes.size()), size);
    const PartitionOwners owners = choose_wave(sizes, {1, 2, 3}, bound);
    RC_ASSERT(owners.empty() == sizes.empty());
    std::map<WorkerId, std::uint64_t> load;
    for (std::size_t i = 0; i < owners.size(); ++i) {
      RC_ASSERT(owners[i].first == i);
      load[owners[i].second] += sizes[i].second;
    }
    for (const auto& [worker, received] : load) RC_ASSERT(owners.size() <= 3 || received <= bound);
  }));
}

TEST_CASE("the traffic of a wave is what the holders of runs send to the owners of partitions") {
  constexpr std::uint64_t kHeader = SliceSize::kHeaderBytes;
  Job job;
  job.adopt(JobPlan{{}, {}, 2});
  job.holdings = Holdings(2);
  RunSummary run;
  run.slices = {{1, 10, 5}, {1, 20, 6}};
  job.holdings.add(1, run);
  run.slices = {{2, 30, 7}, {0, 0, 0}};
  job.holdings.add(2, run);
  REQUIRE(uncommitted_bytes(job) == PartitionBytes{{0, 10 + 30 + 2 * kHeader}, {1, 20 + kHeader}});
  REQUIRE(job.holdings.sums(0) == PartitionSums{3, 12});
  const PartitionOwners owners{{0, 1}, {1, 2}};
  const Traffic traffic(job.holdings, owners, 3);
  REQUIRE(traffic.sent_by(1) == std::vector<std::uint64_t>{0, 10 + kHeader, 20 + kHeader});
  REQUIRE(traffic.sent_by(2) == std::vector<std::uint64_t>{0, 30 + kHeader, 0});
  REQUIRE(traffic.received_by(1) == std::vector<std::uint64_t>{0, 10 + kHeader, 30 + kHeader});
  REQUIRE(traffic.received_by(3).empty());
  REQUIRE(traffic.largest_pair() == 30 + kHeader);
  REQUIRE(traffic.most_received() == 30 + kHeader);
  const PartitionOwners one_owner{{0, 3}};
  const Traffic to_one(job.holdings, one_owner, 4);
  REQUIRE(to_one.largest_pair() == 30 + kHeader);
  REQUIRE(to_one.most_received() == 10 + 30 + 2 * kHeader);
}

}  // namespace
