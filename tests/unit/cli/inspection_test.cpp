#include "cli/inspection.hpp"

#include <filesystem>
#include <map>
#include <set>

#include "storage/run_file.hpp"
#include "storage/sealed_json.hpp"
#include "support/catch.hpp"
#include "support/property.hpp"
#include "support/runs.hpp"
#include "thresh/job_type.hpp"
#include "unit/storage/small_job.hpp"

namespace thresh::cli {
namespace {

TEST_CASE("numbers are told as ranges, in words that stay short") {
  CHECK(ranges_text({}) == "none");
  CHECK(ranges_text(to_ranges({7})) == "7");
  CHECK(ranges_text(to_ranges({0, 1, 2, 5, 7, 8})) == "0-2, 5, 7-8");
  CHECK(ranges_text(to_ranges({0, 2, 4, 6}), 2) == "0, 2 and 2 more ranges");
  CHECK(ranges_text(to_ranges({0, 2, 4}), 3) == "0, 2, 4");
  CHECK(to_ranges({UINT32_MAX - 1, UINT32_MAX}) == std::vector<Range>{{UINT32_MAX - 1, UINT32_MAX}});
}

TEST_CASE("ranges hold the numbers they were made from and as few ranges as can be") {
  test::holds([](const std::set<std::uint16_t>& numbers) {
    const auto ranges = to_ranges({numbers.begin(), numbers.end()});
    std::set<std::uint16_t> again;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      if (i > 0) RC_ASSERT(ranges[i].first > ranges[i - 1].last + 1);
      for (std::uint32_t n = ranges[i].first; n <= ranges[i].last; ++n) {
        again.insert(static_cast<std::uint16_t>(n));
      }
    }
    RC_ASSERT(again == numbers);
  });
}

JobType inspected() {
  JobType job;
  job.name = "inspected";
  job.value_size = 8;
  return job;
}
const JobRegistration kRegistration(inspected());

TEST_CASE("the runs that a start would go on from are told, and what they lack") {
  const storage::test::Scratch scratch;
  const std::string output = scratch / "out";
  storage::JobIdentity identity = storage::test::small_identity();
  identity.job = "inspected";
  const auto opened = storage::JobDirectory::open(output, identity, storage::test::quick());
  const std::string runs = scratch.make_directory("out/.thresh/runs");
  const RowFormat format(8);
  ChunkPool pool;
  std::vector<std::string> files;
  // Two of split 0, one of split 2.
  for (const RunId& id : {RunId{1, 1, 0}, RunId{1, 2, 0}, RunId{1, 3, 0}}) {
    Run run = thresh::test::make_run(pool, format, id, {{{"a", thresh::test::u64_bytes(1)}}, {}, {}});
    if (id.worker == 3) run.summary.splits.front().split = 2;
    files.push_back(storage::write_run_file(runs, opened.job_id, {&run}, format, false).file);
  }
  std::map<std::string, std::uint64_t> read;
  Inspection found =
      inspect(output, [&](const std::string& path, std::uint64_t bytes) { read[path] = bytes; });
  for (const std::string& file : files) {
    CHECK(read.at(runs + "/" + file) == std::filesystem::file_size(runs + "/" + file));
  }
  CHECK(found.knows_job);
  CHECK(found.runs.size() == 3);
  CHECK(found.cover == std::vector<RunId>{{1, 1, 0}, {1, 3, 0}});
  CHECK(found.covered == 2);
  CHECK(found.missing_splits == std::vector<Range>{{1, 1}});
  CHECK(found.missing_parts == std::vector<Range>{{0, 2}});
  CHECK(inspection_text(found).find("2 of 3 splits in 2 runs; missing: 1\n") != std::string::npos);

  const std::string bytes = storage::test::slurp(runs + "/" + files[2]);
  scratch.write("out/.thresh/runs/" + files[2], bytes.substr(0, bytes.size() - 1));
  found = inspect(output);
  CHECK(found.cover == std::vector<RunId>{{1, 1, 0}});
  CHECK(found.missing_splits == std::vector<Range>{{1, 2}});
  CHECK(inspection_text(found).find(", of no use\n") != std::string::npos);
  CHECK(inspection_text(found).find("\ndamaged     " + runs + "/" + files[2]) != std::string::npos);
  CHECK(inspection_json(found).find("\"damage\": \"" + runs + "/" + files[2]) != std::string::npos);

  std::filesystem::remove(runs + "/" + files[2]);
  std::filesystem::create_directory(runs + "/" + files[2]);  // nobody can read that, not even root
  found = inspect(output);
  CHECK(found.covered == 1);
  CHECK(inspection_text(found).find("\nunreadable  ") != std::string::npos);
  CHECK(inspection_text(found).find("\ndamaged ") == std::string::npos);
}

TEST_CASE("a file of another version is not called damaged, by a look or by a start") {
  const storage::test::Scratch scratch;
  const std::string output = scratch / "out";
  const storage::JobIdentity identity = storage::test::small_identity();
  (void)storage::JobDirectory::open(output, identity, storage::test::quick());
  scratch.write("out/.thresh/publish.json", storage::seal_json({}, "thresh publication", 2));
  const std::string line =
      output + "/.thresh/publish.json was written by another version of thresh (schema 2";
  const Inspection found = inspect(output);
  CHECK(found.state == JobState::OtherVersion);
  CHECK(found.next == "use the version of thresh that wrote it, or choose another directory");
  CHECK(inspection_text(found).find("version     " + line) != std::string::npos);
  CHECK(inspection_json(found).find("\"damaged\": []") != std::string::npos);
  const auto start = [&] { (void)storage::JobDirectory::open(output, identity, storage::test::quick()); };
  const storage::test::Thrown error = storage::test::thrown_by(start);
  CHECK(error.code == ExitCode::BadData);
  CHECK(error.says(line));
  CHECK(error.says("go on with that version, or give --fresh"));
}

TEST_CASE("a decision of a job that was discarded since is no damage") {
  const storage::test::Scratch scratch;
  const std::string output = scratch / "out";
  (void)storage::JobDirectory::open(output, storage::test::small_identity(), storage::test::quick());
  const storage::Json of_another = {{"job_id", "another"},
                                    {"manifest", ""},
                                    {"metrics", ""},
                                    {"replaced_job_id", ""},
                                    {"replaced_parts", storage::Json::array()},
                                    {"parts", storage::Json::array()}};
  scratch.write("out/.thresh/publish.json", storage::seal_json(of_another, "thresh publication", 1));
  CHECK(inspect(output).state == JobState::Unfinished);
}

}  // namespace
}  // namespace thresh::cli
