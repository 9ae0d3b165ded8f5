#include "storage/verify.hpp"

#include <algorithm>

#include "small_job.hpp"
#include "storage/clean.hpp"
#include "storage/found_runs.hpp"
#include "storage/run_file.hpp"
#include "storage/sealed_json.hpp"
#include "support/catch.hpp"
#include "support/runs.hpp"

namespace thresh::storage {
namespace {

using namespace test;

struct Stop {};

// Publishes as far as the given step. False: it got through.
bool publish_up_to(const std::string& output, int step, StartPolicy policy, const std::string& text) {
  int steps = 0;
  policy.at_step = [&](std::string_view) {
    if (steps++ == step) throw Stop{};
  };
  try {
    finish(output, small_identity(), text, policy);
  } catch (const Stop&) {
    return false;
  }
  return true;
}

std::string first_bad(const std::string& output) {
  const Verification report = verify(take_inventory(output), RowFormat(8));
  return report.bad.empty() ? "" : report.bad.front();
}

TEST_CASE("a publication that was stopped at any step verifies, and a part that it lost is named") {
  for (int step = 0; step < 30; ++step) {
    INFO("step " << step);
    const Scratch scratch;
    const std::string output = scratch / "out";
    const bool published = publish_up_to(output, step, quick(), "word");
    CHECK(first_bad(output) == "");
    const Inventory found = take_inventory(output);
    CHECK(found.foreign_in_output.empty());
    std::vector<std::string> parts{output + "/part-00001.tsv"};
    for (const FoundPart& part : found.parts) parts.push_back(found.paths.part(part.file));
    for (const std::string& path : parts) {
      if (!exists(path)) continue;
      const std::string was = slurp(path);
      scratch.write(path.substr(scratch.path().size() + 1), was + "x");
      CHECK(first_bad(output).find(path + " has") == 0);
      scratch.write(path.substr(scratch.path().size() + 1), was);
    }
    if (published) return;
  }
  FAIL("publication has more steps than this test tries");
}

TEST_CASE("a replacement under way verifies as the old output and the new job") {
  const Scratch scratch;
  const std::string output = scratch / "out";
  finish(output, small_identity(), "old", quick());
  CHECK_FALSE(publish_up_to(output, 0, quick(false, true), "new"));
  CHECK(first_bad(output) == "");
  const Inventory found = take_inventory(output);
  CHECK(found.finished);
  CHECK(found.job);
  CHECK_FALSE(found.leftovers);
  CHECK(std::all_of(found.parts.begin(), found.parts.end(),
                    [&](const FoundPart& part) { return found.is_committed(part); }));
}

TEST_CASE("an inventory tells a job, an output and what is neither") {
  const Scratch scratch;
  CHECK(thrown_by([&] { take_inventory(scratch / "absent"); }).code == ExitCode::NoInput);
  scratch.write("foreign/_SUCCESS", "");
  CHECK(thrown_by([&] { take_inventory(scratch / "foreign"); }).code == ExitCode::NoInput);
  scratch.make_directory("strange/.thresh/mine");
  CHECK(thrown_by([&] { take_inventory(scratch / "strange"); }).code == ExitCode::NoInput);
  scratch.write("emptied/_SUCCESS", "");
  scratch.write("emptied/metrics.json", R"({"schema_version": 1, "job_id": "x"})");
  CHECK(first_bad(scratch / "emptied").find("_SUCCESS is damaged") != std::string::npos);
}

TEST_CASE("run files are looked for in .thresh and where the checkpoint's pointer says") {
  const Scratch scratch;
  const std::string output = scratch / "out";
  auto opened = JobDirectory::open(output, small_identity(), quick());
  const std::string first = opened.directory->make_run_directory("");
  const std::string second = opened.directory->make_run_directory(scratch / "fast");
  CHECK(second == scratch / "fast" + "/" + opened.job_id);
  const std::string name = run_file_name(opened.job_id, {1, 1, 0});
  const std::string other = run_file_name(opened.job_id, {2, 1, 0});
  scratch.write("out/.thresh/runs/" + name, "");
  scratch.write("fast/" + opened.job_id + "/" + other, "");
  scratch.write("fast/not-ours", "");
  CHECK(take_inventory(output).runs == std::vector<std::string>{first + "/" + name, second + "/" + other});
  CHECK(take_inventory(output).problems.empty());
  scratch.write("out/.thresh/checkpoint.json", "{}");
  CHECK(take_inventory(output).runs == std::vector<std::string>{first + "/" + name});
  CHECK(take_inventory(output).problems.size() == 1);
}

TEST_CASE("a run file is verified to its last row, and one that is damaged is named and left out") {
  const Scratch scratch;
  const std::string output = scratch / "out";
  const RowFormat format(8);
  ChunkPool pool;
  auto opened = JobDirectory::open(output, small_identity(), quick());
  const std::string runs = scratch.make_directory("out/.thresh/runs");
  const thresh::test::KeyValues rows{{"a", thresh::test::u64_bytes(1)}, {"b", thresh::test::u64_bytes(2)}};
  const Run run = thresh::test::make_run(pool, format, {1, 1, 0}, {rows, {}, rows});
  const Run misfit =
      thresh::test::make_run(pool, format, {1, 2, 1}, {rows, {}, rows});  // of splits past the third
  const std::string good = write_run_file(runs, opened.job_id, {&run}, format, false).file;
  CHECK(first_bad(output) == "");
  CHECK(verify(take_inventory(output), std::nullopt).notes.size() == 1);
  const auto found = find_runs(take_inventory(output), format);
  REQUIRE(found.size() == 1);
  CHECK(found[0].runs == std::vector<RunSummary>{run.summary});

  const std::string wrong = write_run_file(runs, opened.job_id, {&misfit}, format, false).file;
  CHECK(first_bad(output).find(wrong + " speaks of split 10") != std::string::npos);
  remove_file(runs + "/" + wrong);
  write_run_file(runs, std::string(32, 'a'), {&run}, format, false);
  CHECK(first_bad(output) == "");
  CHECK(verify(take_inventory(output), format).notes.size() == 1);

  const std::string bytes = slurp(runs + "/" + good);
  for (std::size_t at = 0; at < bytes.size(); at += 97) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    scratch.write("out/.thresh/runs/" + good, flipped);
    REQUIRE(first_bad(output).find(good) != std::string::npos);
    REQUIRE(find_runs(take_inventory(output), format)[1].runs.size() +
                find_runs(take_inventory(output), format)[0].runs.size() ==
            0);
  }
}

TEST_CASE("runs of other jobs are cleaned away, and all runs with the job they were of") {
  const Scratch scratch;
  const std::string output = scratch / "out";
  auto opened = JobDirectory::open(output, small_identity(), quick());
  const std::string own = ".thresh/runs/" + run_file_name(opened.job_id, {1, 1, 0});
  scratch.write("out/" + own, "x");
  const std::string other = run_file_name(std::string(32, 'a'), {1, 1, 0});
  scratch.write("out/.thresh/runs/" + other, "x");
  clean(output, [](const Removal&) {});  // nobody refreshes the claim
  CHECK_FALSE(exists(output + "/.thresh/runs/" + other));
  CHECK(exists(output + "/" + own));
  remove_file(output + "/.thresh/job.h5");
  opened.directory.reset();
  clean(output, [](const Removal&) {});
  CHECK_FALSE(exists(output + "/.thresh"));
}

}  // namespace
}  // namespace thresh::storage
