// DESIGN section 5: what a start may do with what it finds.
#include "storage/job_directory.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "small_job.hpp"
#include "storage/claim.hpp"
#include "storage/outcome.hpp"
#include "support/catch.hpp"

namespace thresh::storage {
namespace {

using namespace test;

Thrown error_of_open(const std::string& output, const JobIdentity& identity, const StartPolicy& policy) {
  return thrown_by([&] { JobDirectory::open(output, identity, policy); });
}

TEST_CASE("an output that does not exist is made with its parents, and the job begins") {
  const Scratch scratch;
  const std::string output = scratch / "deep/er/out";
  const auto opened = JobDirectory::open(output, small_identity(), quick());
  CHECK(opened.state == StartState::Begun);
  CHECK(opened.job_id.size() == 32);
  CHECK(opened.directory->generation() == 1);
  CHECK(opened.directory->still_ours());
  CHECK(exists(output + "/.thresh/job.h5"));
  CHECK(exists(opened.directory->parts_dir()));
}

TEST_CASE("a published job leaves its parts, the manifest and the metrics, and nothing else") {
  const Scratch scratch;
  const std::string id = finish(scratch / "out", small_identity(), "word", quick());
  CHECK(flaw_of_finished(scratch / "out", "word").empty());
  CHECK(slurp(scratch / "out/metrics.json") == "{\"job_id\": \"" + id + "\"}\n");
  CHECK(parse_manifest(slurp(scratch / "out/_SUCCESS"), "_SUCCESS").job.job_id == id);
}

TEST_CASE("our unfinished job goes on in the next generation") {
  const Scratch scratch;
  const std::string id = JobDirectory::open(scratch / "out", small_identity(), quick()).job_id;
  const auto again = JobDirectory::open(scratch / "out", small_identity(), quick());
  CHECK(again.state == StartState::GoesOn);
  CHECK(again.job_id == id);
  CHECK(again.directory->generation() == 2);
}

TEST_CASE("split points are asked for when a job begins, and a job that goes on keeps them") {
  const Scratch scratch;
  int asked = 0;
  StartPolicy policy = quick();
  policy.split_points = [&](const std::function<void()>&) {
    ++asked;
    return std::vector<std::string>{"m", asked == 1 ? "t" : "other"};
  };
  const std::vector<std::string> first{"m", "t"};
  CHECK(JobDirectory::open(scratch / "out", small_identity(), policy).split_points == first);
  CHECK(JobDirectory::open(scratch / "out", small_identity(), policy).split_points == first);
  CHECK(asked == 1);
  policy.fresh = true;
  CHECK(JobDirectory::open(scratch / "out", small_identity(), policy).split_points.back() == "other");
  CHECK(JobDirectory::open(scratch / "other", small_identity(), quick()).split_points.empty());
}

TEST_CASE("a start that takes long is at work, and one that stands still is replaced and harms nothing") {
  const Scratch scratch;
  StartPolicy slow = quick();
  OpenResult other;
  SECTION("at work") {
    slow.split_points = [&](const std::function<void()>& refresh) {
      std::atomic<bool> ends = false;
      std::thread working([&] {
        for (; !ends; std::this_thread::sleep_for(std::chrono::milliseconds(2))) refresh();
      });
      const Thrown error =
          thrown_by([&] { (void)JobDirectory::open(scratch / "out", small_identity(), quick()); });
      ends = true;
      working.join();
      CHECK(error.code == ExitCode::StoppedEarly);
      CHECK(error.says("another run of this job is at work"));
      return std::vector<std::string>{"m", "t"};
    };
    CHECK(JobDirectory::open(scratch / "out", small_identity(), slow).state == StartState::Begun);
  }
  SECTION("standing still") {
    slow.split_points = [&](const std::function<void()>&) {
      other = JobDirectory::open(scratch / "out", small_identity(), quick());
      return std::vector<std::string>{"m", "t"};
    };
    const Thrown error =
        thrown_by([&] { (void)JobDirectory::open(scratch / "out", small_identity(), slow); });
    CHECK(error.code == ExitCode::StoppedEarly);
    publish(*other.directory, small_identity(), "other");
    CHECK(flaw_of_finished(scratch / "out", "other") == "");
  }
}

TEST_CASE("an unfinished job of other code goes on if the new code is accepted, and only then") {
  const Scratch scratch;
  const std::string id = JobDirectory::open(scratch / "out", small_identity(), quick()).job_id;
  JobIdentity newer = small_identity();
  newer.version = "2";
  newer.build = "0.2.0";
  const auto start = [&] { (void)JobDirectory::open(scratch / "out", newer, quick()); };
  CHECK(thrown_by(start).says("--accept-new-code to go on with it"));
  StartPolicy accepting = quick();
  accepting.accept_new_code = true;
  CHECK(JobDirectory::open(scratch / "out", newer, accepting).job_id == id);
  newer.partitions = 4;
  CHECK_THROWS_AS(JobDirectory::open(scratch / "out", newer, accepting), Error);
  CHECK_FALSE(thrown_by(start).says("--accept-new-code"));
}

TEST_CASE("an unfinished job goes on with another limit of bad records, a finished one is what it is") {
  const Scratch scratch;
  JobIdentity strict = small_identity();
  strict.shaping["max-bad-records"] = "0";
  JobIdentity lenient = strict;
  lenient.shaping["max-bad-records"] = "9";
  const std::string id = JobDirectory::open(scratch / "out", strict, quick()).job_id;
  const auto open_lenient = [&] { return JobDirectory::open(scratch / "out", lenient, quick()); };
  auto again = open_lenient();
  REQUIRE(again.job_id == id);
  publish(*again.directory, lenient, "word");
  again.directory.reset();
  CHECK(open_lenient().state == StartState::AlreadyComplete);
  CHECK(thrown_by([&] {
          (void)JobDirectory::open(scratch / "out", strict, quick());
        }).says("max-bad-records was 9, is 0"));
}

TEST_CASE("a finished job of the same fingerprint is already complete") {
  const Scratch scratch;
  const std::string id = finish(scratch / "out", small_identity(), "word", quick());
  for (const bool fresh : {false, true}) {
    const auto again = JobDirectory::open(scratch / "out", small_identity(), quick(fresh));
    CHECK(again.state == StartState::AlreadyComplete);
    CHECK(again.job_id == id);
    CHECK(again.directory == nullptr);
  }
  CHECK(flaw_of_finished(scratch / "out", "word").empty());
}

TEST_CASE("what a killed rank left of a finished job goes with the next start") {
  const Scratch scratch;
  const std::string id = finish(scratch / "out", small_identity(), "word", quick());
  const JobPaths paths(scratch / "out");
  make_directories(paths.runs());
  const std::string run = paths.runs() + "/" + id + ".1.2.0.h5";
  const std::string temporary = write_temporary(paths.runs(), "half a run");
  const auto start_again = [&] {
    CHECK(JobDirectory::open(scratch / "out", small_identity(), quick()).state ==
          StartState::AlreadyComplete);
  };

  SECTION("a run file that was being written") {
    start_again();
  }
  SECTION("a run file") {
    rename_file(temporary, run);
    start_again();
  }
  SECTION("but not from under a start that replaces the job") {
    const auto replacing = JobDirectory::open(scratch / "out", small_identity(), quick(false, true));
    make_directories(paths.runs());
    rename_file(write_temporary(paths.runs(), "a run"), run);
    start_again();
    CHECK(exists(run));
    CHECK(replacing.directory->still_ours());
    publish(*replacing.directory, small_identity(), "word");
  }
  CHECK(flaw_of_finished(scratch / "out", "word").empty());
}

TEST_CASE("a run file that came while the others were removed is removed by who wrote it") {
  const Scratch scratch;
  const std::string id = finish(scratch / "out", small_identity(), "word", quick());
  const JobPaths paths(scratch / "out");
  make_directories(paths.runs());
  const std::string run = paths.runs() + "/" + id + ".1.2.0.h5";
  rename_file(write_temporary(paths.runs(), "a run"), run);
  remove_late_run_files(paths, paths.runs(), "another job");
  CHECK(exists(run));
  remove_late_run_files(paths, paths.runs(), id);
  CHECK(flaw_of_finished(scratch / "out", "word").empty());
}

TEST_CASE("another fingerprint is refused by naming the first difference") {
  const Scratch scratch;
  const bool finished = GENERATE(false, true);
  if (finished) {
    finish(scratch / "out", small_identity(), "word", quick());
  } else {
    JobDirectory::open(scratch / "out", small_identity(), quick());
  }
  JobIdentity other = small_identity();
  std::string difference;
  SECTION("of a shaping option") {
    other.shaping["split-size"] = "1M";
    difference = "split-size was 64K, is 1M";
  }
  SECTION("of an option that was not set") {
    other.shaping["max-bad-records"] = "3";
    difference = "max-bad-records was not set, is 3";
  }
  SECTION("of an option that is not set") {
    other.shaping.erase("escape");
    difference = "escape was no, is not set";
  }
  SECTION("of the size of an input") {
    other.inputs[0].size = 12;
    difference = "input data/a.txt changed: size 10 -> 12";
  }
  SECTION("of the time of an input") {
    other.inputs[0].mtime_ns += 1;
    difference = "input data/a.txt was modified";
  }
  SECTION("of a new input") {
    other.inputs.insert(other.inputs.begin() + 1, {"data/aa.txt", 1, 1});
    difference = "input data/aa.txt is new";
  }
  SECTION("of an input that is gone, printably") {
    other.inputs.pop_back();
    difference = "input data/b \\xff\\n.txt is gone";
  }
  SECTION("of the job") {
    other.job = "sum";
    difference = "the job was wordcount, is sum";
  }
  SECTION("of its version") {
    other.version = "2";
    difference = "the version of wordcount was 1, is 2";
  }
  SECTION("of the build") {
    other.build = "0.2.0";
    difference = "the build of thresh was 0.1.0, is 0.2.0";
  }
  SECTION("of the partitions") {
    other.partitions = 4;
    difference = "the number of partitions was 3, is 4";
  }
  SECTION("of the splits") {
    other.splits[0].end = 7;
    difference = "the inputs are split in another way";
  }
  const Thrown error = error_of_open(scratch / "out", other, quick());
  INFO(error.what);
  CHECK(error.code == ExitCode::BadData);
  CHECK(error.says(difference));
  CHECK(error.says(finished ? "--overwrite" : "--fresh"));
}

TEST_CASE("a foreign file in the output is refused by name, and never removed") {
  const Scratch scratch;
  const std::string name = GENERATE("notes.txt", "part-00000.tsv", "metrics.json", "_SUCCESS", ".hidden");
  scratch.write("out/" + name, "mine");
  for (const bool fresh : {false, true}) {
    for (const bool overwrite : {false, true}) {
      const Thrown error = error_of_open(scratch / "out", small_identity(), quick(fresh, overwrite));
      INFO(error.what);
      CHECK(error.code == ExitCode::CannotCreate);
      CHECK(error.says(name));
    }
  }
  CHECK(slurp(scratch / ("out/" + name)) == "mine");
  CHECK(list_directory(scratch / "out").size() == 1);
}

TEST_CASE("a foreign file beside our jobs is refused and kept by --fresh and --overwrite") {
  const Scratch scratch;
  SECTION("an unfinished one") {
    JobDirectory::open(scratch / "out", small_identity(), quick());
    scratch.write("out/notes.txt", "mine");
    CHECK(error_of_open(scratch / "out", small_identity(), quick()).says("notes.txt"));
    CHECK(error_of_open(scratch / "out", small_identity(), quick(true)).says("notes.txt"));
  }
  SECTION("a finished one") {
    finish(scratch / "out", small_identity(), "word", quick());
    scratch.write("out/notes.txt", "mine");
    CHECK(error_of_open(scratch / "out", small_identity(), quick(false, true)).says("notes.txt"));
  }
  CHECK(slurp(scratch / "out/notes.txt") == "mine");
}

TEST_CASE("a foreign file in .thresh survives --fresh and publication") {
  const Scratch scratch;
  JobDirectory::open(scratch / "out", small_identity(), quick());
  scratch.write("out/.thresh/notes.txt", "mine");
  scratch.write("out/.thresh/parts/notes.txt", "mine");
  finish(scratch / "out", small_identity(), "word", quick(true));
  CHECK(slurp(scratch / "out/.thresh/notes.txt") == "mine");
  CHECK(slurp(scratch / "out/.thresh/parts/notes.txt") == "mine");
  CHECK(list_directory(scratch / "out/.thresh/parts").size() == 1);
}

TEST_CASE("an output that cannot be a directory is refused with 73") {
  const Scratch scratch;
  scratch.write("file", "x");
  std::filesystem::create_symlink(scratch / "nowhere", scratch / "dangling");
  const std::string name = GENERATE("file", "file/out", "dangling", "/proc/x", "/proc/x/y");
  const std::string output = name.front() == '/' ? name : scratch / name;
  const Thrown error = error_of_open(output, small_identity(), quick());
  INFO(error.what);
  CHECK(error.code == ExitCode::CannotCreate);
  CHECK(slurp(scratch / "file") == "x");
}

TEST_CASE("a .thresh that is not a directory is refused with 73") {
  const Scratch scratch;
  scratch.write("out/.thresh", "x");
  CHECK(error_of_open(scratch / "out", small_identity(), quick(true)).code == ExitCode::CannotCreate);
  CHECK(slurp(scratch / "out/.thresh") == "x");
}

TEST_CASE("--fresh discards our unfinished job and begins another") {
  const Scratch scratch;
  std::string id;
  {
    const auto opened = JobDirectory::open(scratch / "out", small_identity(), quick());
    write_parts(*opened.directory, 3, "old");
    id = opened.job_id;
  }
  JobIdentity other = small_identity();
  other.shaping["split-size"] = "1M";
  const auto again = JobDirectory::open(scratch / "out", other, quick(true));
  CHECK(again.state == StartState::Begun);
  CHECK(again.job_id != id);
  CHECK(again.directory->generation() == 2);
  CHECK(list_directory(again.directory->parts_dir()).empty());
}

TEST_CASE("--overwrite keeps the finished job until the new one publishes") {
  const Scratch scratch;
  finish(scratch / "out", small_identity(), "old", quick());
  JobIdentity other = small_identity();
  other.partitions = 2;
  auto opened = JobDirectory::open(scratch / "out", other, quick(false, true));
  REQUIRE(opened.state == StartState::Begun);
  CHECK(parse_manifest(slurp(scratch / "out/_SUCCESS"), "").parts.size() == 3);
  CHECK(slurp(scratch / "out/part-00002.tsv") == "old\t2\n");
  publish(*opened.directory, other, "new");
  CHECK(flaw_of_finished(scratch / "out", "new").empty());
  CHECK_FALSE(exists(scratch / "out/part-00002.tsv"));
}

TEST_CASE("an unfinished replacement goes on with --overwrite, and is not seen without") {
  const Scratch scratch;
  finish(scratch / "out", small_identity(), "old", quick());
  JobIdentity other = small_identity();
  other.partitions = 2;
  const std::string id = JobDirectory::open(scratch / "out", other, quick(false, true)).job_id;
  CHECK(JobDirectory::open(scratch / "out", small_identity(), quick()).state == StartState::AlreadyComplete);
  CHECK(error_of_open(scratch / "out", other, quick()).code == ExitCode::BadData);
  const auto again = JobDirectory::open(scratch / "out", other, quick(false, true));
  CHECK(again.state == StartState::GoesOn);
  CHECK(again.job_id == id);
}

TEST_CASE("a damaged job.h5 is refused by name, and --fresh discards it") {
  const Scratch scratch;
  JobDirectory::open(scratch / "out", small_identity(), quick());
  const std::string path = scratch / "out/.thresh/job.h5";
  std::string bytes = slurp(path);
  SECTION("with a flipped bit") {
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  }
  SECTION("cut short") {
    bytes.resize(bytes.size() - 1);
  }
  SECTION("empty") {
    bytes.clear();
  }
  SECTION("something else") {
    bytes.assign(4096, 'x');
  }
  std::filesystem::remove(path);
  scratch.write("out/.thresh/job.h5", bytes);
  const Thrown error = error_of_open(scratch / "out", small_identity(), quick());
  INFO(error.what);
  CHECK(error.code == ExitCode::BadData);
  CHECK(error.says(path));
  CHECK(error.says("--fresh"));
  CHECK(JobDirectory::open(scratch / "out", small_identity(), quick(true)).state == StartState::Begun);
}

TEST_CASE("a damaged _SUCCESS of ours is refused by name, whatever the policy") {
  const Scratch scratch;
  finish(scratch / "out", small_identity(), "word", quick());
  std::string text = slurp(scratch / "out/_SUCCESS");
  text.replace(text.find("wordcount"), 4, "bird");
  scratch.write("out/_SUCCESS", text);
  for (const bool overwrite : {false, true}) {
    const Thrown error = error_of_open(scratch / "out", small_identity(), quick(false, overwrite));
    CHECK(error.code == ExitCode::BadData);
    CHECK(error.says("_SUCCESS is damaged"));
    CHECK(error.says("choose another output directory: the parts in this one may be whole"));
  }
  CHECK(exists(scratch / "out/part-00000.tsv"));
}

TEST_CASE("a directory in which another run is at work is left alone, with 75, whatever the policy") {
  const Scratch scratch;
  StartPolicy policy = quick();
  policy.refresh_interval = std::chrono::milliseconds(100);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto opened = JobDirectory::open(scratch / "out", small_identity(), policy);
    for (;;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      opened.directory->refresh();
    }
  }
  while (!exists(scratch / "out/.thresh/job.h5")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const Thrown error = error_of_open(scratch / "out", small_identity(), policy);
  policy.fresh = true;
  const Thrown fresh = error_of_open(scratch / "out", small_identity(), policy);
  policy.fresh = false;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  INFO(error.what);
  CHECK(error.code == ExitCode::StoppedEarly);
  CHECK(error.says("process " + std::to_string(child)));
  CHECK(fresh.code == ExitCode::StoppedEarly);
  const auto again = JobDirectory::open(scratch / "out", small_identity(), policy);
  CHECK(again.state == StartState::GoesOn);
  CHECK(again.directory->generation() == 2);
}

TEST_CASE("of many starts at once one does the job, and all end with 0 or 75") {
  const Scratch scratch;
  StartPolicy policy = quick();
  policy.refresh_interval = std::chrono::milliseconds(500);
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        finish(scratch / "out", small_identity(), "word", policy);
      } catch (const Error& e) {
        ::_exit(static_cast<int>(e.code()));
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  int done = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    CHECK((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 75));
    done += WEXITSTATUS(status) == 0;
  }
  CHECK(done >= 1);
  CHECK(flaw_of_finished(scratch / "out", "word") == "");
}

TEST_CASE("a recovery claims the next generation, and publishes in it") {
  const Scratch scratch;
  auto opened = JobDirectory::open(scratch / "out", small_identity(), quick());
  CHECK(opened.directory->next_generation() == 2);
  CHECK(opened.directory->generation() == 2);
  CHECK(opened.directory->still_ours());
  publish(*opened.directory, small_identity(), "word");
  CHECK(parse_manifest(slurp(scratch / "out/_SUCCESS"), "").generation == 2);
}

TEST_CASE("an outcome is recorded while the job is unfinished") {
  const Scratch scratch;
  auto opened = JobDirectory::open(scratch / "out", small_identity(), quick());
  opened.directory->record_outcome(75, "worker 3 was lost\n");
  const auto outcome = read_outcome(scratch / "out/.thresh/outcome.json");
  REQUIRE(outcome);
  CHECK(outcome->code == 75);
  CHECK(outcome->text == "worker 3 was lost\n");
  CHECK(outcome->job_id == opened.job_id);
  CHECK(outcome->generation == 1);
  publish(*opened.directory, small_identity(), "word");
  opened.directory->record_outcome(0, "done");
  CHECK(flaw_of_finished(scratch / "out", "word").empty());
}

TEST_CASE("a run that was taken over says nothing of what became of the job") {
  const Scratch scratch;
  const auto opened = JobDirectory::open(scratch / "out", small_identity(), quick());
  const auto other = Claim::take(scratch / "out/.thresh/generation", 2, std::chrono::milliseconds(100));
  REQUIRE(other);
  opened.directory->record_outcome(130, "interrupted");
  CHECK_FALSE(read_outcome(scratch / "out/.thresh/outcome.json"));
}

TEST_CASE("workers that a run before was asked to do without stay when the job goes on") {
  const Scratch scratch;
  const std::string request = scratch / "out/.thresh/drain.2";
  (void)JobDirectory::open(scratch / "out", small_identity(), quick());
  scratch.write("out/.thresh/drain.2", "");
  auto next = JobDirectory::open(scratch / "out", small_identity(), quick());
  CHECK_FALSE(exists(request));
  scratch.write("out/.thresh/drain.2", "");
  CHECK(next.directory->take_drain_requests() == std::vector<WorkerId>{2});
}

TEST_CASE("nothing is asked of a start that has nothing to do") {
  const Scratch scratch;
  StartPolicy policy = quick();
  int asked = 0;
  policy.before_work = [&] { ++asked; };
  finish(scratch / "out", small_identity(), "word", policy);
  CHECK(asked == 1);
  CHECK(JobDirectory::open(scratch / "out", small_identity(), policy).state == StartState::AlreadyComplete);
  CHECK(asked == 1);
  policy.before_work = [] { throw Error(ExitCode::Io, "no room"); };
  policy.overwrite = true;
  JobIdentity another = small_identity();
  another.partitions = 7;
  CHECK(thrown_by([&] { (void)JobDirectory::open(scratch / "out", another, policy); }).says("no room"));
}

}  // namespace
}  // namespace thresh::storage
