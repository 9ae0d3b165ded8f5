"""thresh status: says when a status was written, and whether the job that wrote it is still there."""

import json
import os
import random
import signal
import sys
import time

import ranks

NOBODY = "; no process is at work any more: thresh inspect shows what to do"


class Status(ranks.Case):
    time_is_short = True

    def status(self, output, *more):
        result = ranks.run(0, self.thresh, "status", output, *more)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout.decode()

    def start(self, *more):
        """A job of three ranks that is held up by a fault."""
        source = self.write("in.txt", ranks.text(random.Random(5), 500))
        process = ranks.start(3, self.thresh, "wordcount", source, "--partitions", 3, "--split-size", "2K", "-o",
                              self.dir / "out", *more)
        self.addCleanup(lambda: process.poll() is None and os.killpg(process.pid, signal.SIGKILL))
        ranks.wait_for_line(process, b"fault drill")
        return process, self.dir / "out"

    def test_while_parts_are_made_all_is_mapped(self):
        process, output = self.start("--task-timeout", "60s", "--peer-timeout", "70s", "--fault", "stop:worker=1,at=reduce")
        ranks.wait_for_file(output / ".thresh/status.json")
        end = time.monotonic() + 20
        while (status := json.loads(self.status(output, "--json")))["phase"] != "reduce":
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        self.assertGreater(status["splits"]["total"], 3)
        self.assertEqual(status["splits"]["mapped"], status["splits"]["total"])
        lines = self.status(output).splitlines()
        self.assertIn(f"reduce, {status['splits']['total']} of {status['splits']['total']} splits mapped", lines[0])
        self.assertRegex(lines[1], r"\A  written \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\Z")
        (stopped,) = ranks.stopped(self.dir)
        os.kill(stopped, signal.SIGCONT)
        self.assertEqual(ranks.finish(process, 60).returncode, 0)

    def test_a_job_that_failed_did_not_go_on_and_is_not_at_work(self):
        process, output = self.start("--task-timeout", "2s", "--peer-timeout", "4s", "--fault", "stop:worker=1,at=map")
        # Rank 0 waits for another one that is silent when it has given up: meanwhile it tells of its loss.
        time.sleep(2)
        os.kill(ranks.at_work(output)[2], signal.SIGSTOP)
        self.assertEqual(ranks.finish(process, 60).returncode, 75)
        status = json.loads(self.status(output, "--json"))
        self.assertEqual(status["recoveries"], [])
        self.assertLess(status["splits"]["mapped"], status["splits"]["total"])
        text = self.status(output)
        self.assertNotIn("it went on without", text)
        self.assertTrue(text.splitlines()[1].endswith(NOBODY), text)

    def test_a_holder_that_was_killed_is_not_at_work(self):
        # It is told once a second what the job is at.
        pauses = ranks.pauses("map", (1, 2), 1, 2)
        process, output = self.start("--fault", f"{pauses};pause:worker=1,at=reduce;kill:worker=0,at=publish")
        self.assertEqual(ranks.finish(process, 60).returncode, 137)
        self.assertTrue(self.status(output).splitlines()[1].endswith(NOBODY))
        # Nor is anyone asked to leave, whatever the MPI can do: the next run would be struck.
        status = output / ".thresh/status.json"
        changed = {"goes_on_without_lost": True, "workers": [{"worker": 1, "state": "idle"}]}
        status.write_text(json.dumps(json.loads(status.read_text()) | changed))
        result = ranks.run(0, self.thresh, "drain", output, "--worker", 1)
        self.assertEqual(result.returncode, 66, result.stderr)
        self.assertIn(b"nobody is at work on this job", result.stderr)
        self.assertEqual(list(output.glob(".thresh/drain.*")), [])


if __name__ == "__main__":
    ranks.main(sys.argv)
