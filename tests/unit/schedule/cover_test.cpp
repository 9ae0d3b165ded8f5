#include "schedule/cover.hpp"

#include <vector>

#include "support/catch.hpp"

namespace {

using namespace thresh;
using namespace thresh::schedule;

CoveredRun run_of(WorkerId holder, std::uint32_t sequence, const std::vector<SplitId>& splits) {
  CoveredRun item;
  item.holder = holder;
  item.run.id = RunId{1, holder, sequence};
  for (const SplitId split : splits) item.run.splits.push_back(SplitSignature{split, 1, 2, 3, 4});
  return item;
}

std::vector<RunId> ids(const std::vector<CoveredRun>& cover) {
  std::vector<RunId> list;
  for (const CoveredRun& item : cover) list.push_back(item.run.id);
  return list;
}

TEST_CASE("runs that share no split are all in the cover, in order of their ids") {
  REQUIRE(ids(choose_cover({run_of(2, 0, {3}), run_of(1, 1, {0, 1}), run_of(1, 0, {2})})) ==
          std::vector<RunId>{{1, 1, 0}, {1, 1, 1}, {1, 2, 0}});
}

TEST_CASE(
    "of two runs that overlap the one with more splits is kept, and what the other alone had is missing") {
  const auto cover = choose_cover({run_of(1, 0, {0, 1}), run_of(2, 0, {1, 2, 3})});
  REQUIRE(ids(cover) == std::vector<RunId>{{1, 2, 0}});
  REQUIRE(missing_splits(cover, 5) == std::vector<SplitId>{0, 4});
}

TEST_CASE("of two equal runs the one with the lower id is kept, whatever their order") {
  REQUIRE(ids(choose_cover({run_of(2, 0, {0}), run_of(1, 0, {0})})) == std::vector<RunId>{{1, 1, 0}});
  REQUIRE(ids(choose_cover({run_of(1, 0, {0}), run_of(2, 0, {0})})) == std::vector<RunId>{{1, 1, 0}});
}

TEST_CASE("the digest of a cover tells different signatures apart") {
  const std::vector<SplitSignature> signatures = {{0, 1, 2, 3, 4}, {1, 1, 2, 3, 4}};
  auto other = signatures;
  other[1].hash_sum = 5;
  REQUIRE(cover_digest(signatures) == cover_digest(signatures));
  REQUIRE(cover_digest(signatures) != cover_digest(other));
  other = signatures;
  other.pop_back();
  REQUIRE(cover_digest(signatures) != cover_digest(other));
}

TEST_CASE("a second signature of a split must equal the first") {
  Job job;
  job.adopt(JobPlan{{InputFile{"a", 10, 0}}, {Split{0, 0, 10}}, 1});
  REQUIRE_FALSE(note_signature(job, {0, 1, 2, 3, 4}));
  REQUIRE_FALSE(note_signature(job, {0, 1, 2, 3, 4}));
  REQUIRE(note_signature(job, {0, 1, 2, 9, 4})->what.find("a, bytes 0 to 10") != std::string::npos);
  REQUIRE(note_signature(job, {1, 1, 2, 3, 4})->code == 70);
}

}  // namespace
