#include "schedule/result_aggregator.hpp"

#include <string>

#include "schedule/cover.hpp"
#include "support/catch.hpp"

namespace {

using namespace thresh;
using namespace thresh::schedule;

// One split with two emits of weight 30 in all, one into each partition.
Job balanced_job() {
  Job job;
  job.adopt(JobPlan{{InputFile{"a", 10, 0}}, {Split{0, 0, 10}}, 2});
  job.options.conserves_weight = true;
  job.signatures[0] = SplitSignature{0, 1, 2, 77, 30};
  for (PartitionId partition = 0; partition < 2; ++partition) {
    job.sums[partition] = PartitionSums{1, 5 + partition};
    PartSummary part;
    part.partition = partition;
    part.input_rows = 1;
    part.input_hash_sum = 5 + partition;
    part.cover_digest = cover_digest(job);
    part.weight = 10 + 10 * partition;
    job.parts[partition] = part;
  }
  return job;
}

std::string objection(const Job& job) {
  const auto failure = check_ledger(job);
  return failure ? failure->what : "";
}

TEST_CASE("a ledger that balances has no objections") {
  REQUIRE(objection(balanced_job()).empty());
}

TEST_CASE("a part that took in other rows than its runs held is named with both numbers") {
  Job job = balanced_job();
  job.parts[1]->input_rows = 3;
  REQUIRE(objection(job) ==
          "the ledger does not balance: rows of partition 1: 1 went in, 3 came out; nothing was published. "
          "What this run kept may be wrong: to begin anew, give --fresh");
  REQUIRE(check_ledger(job)->code == 70);
}

TEST_CASE("a flipped byte shows in the hash sum of its partition") {
  Job job = balanced_job();
  job.parts[0]->input_hash_sum ^= 1;
  REQUIRE(objection(job).find("hash sum of partition 0") != std::string::npos);
}

TEST_CASE("a part made from another cover is refused") {
  Job job = balanced_job();
  job.parts[0]->cover_digest ^= 1;
  REQUIRE(objection(job).find("cover of partition 0") != std::string::npos);
}

TEST_CASE("a part that was never committed is refused") {
  Job job = balanced_job();
  job.parts[1].reset();
  REQUIRE(objection(job).find("partition 1 was never committed") != std::string::npos);
}

TEST_CASE("a weight that is not conserved is refused, if the job conserves one") {
  Job job = balanced_job();
  job.parts[0]->weight += 1;
  REQUIRE(objection(job).find("weight of emits and lines: 30 went in, 31 came out") != std::string::npos);
  job.options.conserves_weight = false;
  REQUIRE(objection(job).empty());
}

TEST_CASE("without a combiner as many rows are reduced as were emitted") {
  Job job = balanced_job();
  job.sums[0].rows = job.parts[0]->input_rows = 2;
  REQUIRE(objection(job).find("emits and rows reduced: 2 went in, 3 came out") != std::string::npos);
  job.options.combines = true;
  REQUIRE(objection(job).empty());
}

}  // namespace
