// The worker pool and the fault handler.
#include <chrono>
#include <string>
#include <vector>

#include "schedule/fault_handler.hpp"
#include "schedule/split_troubles.hpp"
#include "schedule/worker_pool.hpp"
#include "support/catch.hpp"

namespace {

using namespace thresh;
using namespace thresh::schedule;
using std::chrono::seconds;

Job job_of_one_split() {
  JobPlan plan;
  plan.inputs.push_back({"in.txt", 100, 0});
  plan.splits.push_back({0, 0, 100});
  Job job;
  job.adopt(plan);
  return job;
}

WorkerPool three_workers() {
  return WorkerPool({3, 1, 2}, Liveness{seconds(10), seconds(1)}, Time{});
}

TEST_CASE("a silent worker is suspect after half of the peer timeout and reported after all of it") {
  WorkerPool pool = three_workers();
  for (int second = 1; second <= 6; ++second) {
    pool.awake(seconds(second));
    pool.heard(1, seconds(second));
  }
  REQUIRE(pool.check(seconds(6)).empty());
  REQUIRE(pool.state(1) == WorkerState::Idle);
  REQUIRE(pool.state(2) == WorkerState::Suspect);
  pool.heard(2, seconds(7));
  REQUIRE(pool.state(2) == WorkerState::Idle);
  REQUIRE(pool.check(seconds(11)) == std::vector<WorkerId>{3});
  REQUIRE(pool.next_check() == seconds(12));
}

TEST_CASE("silence while the coordinator itself was away is not held against the workers") {
  WorkerPool pool = three_workers();
  pool.awake(seconds(60));
  REQUIRE(pool.check(seconds(60)).empty());
}

TEST_CASE("a dead worker stays dead and is dismissed once") {
  WorkerPool pool = three_workers();
  REQUIRE(pool.lose(2, seconds(1)));
  REQUIRE_FALSE(pool.lose(2, seconds(2)));
  pool.heard(2, seconds(3));
  pool.set_busy(2, seconds(3));
  REQUIRE(pool.state(2) == WorkerState::Dead);
  REQUIRE(pool.live() == std::vector<WorkerId>{1, 3});
  REQUIRE(pool.owes_dismissal(2));
  REQUIRE_FALSE(pool.owes_dismissal(2));
  REQUIRE_FALSE(pool.owes_dismissal(1));
  REQUIRE_FALSE(pool.owes_dismissal(9));
  const auto changes = pool.take_changes();
  REQUIRE(changes.size() == 1);
  REQUIRE(changes.front().to == WorkerState::Dead);
}

TEST_CASE("without fault tolerance in MPI a loss ends the job with 75 and says what to do") {
  FaultHandler faults(FaultPolicy{false, false, 4});
  faults.worker_lost(3, "node7", "map", "silent for more than 660 s", false);
  REQUIRE(faults.refuse_recovery(2, 0) ==
          Failure{75,
                  "worker 3 (node7) was lost while mapping: silent for more than 660 s; run the same command "
                  "again"});
}

TEST_CASE("recoveries without progress are limited, and progress begins the count anew") {
  FaultHandler faults(FaultPolicy{true, true, 2});
  faults.worker_lost(1, "", "reduce", "gone", false);
  for (const std::uint64_t progress : {0U, 0U, 5U, 5U}) {
    REQUIRE_FALSE(faults.refuse_recovery(3, progress));
    faults.recovered();
  }
  REQUIRE(faults.refuse_recovery(3, 5)->code == 69);
  REQUIRE_FALSE(faults.refuse_recovery(3, 6));
}

TEST_CASE("a recovery that was cut short by the next loss does not count") {
  FaultHandler faults(FaultPolicy{true, true, 1});
  faults.worker_lost(1, "", "map", "gone", false);
  for (int i = 0; i < 10; ++i) REQUIRE_FALSE(faults.refuse_recovery(3, 0));
}

TEST_CASE("a job whose workers are all lost gives up with 69") {
  FaultHandler faults(FaultPolicy{true, true, 4});
  faults.worker_lost(1, "", "shuffle", "gone", false);
  REQUIRE(faults.refuse_recovery(0, 0)->code == 69);
}

TEST_CASE("a spare gets no work until a worker is lost, and then it takes its place") {
  WorkerPool pool({1, 2, 3, 4}, Liveness{seconds(10), seconds(1)}, Time{}, 2);
  REQUIRE(pool.live() == std::vector<WorkerId>{1, 2, 3, 4});
  REQUIRE(pool.working() == std::vector<WorkerId>{1, 2});
  pool.set_busy(3, Time{});  // it takes part in the roll call and in waves
  REQUIRE(pool.state(3) == WorkerState::Spare);
  REQUIRE(pool.lose(1, Time{}));
  REQUIRE(pool.working() == std::vector<WorkerId>{2, 3});
  REQUIRE(pool.lose(4, Time{}));  // a spare is nobody's place to take
  REQUIRE(pool.working() == std::vector<WorkerId>{2, 3});
  REQUIRE(WorkerPool({1, 2}, Liveness{}, Time{}, 5).working() == std::vector<WorkerId>{1});
}

// Hosts a (two CPUs: 0, the coordinator, to 3), b (one: 4 and 5) and c (four: 6 and 7).
std::vector<Seat> three_hosts() {
  return {{0, 2}, {0, 2}, {0, 2}, {0, 2}, {4, 1}, {4, 1}, {6, 4}, {6, 4}};
}

TEST_CASE("no more workers of a host work than it has CPUs") {
  const WorkerPool pool({1, 2, 3, 4, 5, 6, 7}, Liveness{}, Time{}, 0, three_hosts());
  REQUIRE(pool.working() == std::vector<WorkerId>{1, 2, 4, 6, 7});
  REQUIRE(pool.state(3) == WorkerState::Spare);
  REQUIRE(pool.spares() == 2);
  // Spares that are asked for are others: no host has to do without a CPU for them.
  REQUIRE(WorkerPool({1, 2, 3, 4, 5, 6, 7}, Liveness{}, Time{}, 1, three_hosts()).working() ==
          std::vector<WorkerId>{1, 2, 4, 6});
}

TEST_CASE("a spare of the same host is called first, and none to a host without a CPU for it") {
  WorkerPool pool({1, 2, 3, 4, 5, 6, 7}, Liveness{}, Time{}, 1, three_hosts());
  REQUIRE(pool.lose(4, Time{}));
  REQUIRE(pool.working() == std::vector<WorkerId>{1, 2, 5, 6});
  REQUIRE(pool.lose(5, Time{}));  // nobody else waits there: the first with a CPU is on c
  REQUIRE(pool.working() == std::vector<WorkerId>{1, 2, 6, 7});
  REQUIRE(pool.lose(6, Time{}));  // 3 has no CPU
  REQUIRE(pool.working() == std::vector<WorkerId>{1, 2, 7});
  REQUIRE(pool.lose(1, Time{}));
  REQUIRE(pool.working() == std::vector<WorkerId>{2, 3, 7});
  REQUIRE(pool.spares() == 0);
}

TEST_CASE("a worker that leaves gets no more work, and counts as drained when it is gone") {
  WorkerPool pool({1, 2, 3}, Liveness{seconds(10), seconds(1)}, Time{}, 1);
  pool.set_busy(2, Time{});
  pool.drain(2, Time{});
  pool.set_idle(2, Time{});
  REQUIRE(pool.state(2) == WorkerState::Draining);
  REQUIRE(pool.is_live(2));
  REQUIRE(pool.working() == std::vector<WorkerId>{1});
  REQUIRE(pool.lose(2, Time{}));
  REQUIRE(pool.state(2) == WorkerState::Drained);
  REQUIRE_FALSE(pool.is_live(2));
  REQUIRE(pool.working() == std::vector<WorkerId>{1, 3});
}

TEST_CASE("a note of a crash counts once, however often the job directory is listed") {
  Job job = job_of_one_split();
  job.options.max_attempts = 4;
  const thresh::AttemptNote crash{thresh::AttemptKind::Crash, 0, {7, "it crashed"}};
  std::vector<thresh::SplitId> verdicts;
  for (int recovery = 0; recovery < 5; ++recovery) {
    REQUIRE_FALSE(learn_attempts(job, {crash}, verdicts));
    REQUIRE(job.troubles.at(0).failures == 1);
  }
  // A second worker died of the same record: there is no quarantine, so the job fails.
  REQUIRE(learn_attempts(job, {crash, crash}, verdicts)->code == 65);
}

TEST_CASE("bad records are left out as they are found, however many a split has") {
  Job job = job_of_one_split();
  job.options.max_attempts = 2;
  job.options.max_bad_records = 8;
  const auto fails_at = [&](std::uint64_t first) {
    thresh::SplitFailed failed;
    failed.failure = {65, "bad"};
    for (std::uint64_t offset = first + 2; offset-- > first;) failed.bad.push_back({offset, "no TAB"});
    return split_failed(job, 1, failed);
  };
  for (const std::uint64_t first : {50U, 10U, 30U, 70U}) {
    REQUIRE(fails_at(first).verdict == FaultHandler::Verdict::TryAgain);
    REQUIRE(fails_at(first).verdict == FaultHandler::Verdict::Quarantine);
  }
  std::vector<std::uint64_t> left_out;
  for (const auto& record : job.troubles.at(0).quarantine) left_out.push_back(record.offset);
  REQUIRE(left_out == std::vector<std::uint64_t>{10, 11, 30, 31, 50, 51, 70, 71});
  const SplitDecision one_more = fails_at(90);
  REQUIRE(one_more.verdict == FaultHandler::Verdict::TryAgain);
  REQUIRE(fails_at(90).failure.what.find("more bad records than the 8 of") != std::string::npos);
}

TEST_CASE("a split that fails elsewhere each time is told so, not that there are too many bad records") {
  Job job = job_of_one_split();
  job.options.max_attempts = 3;
  job.options.max_bad_records = 100;
  thresh::SplitFailed failed;
  failed.failure = {65, "bad"};
  SplitDecision decision;
  for (std::uint64_t offset = 0; offset < 3; ++offset) {
    failed.bad = {{offset, "sometimes bad"}};
    decision = split_failed(job, 1, failed);
  }
  REQUIRE(decision.verdict == FaultHandler::Verdict::Fail);
  REQUIRE(decision.failure.what.find("its split failed 3 times, each time at other records") !=
          std::string::npos);
}

TEST_CASE("who is merely silent is still in every collective: the job is started again") {
  FaultHandler faults(FaultPolicy{true, false, 4});
  faults.worker_lost(1, "", "map", "its process ended", false);
  REQUIRE_FALSE(faults.refuse_recovery(3, 0));
  faults.worker_lost(2, "", "map", "silent for more than 660 s", true);
  REQUIRE(faults.refuse_recovery(3, 0)->code == 75);
}

}  // namespace
