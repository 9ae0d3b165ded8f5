"""Ranks are lost and the others go on, in the same mpirun, on an MPI with ULFM; elsewhere it ends with 77. What
`thresh drill --in-job` does not try: several losses in a row, spares, a slow record, a job that is stopped as a whole."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import ranks

LAUNCHER = ["mpirun", "--with-ft", "ulfm", "--mca", "pml", "ob1", "--mca", "coll", "^han", "--mca", "btl",
            "tcp,sm,self", "--mca", "btl_tcp_if_include", "lo", "--mca", "async_mpi_finalize", "1", "--oversubscribe"]
PARTITIONS = 8


def has_ulfm():
    try:
        return b"ftmpi" in subprocess.run(["ompi_info"], capture_output=True, check=False).stdout
    except OSError:
        return False


def fault(kind, worker, step):
    return f"{kind}:worker={worker},at={step}"


class InJob(ranks.Case):
    time_is_short = True

    def setUp(self):
        super().setUp()
        rng = random.Random(5)
        words = ["".join(rng.choices("abcdefghij", k=rng.randrange(2, 9))) for _ in range(3000)]
        self.text = self.write("in.txt", ranks.text(rng, 60_000, words))

    def count_words(self, count, *options, launcher=None, **more):
        return self.job(count, "wordcount", self.text, "--partitions", PARTITIONS, "--split-size", "32K", *options,
                        launcher=launcher or LAUNCHER, **more)

    def assert_words(self, result, output):
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), self.expected("wordcount", PARTITIONS, [self.text]))
        return json.loads((output / "metrics.json").read_text())

    def splits_of(self, metrics, worker):
        return sum(w["map"]["splits"] for w in metrics["workers"] if w["worker"] == worker)

    def test_one_after_another_down_to_one_survivor(self):
        faults = [fault("kill", 0, "assign:9"), fault("kill", 1, "map:6"), fault("kill", 2, "shuffle"),
                  fault("kill", 3, "reduce"), *(fault("pause", worker, "map:2") for worker in (2, 3, 4))]
        result, output = self.count_words(5, "--fault", ";".join(faults))
        self.assert_words(result, output)
        for step in (b"assign 9", b"map 6", b"shuffle 1", b"reduce 1"):
            self.assertIn(b"fault drill: " + step, result.stderr)

    def test_an_exchange_that_a_loss_came_before_is_not_begun(self):
        # Worker 2 knows of the exchange and begins it when worker 1 is gone and the others have noticed.
        faults = [fault("pause", 2, "exchange"), fault("kill", 1, "shuffle")]
        result, output = self.count_words(4, "--fault", ";".join(faults))
        self.assert_words(result, output)
        for step in (b"exchange 1", b"shuffle 1"):
            self.assertIn(b"fault drill: " + step, result.stderr)

    def test_who_reads_the_memory_of_a_lost_rank_goes_on_without_it(self):
        expected = self.expected("inverted-index", PARTITIONS, [self.text])
        # Worker 2 has read a part of what worker 1 offers, and goes on when that one is gone; or worker 1 is gone before.
        for late in ("receive", "shuffle", "reduce:2"):
            faults = [fault("pause", 2, "receive"), fault("kill", 1, late)]
            with self.subTest(late=late):
                result, output = self.job(4, "inverted-index", self.text, "--partitions", PARTITIONS, "--fault",
                                          ";".join(faults), launcher=LAUNCHER, out=late)
                self.assert_done(result, output)
                self.assertEqual(ranks.parts(output), expected)
                self.assertIn(f"fault drill: {late.split(':')[0]} ".encode(), result.stderr)
                metrics = json.loads((output / "metrics.json").read_text())
                self.assertEqual([r["lost"] for r in metrics["recoveries"]], [[1]])
                self.assertGreater(sum(w["shuffle"]["read_bytes"] for w in metrics["workers"]), 0)

    def test_rank_0_does_the_rest_when_it_is_left_alone(self):
        for last in ("map:9", "shuffle", "reduce"):
            with self.subTest(last=last):
                faults = [fault("kill", 1, "map:3"), fault("kill", 2, "map:6"), fault("pause", 2, "map:1"),
                          fault("pause", 3, "map:1"), fault("pause", 3, "map:2"), fault("kill", 3, last)]
                result, output = self.count_words(4, "--fault", ";".join(faults), out=last)
                metrics = self.assert_words(result, output)
                self.assertIn(f"fault drill: {last.split(':')[0]} ".encode(), result.stderr)
                self.assertEqual([w["worker"] for w in metrics["workers"] if w["state"] != "dead"], [0])

    def test_what_is_done_again_is_what_the_lost_alone_had(self):
        result, output = self.count_words(4, "--fault", fault("kill", 2, "reduce"), "--no-checkpoint")
        metrics = self.assert_words(result, output)
        again = metrics["tasks"]["splits_done"] - metrics["totals"]["splits"]
        self.assertGreater(again, 0)
        self.assertEqual(again, self.splits_of(metrics, 2))
        self.assertEqual([(r["lost"], r["splits_again"]) for r in metrics["recoveries"]], [([2], again)])

    def test_a_spare_takes_the_place_of_the_lost(self):
        result, output = self.count_words(4, "--spares", 1)
        metrics = self.assert_words(result, output)
        self.assertEqual(self.splits_of(metrics, 3), 0)
        faults = ";".join((fault("pause", 2, "map:2"), fault("kill", 1, "map:3")))
        result, output = self.count_words(4, "--spares", 1, "--fault", faults, out="spared")
        metrics = self.assert_words(result, output)
        self.assertIn(b" s on 2 workers, 1 lost\n", result.stderr)
        self.assertGreater(self.splits_of(metrics, 3), 0)

    def test_who_waited_for_a_cpu_takes_the_place_of_the_lost(self):
        launcher = ["taskset", "-c", str(min(os.sched_getaffinity(0))), *LAUNCHER]
        result, output = self.count_words(4, "--fault", fault("kill", 1, "map:3"), launcher=launcher, all_work=False)
        metrics = self.assert_words(result, output)
        self.assertGreater(self.splits_of(metrics, 2), 0)
        self.assertEqual(self.splits_of(metrics, 3), 0)

    def test_a_worker_that_is_told_to_end_leaves_and_nothing_is_lost(self):
        faults = [fault("pause", 1, "map:2"), fault("pause", 3, "map:2"), fault("term", 2, "map:9")]
        result, output = self.count_words(4, "--fault", ";".join(faults))
        metrics = self.assert_words(result, output)
        self.assertEqual([r["splits_again"] for r in metrics["recoveries"]], [0])
        self.assertEqual([w["state"] for w in metrics["workers"] if w["worker"] == 2], ["drained"])

    def slow_input(self, record=b"poison slow"):
        """One record that takes longer than the task timeout, and many that do not."""
        lines = [b"line %d\n" % (i % 500) for i in range(40_000)]
        return self.write("slow.txt", b"".join([*lines[:9_000], record + b"\n", *lines[9_000:]]))

    def test_who_thinks_long_about_a_record_is_not_taken_for_dead(self):
        seconds = 30 if os.environ.get("THRESH_SOAK") else 6
        slow = self.slow_input(b"poison slow 30" if seconds == 30 else b"poison slow")
        options = ["--partitions", 4, "--split-size", "16K", "--task-timeout", "2s", "--peer-timeout", "4s"]
        clean = ranks.run(0, self.poison, "poison", slow, "-o", self.dir / "clean", *options)
        self.assert_done(clean, self.dir / "clean")
        output = self.dir / "out"
        result = ranks.run(4, self.poison, "poison", slow, "-o", output, *options, launcher=LAUNCHER)
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), ranks.parts(self.dir / "clean"))
        self.assertEqual(json.loads((output / "metrics.json").read_text())["recoveries"], [])
        # The others do not wait for the record to end when one is lost meanwhile.
        output = self.dir / "lost"
        begin = time.monotonic()
        result = ranks.run(4, self.poison, "poison", slow, "-o", output, *options, "--fault",
                           fault("kill", 3, "map:2"), launcher=LAUNCHER)
        self.assertIn(b"fault drill: map 2", result.stderr)
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), ranks.parts(self.dir / "clean"))
        self.assertLess(time.monotonic() - begin, seconds + 14)

    def test_who_directs_may_think_long_as_well(self):
        # Rank 1 takes the place of rank 0 and maps, too: of so many slow splits it gets some. Rank 2 is to wait.
        lines = [b"line %d\n" % (i % 500) for i in range(40_000)]
        slow = [b"poison slow\n" if i in range(20_000, 28_000, 2_000) else line for i, line in enumerate(lines)]
        source = self.write("slow.txt", b"".join(slow))
        options = ["--partitions", 4, "--split-size", "16K", "--task-timeout", "2s", "--peer-timeout", "4s"]
        clean = ranks.run(5, self.poison, "poison", source, "-o", self.dir / "clean", *options, launcher=LAUNCHER)
        self.assert_done(clean, self.dir / "clean")
        output = self.dir / "out"
        result = ranks.run(3, self.poison, "poison", source, "-o", output, *options, "--fault",
                           fault("kill", 0, "assign:6"), launcher=LAUNCHER)
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), ranks.parts(self.dir / "clean"))
        metrics = json.loads((output / "metrics.json").read_text())
        self.assertEqual([r["lost"] for r in metrics["recoveries"]], [[0]])
        mapping = [w["map"]["seconds"] for w in metrics["workers"] if w["worker"] == 1]
        self.assertGreater(mapping[0], 5)  # it had one of them

    def start_slow(self, launcher):
        """A job that runs for some seconds more; its output directory."""
        slow = self.slow_input(b"poison slow\npoison slow")  # 12 s
        output = self.dir / "out"
        process = ranks.start(4, self.poison, "poison", slow, "-o", output, "--partitions", 4, "--split-size", "16K",
                              launcher=launcher)
        end = time.monotonic() + 20
        while b"poison: map, " not in ranks.run(0, self.thresh, "status", output).stdout:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        return process, output

    def one_that_is_idle(self, output):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            status = json.loads(ranks.run(0, self.thresh, "status", output, "--json").stdout)
            idle = [w["worker"] for w in status["workers"] if w["state"] == "idle"]
            if idle:
                return idle[0]
            time.sleep(0.1)
        raise AssertionError("no worker is idle")

    def test_drain_lets_one_worker_go(self):
        process, output = self.start_slow(LAUNCHER)
        self.assertEqual(ranks.run(0, self.thresh, "drain", output, "--worker", 9).returncode, 64)
        # One that is not at the slow record: it leaves at once.
        idle = self.one_that_is_idle(output)
        asked = ranks.run(0, self.thresh, "drain", output, "--worker", idle)
        self.assertEqual(asked.returncode, 0, asked.stderr.decode())
        self.assert_done(ranks.finish(process), output)
        metrics = json.loads((output / "metrics.json").read_text())
        self.assertEqual([w["state"] for w in metrics["workers"] if w["worker"] == idle], ["drained"])
        self.assertEqual([(r["lost"], r["splits_again"]) for r in metrics["recoveries"]], [([idle], 0)])
        self.assertFalse((output / ".thresh").exists())
        self.assertEqual(ranks.run(0, self.thresh, "status", output).returncode, 66)

    def test_without_ulfm_nobody_is_drained(self):
        process, output = self.start_slow(["mpirun", "--oversubscribe"])
        self.assertEqual(ranks.run(0, self.thresh, "drain", output, "--worker", 1).returncode, 78)
        self.assert_done(ranks.finish(process), output)

    def test_a_job_that_is_stopped_as_a_whole_goes_on_as_a_whole(self):
        slow = self.slow_input()
        output = self.dir / "out"
        process = ranks.start(4, self.poison, "poison", slow, "-o", output, "--partitions", 4, "--split-size", "16K",
                              launcher=LAUNCHER)
        end = time.monotonic() + 20
        while len(ranks.at_work(output)) < 4:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        time.sleep(1)
        pids = ranks.at_work(output).values()
        self.assertEqual(len(pids), 4)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(3)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        self.assert_done(ranks.finish(process), output)
        self.assertEqual(json.loads((output / "metrics.json").read_text())["recoveries"], [])

    def test_a_record_that_crashes_workers_is_left_out(self):
        lines = b"".join(b"line %d\n" % i for i in range(3000))
        bad = self.write("bad.txt", lines + b"poison segv\n" + lines)
        output = self.dir / "out"
        result = ranks.run(5, self.poison, "poison", bad, "-o", output, "--partitions", 2, "--split-size", "4K",
                           "--max-bad-records", 1, launcher=LAUNCHER)
        self.assert_done(result, output)
        self.assertIn(b"left out: ", result.stderr)
        self.assertEqual(sum(part.count(b"\n") for part in ranks.parts(output).values()), 3000)

    def test_a_failure_ends_all_ranks_at_once_with_its_code(self):
        for number, (code, words) in enumerate(((70, ("--fault", fault("throw", 2, "reduce"))),
                                                (73, ("--scratch", "/no/such/place")), (64, ("--spares", 3)))):
            with self.subTest(code=code):
                begin = time.monotonic()
                result, output = self.count_words(4, *words, out=f"out-{number}")
                self.assertEqual(result.returncode, code, result.stderr.decode())
                self.assert_nothing_published(output)
                self.assertLess(time.monotonic() - begin, 9)  # who is not heard of is waited for 10 s

    def test_without_ulfm_a_loss_ends_the_job_and_the_same_command_goes_on(self):
        plain = ["mpirun", "--oversubscribe"]
        result, output = self.count_words(4, "--fault", fault("kill", 2, "reduce"), launcher=plain)
        self.assertNotEqual(result.returncode, 0)
        self.assert_nothing_published(output)
        result, output = self.count_words(3, launcher=plain)
        self.assert_words(result, output)


if __name__ == "__main__":
    if not has_ulfm():
        print("skipped: this MPI has no ULFM; scripts/test-ulfm brings one", file=sys.stderr)
        sys.exit(77)
    ranks.main(sys.argv)
