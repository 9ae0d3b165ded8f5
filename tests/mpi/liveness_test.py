"""A rank that stops answering, at each phase: the job ends within its bound, with a documented code, and
nothing is published."""

import random
import signal
import sys
import time

import ranks

STEPS = ("start", "map", "seal", "shuffle", "receive", "reduce", "commit", "check")
COORDINATOR_STEPS = ("start", "plan", "publish")
TASK_TIMEOUT, PEER_TIMEOUT = 1.5, 3.0
# From the fault on: mpirun takes up to about 3 s to end the others.
BOUND = PEER_TIMEOUT + 2 + 3 + 5


class Liveness(ranks.Case):
    time_is_short = True

    def ends(self, fault, codes, *phrases):
        source = self.write("in.txt", ranks.text(random.Random(3), 2000))
        output = self.dir / f"out-{fault}"
        process = ranks.start(3, self.thresh, "wordcount", source, "--partitions", 4, "--split-size", "8K", "-o", output,
                              "--task-timeout", f"{TASK_TIMEOUT}s", "--peer-timeout", f"{PEER_TIMEOUT}s", "--fault", fault)
        said = ranks.wait_for_line(process, b"fault drill")
        begin = time.monotonic()
        result = ranks.finish(process, 60)
        took = time.monotonic() - begin
        said = (said + result.stderr).decode()
        self.assertIn(f"fault drill: {fault.rsplit('at=', 1)[1]} 1", said)
        self.assertIn(result.returncode, codes, said)
        for phrase in phrases:
            self.assertIn(phrase, said)
        self.assertLess(took, BOUND, said)
        self.assertLessEqual(sum(line.startswith("thresh: ") for line in said.splitlines()), 2, said)
        if (output / "_SUCCESS").exists():
            # mpirun wakes a stopped rank before it kills it: one that was about to publish may just finish.
            self.assertEqual(ranks.parts(output), self.expected("wordcount", 4, [source]))
        else:
            self.assert_nothing_published(output)

    def test_a_worker_that_hangs_is_ended_by_its_watchdog(self):
        for step in STEPS:
            with self.subTest(step=step):
                self.ends(f"hang:worker=2,at={step}", (75,), "worker 2", "made no progress")

    def test_eight_parts_may_wait_for_a_disk_while_others_are_reduced(self):
        source = self.write("in.txt", ranks.text(random.Random(3), 2000))
        for count in (0, 3):
            worker = min(count, 1)
            for reduced, code in ((8, 137 if count else -signal.SIGKILL), (9, 75)):
                with self.subTest(ranks=count, reduced=reduced):
                    # The thread that hangs has a second to get there.
                    faults = ";".join(f"{kind}:worker={worker},at={at}" for kind, at in (
                        ("hang", "commit"), ("pause", "reduce:2"), ("pause", "reduce:3"), ("kill", f"reduce:{reduced}")))
                    out = f"out-{count}-{reduced}"
                    words = ("wordcount", source, "--partitions", 40, "--task-timeout", "2s")
                    result, output = self.job(count, *words, "--fault", faults, out=out, timeout=60)
                    said = result.stderr.decode()
                    self.assertIn("fault drill: commit 1", said)
                    self.assertEqual(result.returncode, code, said)
                    if code == 75:
                        self.assertIn("while waiting for a part to be made durable; ending it. It waits for a disk", said)
                    else:
                        self.assertIn("fault drill: reduce 8", said)
                    self.assert_nothing_published(output)
                    result, output = self.job(count, *words, out=out)
                    self.assert_done(result, output)
                    self.assertEqual(ranks.parts(output), self.expected("wordcount", 40, [source]))

    def test_a_worker_that_is_stopped_is_found_by_the_coordinator(self):
        for step in STEPS:
            with self.subTest(step=step):
                self.ends(f"stop:worker=2,at={step}", (75,), "worker 2", "lost")

    def test_the_bound_is_told_as_it_is(self):
        source = self.write("in.txt", ranks.text(random.Random(3), 2000))
        result, _ = self.job(3, "wordcount", source, "--split-size", "8K", "--task-timeout", "1s",
                             "--peer-timeout", "1500ms", "--fault", "stop:worker=2,at=map", timeout=60)
        self.assertEqual(result.returncode, 75, result.stderr.decode())
        self.assertIn("worker 2", result.stderr.decode())
        self.assertIn("silent for more than 1500 ms", result.stderr.decode())

    def test_a_worker_that_is_killed_ends_the_job(self):
        for step in STEPS:
            with self.subTest(step=step):
                self.ends(f"kill:worker=1,at={step}", (137,))

    def test_a_coordinator_that_hangs_is_ended_by_its_watchdog(self):
        for step in COORDINATOR_STEPS:
            with self.subTest(step=step):
                self.ends(f"hang:worker=0,at={step}", (75,), "worker 0", "made no progress")

    def test_a_coordinator_that_is_stopped_is_found_by_the_workers(self):
        for step in COORDINATOR_STEPS:
            with self.subTest(step=step):
                self.ends(f"stop:worker=0,at={step}", (75,), "heard nothing from the coordinator")

    def test_a_rank_that_never_leaves_does_not_hold_the_others(self):
        source = self.write("in.txt", b"a b a\n")
        for fault in ("stop:worker=2,at=leave", "stop:worker=0,at=leave"):
            result, output = self.job(3, "wordcount", source, "--partitions", 1, "--task-timeout", "1.5s",
                                      "--peer-timeout", "3s", "--fault", fault, out=f"out-{fault}", timeout=40)
            self.assertIn("fault drill: leave 1", result.stderr.decode())
            self.assertTrue((output / "_SUCCESS").exists())
            self.assertEqual(ranks.parts(output), {"part-00000.tsv": b"a\t2\nb\t1\n"})

    def test_after_each_end_the_same_command_completes(self):
        source = self.write("in.txt", ranks.text(random.Random(4), 500))
        arguments = ("wordcount", source, "--partitions", 2)
        # In this order: after the second there is nothing left to reduce.
        for fault in ("kill:worker=1,at=reduce", "kill:worker=0,at=publish"):
            result, output = self.job(3, *arguments, "--fault", fault)
            self.assertEqual(result.returncode, 137)
            self.assert_nothing_published(output)
        result, output = self.job(2, *arguments)
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), self.expected("wordcount", 2, [source]))


if __name__ == "__main__":
    ranks.main(sys.argv)
