"""Two runs of one job in one directory: the second stops, or takes over from one that stands still; and whatever the
first does when it wakes up, what is published is right."""

import os
import random
import signal
import sys
import time

import ranks


class TwoRuns(ranks.Case):
    time_is_short = True

    def setUp(self):
        super().setUp()
        self.source = self.write("in.txt", ranks.text(random.Random(5), 30_000))
        self.words = ("wordcount", self.source, "--partitions", 4, "--split-size", "16K", "--checkpoint-every", "20ms",
                      "-o", self.dir / "out")

    def start_with_fault(self, fault):
        process = ranks.start(3, self.thresh, *self.words, "--fault", fault)
        self.addCleanup(self.end, process)
        ranks.wait_for_line(process, b"fault drill")
        deadline = time.monotonic() + 20
        while not (pids := ranks.stopped(str(self.dir))):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        return process, pids

    def end(self, process):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()
        process.stderr.close()

    def test_the_second_of_two_that_work_stops(self):
        first, _ = self.start_with_fault("stop:worker=1,at=map:2")  # rank 0 goes on refreshing its claim
        result = ranks.run(2, self.thresh, *self.words)
        self.assertEqual(result.returncode, 75, result.stderr.decode())
        self.assertIn("another run of this job is at work", result.stderr.decode())
        self.end(first)  # mpirun is gone, and its ranks follow within seconds
        self.assert_done(self.run_when_free(), self.dir / "out")

    def test_one_that_stood_still_and_wakes_up_harms_nothing(self):
        for fault in ("stop:worker=0,at=plan", "stop:worker=0,at=publish", "stop:worker=0,at=publish:1"):
            with self.subTest(fault=fault):
                first, pids = self.start_with_fault(fault)
                second = ranks.run(2, self.thresh, *self.words)
                self.assert_done(second, self.dir / "out")
                self.send(pids, signal.SIGCONT)
                first = ranks.finish(first, timeout=60)
                self.assertIn(first.returncode, (0, 75, 74), first.stderr.decode())
                self.assertEqual(ranks.parts(self.dir / "out"), self.expected("wordcount", 4, [self.source]))
                self.assertEqual(ranks.run(0, self.thresh, "verify", self.dir / "out").returncode, 0)
                self.remove_output()

    def test_one_that_was_replaced_while_it_stood_still_stops_though_the_other_is_at_work(self):
        # It would not come to publishing, where it sees by all means that it was replaced.
        first, pids = self.start_with_fault("hang:worker=2,at=map;stop:worker=0,at=assign:6")
        second = ranks.start(3, self.thresh, *self.words, "--fault", "hang:worker=1,at=reduce")
        self.addCleanup(self.end, second)
        ranks.wait_for_line(second, b"fault drill")
        self.send(pids, signal.SIGCONT)
        first = ranks.finish(first, timeout=60)
        self.assertEqual(first.returncode, 75, first.stderr.decode())
        self.assertIn(b"another run of this job has taken over", first.stderr)
        self.assertIsNone(second.poll())
        self.end(second)
        self.assert_done(self.run_when_free(), self.dir / "out")
        self.assertEqual(ranks.parts(self.dir / "out"), self.expected("wordcount", 4, [self.source]))

    def test_both_awake_at_random_times(self):
        """The first is stopped and woken at random while the second works: at most one publishes, and rightly."""
        rng = random.Random(17)
        for _ in range(4):
            first = ranks.start(3, self.thresh, *self.words)
            self.addCleanup(self.end, first)
            time.sleep(rng.uniform(0.3, 0.6))
            halted = ranks.children(first)
            self.send(halted, signal.SIGSTOP)
            second = ranks.start(2, self.thresh, *self.words)
            self.addCleanup(self.end, second)
            time.sleep(rng.uniform(2.8, 3.8))  # about when it takes over
            self.send(halted, signal.SIGCONT)
            results = [ranks.finish(first, timeout=60), ranks.finish(second, timeout=60)]
            said = "".join(result.stderr.decode() for result in results)
            self.assert_done(self.run_when_free(), self.dir / "out")
            self.assertEqual(ranks.parts(self.dir / "out"), self.expected("wordcount", 4, [self.source]), said)
            self.remove_output()

    def run_when_free(self):
        deadline = time.monotonic() + 30
        while (result := ranks.run(2, self.thresh, *self.words)).returncode == 75:
            self.assertLess(time.monotonic(), deadline, result.stderr.decode())
            time.sleep(0.5)
        return result

    @staticmethod
    def send(pids, number):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # it was done already

    def remove_output(self):
        for path in sorted((self.dir / "out").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()


if __name__ == "__main__":
    ranks.main(sys.argv)
