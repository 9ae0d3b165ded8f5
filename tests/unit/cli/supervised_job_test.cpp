#include "cli/supervised_job.hpp"

#include "support/catch.hpp"

namespace thresh::cli {
namespace {

using Kind = Judgement::Kind;

constexpr ProcessEnd kEndedWith0{false, 0};
constexpr ProcessEnd kEndedWith1{false, 1};
constexpr ProcessEnd kKilled{true, 9};

FileIdentity file(std::uint64_t inode) {
  return {1, inode, 5};
}

JobView unfinished() {
  JobView view;
  view.job = file(1);
  view.runs = {"1.h5"};
  view.parts = {"p00000.1.ab.commit"};
  return view;
}

storage::Outcome outcome(int code, std::uint32_t generation = 1) {
  return {"id", generation, code, "why", 1000};
}

Judgement judge(const JobView& before, const JobView& after, const ProcessEnd& end) {
  return judge_attempt(before, before, after, end, "mpirun", false);
}

TEST_CASE("a _SUCCESS that was not there is done, whatever the exit code") {
  JobView after;
  after.success = file(7);
  for (const ProcessEnd& end : {kEndedWith0, kEndedWith1, kKilled, ProcessEnd{false, 65}}) {
    CHECK(judge({}, after, end).kind == Kind::Done);
  }
}

TEST_CASE("a _SUCCESS that was there is done if the run says so and is not to overwrite it") {
  JobView both;
  both.success = file(7);
  CHECK(judge(both, both, kEndedWith0).kind == Kind::Done);
  CHECK(judge(both, both, kKilled).kind == Kind::Resumable);
  CHECK(judge(both, both, {false, 65}).kind == Kind::CannotSucceed);
  CHECK(judge_attempt(both, both, both, kEndedWith0, "mpirun", true).kind == Kind::Resumable);
  JobView replaced = both;
  replaced.success = file(8);
  CHECK(judge_attempt(both, both, replaced, kKilled, "mpirun", true).kind == Kind::Done);
  // Seen late: it came in an attempt before.
  CHECK(judge_attempt({}, both, both, kKilled, "mpirun", false).kind == Kind::Done);
}

TEST_CASE("an outcome of this attempt decides, not the exit code") {
  for (const int code : {64, 65, 66, 70, 73, 78, 130}) {
    JobView after = unfinished();
    after.outcome = outcome(code);
    const Judgement judgement = judge({}, after, kKilled);
    CHECK(judgement.kind == Kind::CannotSucceed);
    CHECK(judgement.code == code);
    CHECK(judgement.reason == "why");
  }
  for (const int code : {69, 74, 75}) {
    JobView after = unfinished();
    after.outcome = outcome(code);
    const Judgement judgement = judge({}, after, {false, 65});
    CHECK(judgement.kind == Kind::Resumable);
    CHECK(judgement.reason == "why (mpirun ended with 65)");
  }
}

TEST_CASE("what was killed is told before what others saw of it") {
  JobView after = unfinished();
  after.outcome = outcome(75);
  after.outcome->text = "stopped by SIGTERM";
  CHECK(judge({}, after, {false, 137}).reason ==
        "a process of the job was ended by signal 9 (Killed) (mpirun ended with 137); then: stopped by "
        "SIGTERM");
  CHECK(judge({}, after, kKilled).reason ==
        "mpirun was killed by signal 9 (Killed); then: stopped by SIGTERM");
  // Nothing but that signal was there.
  CHECK(judge({}, after, {false, 75}).reason == "stopped by SIGTERM (mpirun ended with 75)");
  CHECK(judge({}, after, {false, 143}).reason ==
        "stopped by SIGTERM (mpirun ended with 143, as for signal 15 (Terminated))");
  // The job itself knows better.
  after.outcome->code = 69;
  after.outcome->text = "worker 2 is lost";
  CHECK(judge({}, after, {false, 137}).reason ==
        "worker 2 is lost (mpirun ended with 137, as for signal 9 (Killed))");
}

TEST_CASE("a job whose --max-time is over is not run again at once") {
  JobView after = unfinished();
  after.outcome = outcome(75);
  after.outcome->text = "stopped, as --max-time is nearly over";
  CHECK(judge({}, after, {false, 75}).kind == Kind::TimeIsUp);
  CHECK(judge({}, after, {false, 75}).code == 75);
}

TEST_CASE("an outcome of an attempt before says nothing of this one") {
  JobView before = unfinished();
  before.outcome = outcome(65);
  CHECK(judge(before, before, kKilled).kind == Kind::Resumable);
  JobView after = before;
  after.outcome = outcome(65, 2);
  CHECK(judge(before, after, kKilled).kind == Kind::CannotSucceed);
}

TEST_CASE("a run that was killed is resumable, also with exit code 0") {
  for (const ProcessEnd& end :
       {kEndedWith0, kEndedWith1, kKilled, ProcessEnd{false, 137}, ProcessEnd{false, 75}}) {
    CHECK(judge({}, {}, end).kind == Kind::Resumable);
    CHECK(judge(unfinished(), unfinished(), end).kind == Kind::Resumable);
  }
}

TEST_CASE("a command that ended well without an output may have written elsewhere") {
  const Judgement judgement = judge({}, {}, kEndedWith0);
  CHECK(judgement.elsewhere);
  CHECK(judgement.reason ==
        "mpirun ended with 0, but its output is not here: --output DIR names the right place");
  CHECK_FALSE(judge({}, {}, kEndedWith1).elsewhere);
  JobView empty;
  empty.there = true;
  CHECK_FALSE(judge({}, empty, kEndedWith0).elsewhere);
}

TEST_CASE("a refusal before the job began, and a command that is not there, are final") {
  for (const int code : {64, 65, 66, 73, 78}) {
    CHECK(judge({}, {}, {false, code}).code == code);
    CHECK(judge({}, {}, {false, code}).kind == Kind::CannotSucceed);
  }
  for (const int code : {126, 127}) {
    CHECK(judge({}, {}, {false, code}).kind == Kind::CannotSucceed);
    CHECK(judge({}, {}, {false, code}).code == 64);
    CHECK(judge({}, unfinished(), {false, code}).kind == Kind::Resumable);
  }
}

TEST_CASE("progress is a name that is new, not their number") {
  JobView after = unfinished();
  CHECK_FALSE(progress_between(unfinished(), after).any());
  after.runs = {"2.h5", "3.h5"};
  CHECK(progress_between(unfinished(), after).runs == 2);
  CHECK(progress_between(unfinished(), after).text() == "2 new runs, 0 new parts");
  after = unfinished();
  after.runs.clear();
  after.parts.clear();
  CHECK_FALSE(progress_between(unfinished(), after).any());
  after.verdicts = {"3.ab"};
  CHECK(progress_between(unfinished(), after).any());
  CHECK(progress_between(unfinished(), after).text() == "0 new runs, 0 new parts, 1 new verdict");
}

TEST_CASE("a job that is made is progress, one that is there is none") {
  JobView after;
  after.job = file(1);
  CHECK(progress_between({}, after).any());
  CHECK_FALSE(progress_between(after, after).any());
  JobView again = after;
  again.job = file(2);
  CHECK(progress_between(after, again).any());
  CHECK_FALSE(progress_between(after, {}).any());
}

}  // namespace
}  // namespace thresh::cli
