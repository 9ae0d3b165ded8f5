// A job that is killed while it publishes is published by the next start, or discarded, never half there.
#include "storage/publication.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "small_job.hpp"
#include "support/catch.hpp"

namespace thresh::storage {
namespace {

using namespace test;

// Runs `act` in a child that ends at once, like one that was killed, at the given step. False: it got
// through.
bool killed_at_step(int step, const std::function<void(const StartPolicy&)>& act, StartPolicy policy) {
  const pid_t child = ::fork();
  if (child == 0) {
    int steps = 0;
    policy.at_step = [&](std::string_view) {
      if (steps++ == step) ::_exit(9);
    };
    try {
      act(policy);
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) != 1);
  return WEXITSTATUS(status) == 9;
}

TEST_CASE("a first publication that is killed at any step is finished by the same command") {
  for (int step = 0; step < 20; ++step) {
    INFO("step " << step);
    const Scratch scratch;
    const auto run = [&](const StartPolicy& policy) {
      finish(scratch / "out", small_identity(), "word", policy);
    };
    const bool killed = killed_at_step(step, run, quick());
    run(quick());
    CHECK(flaw_of_finished(scratch / "out", "word") == "");
    if (!killed) {
      CHECK(step > 7);
      return;
    }
  }
  FAIL("publication has more steps than this test tries");
}

TEST_CASE("a replacement that is killed at any step is finished by the same command") {
  JobIdentity other = small_identity();
  other.partitions = GENERATE(2U, 3U, 5U);
  for (int step = 0; step < 20; ++step) {
    INFO("step " << step);
    const Scratch scratch;
    finish(scratch / "out", small_identity(), "old", quick());
    const auto run = [&](const StartPolicy& policy) { finish(scratch / "out", other, "new", policy); };
    const bool killed = killed_at_step(step, run, quick(false, true));
    if (exists(scratch / "out/_SUCCESS")) {
      const Manifest there = parse_manifest(slurp(scratch / "out/_SUCCESS"), "");
      for (const ManifestPart& part : there.parts) {
        CHECK_FALSE(check_part(scratch / "out", part.name, part.bytes, part.checksum, nullptr));
      }
    }
    if (killed) run(quick(false, true));
    CHECK(flaw_of_finished(scratch / "out", "new") == "");
    if (!killed) return;
  }
  FAIL("publication has more steps than this test tries");
}

TEST_CASE("--fresh after a publication that was killed at any step starts again and leaves nothing behind") {
  JobIdentity other = small_identity();
  other.shaping["split-size"] = "1M";
  const bool replaces = GENERATE(false, true);
  for (int step = 0; step < 20; ++step) {
    INFO("step " << step);
    const Scratch scratch;
    if (replaces) finish(scratch / "out", small_identity(), "oldest", quick());
    const auto run = [&](const StartPolicy& policy) {
      finish(scratch / "out", small_identity(), "old", policy);
    };
    if (!killed_at_step(step, run, quick(false, replaces))) return;
    finish(scratch / "out", other, "new", quick(true, true));
    CHECK(flaw_of_finished(scratch / "out", "new") == "");
  }
  FAIL("publication has more steps than this test tries");
}

TEST_CASE("finishing another's publication is killed at any step and finished once more") {
  for (int first = 3; first < 9; ++first) {
    for (int second = 0; second < 9; ++second) {
      INFO("steps " << first << " and " << second);
      const Scratch scratch;
      const auto run = [&](const StartPolicy& policy) {
        finish(scratch / "out", small_identity(), "word", policy);
      };
      killed_at_step(first, run, quick());
      killed_at_step(second, run, quick());
      run(quick());
      CHECK(flaw_of_finished(scratch / "out", "word") == "");
    }
  }
}

TEST_CASE("a decided publication is carried out whatever job the next start asks for") {
  const Scratch scratch;
  const auto run = [&](const StartPolicy& policy) {
    finish(scratch / "out", small_identity(), "word", policy);
  };
  REQUIRE(killed_at_step(3, run, quick()));
  JobIdentity other = small_identity();
  other.job = "sum";
  const Thrown error = thrown_by([&] { JobDirectory::open(scratch / "out", other, quick()); });
  CHECK(error.says("holds the finished output of another job: the job was wordcount, is sum"));
  CHECK(flaw_of_finished(scratch / "out", "word") == "");
}

TEST_CASE("after a publication is carried out --overwrite replaces it by another job, and not by the same") {
  const Scratch scratch;
  const auto run = [&](const StartPolicy& policy) {
    finish(scratch / "out", small_identity(), "word", policy);
  };
  REQUIRE(killed_at_step(3, run, quick()));
  JobIdentity other = small_identity();
  SECTION("the same") {
    const auto opened = JobDirectory::open(scratch / "out", other, quick(false, true));
    CHECK(opened.state == StartState::AlreadyComplete);
    CHECK(opened.notices.size() == 1);
    CHECK(flaw_of_finished(scratch / "out", "word") == "");
  }
  SECTION("another") {
    other.partitions = 2;
    finish(scratch / "out", other, "other", quick(false, true));
    CHECK(flaw_of_finished(scratch / "out", "other") == "");
  }
}

TEST_CASE("a foreign file in the way of a part blocks publication and is kept") {
  const Scratch scratch;
  auto opened = JobDirectory::open(scratch / "out", small_identity(), quick());
  SECTION("before the decision: nothing was moved") {
    scratch.write("out/part-00001.tsv", "mine");
    const Thrown error = thrown_by([&] { publish(*opened.directory, small_identity(), "word"); });
    CHECK(error.code == ExitCode::CannotCreate);
    CHECK(error.says("part-00001.tsv"));
    CHECK_FALSE(exists(scratch / "out/part-00000.tsv"));
  }
  SECTION("after it: the same command goes on once it is out of the way") {
    opened.directory.reset();
    StartPolicy policy = quick();
    policy.at_step = [&](std::string_view step) {
      if (step == "publish:part-00001.tsv") scratch.write("out/part-00001.tsv", "mine");
    };
    const Thrown error = thrown_by([&] { finish(scratch / "out", small_identity(), "word", policy); });
    CHECK(error.code == ExitCode::CannotCreate);
    CHECK(error.says("part-00001.tsv"));
  }
  CHECK(slurp(scratch / "out/part-00001.tsv") == "mine");
  std::filesystem::rename(scratch / "out/part-00001.tsv", scratch / "elsewhere");
  opened.directory.reset();
  finish(scratch / "out", small_identity(), "word", quick());
  CHECK(flaw_of_finished(scratch / "out", "word") == "");
}

TEST_CASE("a part that is lost after the decision is named, and --fresh starts again") {
  const Scratch scratch;
  const auto run = [&](const StartPolicy& policy) {
    finish(scratch / "out", small_identity(), "word", policy);
  };
  REQUIRE(killed_at_step(4, run, quick()));
  SECTION("it is gone") {
    std::filesystem::remove(scratch / "out/part-00000.tsv");
  }
  SECTION("it was changed") {
    scratch.write("out/part-00000.tsv", "bird\t0\n");
  }
  const Thrown error = thrown_by([&] { run(quick()); });
  INFO(error.what);
  CHECK(error.code == ExitCode::Io);
  CHECK(error.says("part-00000.tsv"));
  CHECK_FALSE(exists(scratch / "out/_SUCCESS"));
  if (exists(scratch / "out/part-00000.tsv")) {
    // Not the bytes that we wrote any more, so it is not ours to remove.
    CHECK(thrown_by([&] { run(quick(true)); }).code == ExitCode::CannotCreate);
    CHECK(slurp(scratch / "out/part-00000.tsv") == "bird\t0\n");
    std::filesystem::remove(scratch / "out/part-00000.tsv");
  }
  run(quick(true));
  CHECK(flaw_of_finished(scratch / "out", "word") == "");
}

TEST_CASE("a run that was taken over stops with 75, and nothing of it is published") {
  const Scratch scratch;
  auto first = JobDirectory::open(scratch / "out", small_identity(), quick());
  auto second = JobDirectory::open(scratch / "out", small_identity(), quick());
  CHECK_FALSE(first.directory->still_ours());
  CHECK(second.directory->still_ours());
  const Thrown error = thrown_by([&] { publish(*first.directory, small_identity(), "first"); });
  CHECK(error.code == ExitCode::StoppedEarly);
  CHECK(thrown_by([&] { first.directory->next_generation(); }).code == ExitCode::StoppedEarly);
  publish(*second.directory, small_identity(), "second");
  CHECK(flaw_of_finished(scratch / "out", "second") == "");
}

TEST_CASE("of two runs that both believe they may publish, one decides and both end well") {
  const Scratch scratch;
  std::unique_ptr<JobDirectory> second;
  StartPolicy policy = quick();
  policy.at_step = [&](std::string_view step) {
    // The first run sleeps between its last look and its decision, and is taken over.
    if (step != "publish:decide" || second) return;
    second = JobDirectory::open(scratch / "out", small_identity(), quick()).directory;
  };
  auto first = JobDirectory::open(scratch / "out", small_identity(), policy);
  SECTION("the first decides; the second is content with that") {
    publish(*first.directory, small_identity(), "first");
    CHECK(flaw_of_finished(scratch / "out", "first") == "");
    CHECK_THROWS_AS(publish(*second, small_identity(), "second"), Error);
    CHECK(flaw_of_finished(scratch / "out", "first") == "");
  }
  SECTION("the first was discarded: it stops and the directory is the second's") {
    policy.at_step = [&](std::string_view step) {
      if (step != "publish:decide") return;
      finish(scratch / "out", small_identity(), "second", quick(true));
    };
    first.directory.reset();
    auto again = JobDirectory::open(scratch / "out", small_identity(), policy);
    CHECK_THROWS_AS(publish(*again.directory, small_identity(), "first"), Error);
    CHECK(flaw_of_finished(scratch / "out", "second") == "");
  }
}

TEST_CASE(
    "a run that stood still while it published, and was replaced by a new one meanwhile, does no more") {
  const bool replaces = GENERATE(false, true);
  for (int step = 2; step < 20; ++step) {
    INFO("step " << step << (replaces ? ", of one that replaces another job" : ""));
    const Scratch scratch;
    JobIdentity newer = small_identity();
    newer.partitions = 2;
    if (replaces) {
      JobIdentity older = small_identity();
      older.partitions = 5;
      finish(scratch / "out", older, "older", quick());
    }
    const auto parts_published = [success = scratch / "out/_SUCCESS"] {
      return exists(success) ? parse_manifest(slurp(success), success).parts.size() : 0;
    };
    OpenResult second;
    int steps = 0;
    StartPolicy policy = quick(false, replaces);
    policy.at_step = [&](std::string_view) {
      if (steps++ != step) return;
      second = JobDirectory::open(scratch / "out", newer, quick(true, true));
      make_directories(JobPaths(scratch / "out").runs());
      rename_file(write_temporary(JobPaths(scratch / "out").runs(), "a run"), scratch / "out/.thresh/runs/x");
    };
    try {
      finish(scratch / "out", small_identity(), "first", policy);
      CHECK(parts_published() == 3);
    } catch (const Error&) {
      CHECK(parts_published() != 3);
    }
    if (steps <= step) {
      CHECK(step > 8);
      return;
    }
    if (!second.directory) continue;
    CHECK(exists(scratch / "out/.thresh/runs/x"));
    remove_file(scratch / "out/.thresh/runs/x");
    publish(*second.directory, newer, "second");
    CHECK(flaw_of_finished(scratch / "out", "second") == "");
  }
  FAIL("publication has more steps than this test tries");
}

TEST_CASE("a manifest that does not fit the parts, and a part that changed its size, are not published") {
  const Scratch scratch;
  auto opened = JobDirectory::open(scratch / "out", small_identity(), quick());
  auto parts = write_parts(*opened.directory, 3, "word");
  const std::string manifest =
      make_manifest(describe_job(small_identity(), opened.job_id, 1, {{}, {}, {}}, parts, {}));
  SECTION("another checksum") {
    parts[1].checksum ^= 1;
    CHECK(thrown_by([&] { opened.directory->publish(parts, manifest, "{}"); }).code == ExitCode::Internal);
  }
  SECTION("a part is missing") {
    parts.pop_back();
    CHECK(thrown_by([&] { opened.directory->publish(parts, manifest, "{}"); }).code == ExitCode::Internal);
  }
  SECTION("a part is longer") {
    std::ofstream(opened.directory->parts_dir() + "/" + parts[2].file, std::ios::app) << "x";
    CHECK(thrown_by([&] { opened.directory->publish(parts, manifest, "{}"); }).code == ExitCode::Io);
  }
  CHECK(list_directory(scratch / "out") == std::vector<std::string>{".thresh"});
}

TEST_CASE("a publication is done when it is done: what cannot be removed does not undo it") {
  const Scratch scratch;
  auto opened = JobDirectory::open(scratch / "out", small_identity(), quick());
  scratch.make_directory("out/.thresh/parts/p00000.9.directory");
  publish(*opened.directory, small_identity(), "word");
  CHECK(exists(scratch / "out/_SUCCESS"));
  CHECK(JobDirectory::open(scratch / "out", small_identity(), quick()).state == StartState::AlreadyComplete);
}

}  // namespace
}  // namespace thresh::storage
