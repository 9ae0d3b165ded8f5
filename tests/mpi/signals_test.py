"""A signal that asks the job to stop: one message, a documented exit code, nothing published, no orphans."""

import random
import signal
import sys
import time

import ranks


class Signals(ranks.Case):
    def stopped(self, count, fault, number):
        """Signals the launcher (or the only rank) once the fault's line shows that the job is under way."""
        source = self.write("in.txt", ranks.text(random.Random(3), 2000))
        output = self.dir / f"out-{count}-{number}"
        log = self.dir / "stderr.txt"
        with open(log, "wb") as file:
            process = ranks.start(count, self.thresh, "wordcount", source, "-o", output, "--split-size", "8K",
                                  "--fault", fault, stderr=file)
            end = time.monotonic() + 30
            while b"fault drill" not in log.read_bytes() and time.monotonic() < end:
                time.sleep(0.02)
            process.send_signal(number)
            result = ranks.finish(process, 40)
        self.assert_nothing_published(output)
        return result.returncode, log.read_text()

    def test_usr1_stops_the_job_with_75(self):
        # The worker that hangs keeps the job from ending before the signal comes.
        code, said = self.stopped(3, "hang:worker=2,at=map", signal.SIGUSR1)
        self.assertEqual(code, 75, said)
        self.assertEqual(said.count("stopped by SIGUSR1"), 1, said)
        self.assertNotIn("lost", said)

    def test_the_third_interrupt_does_not_wait(self):
        source = self.write("in.txt", ranks.text(random.Random(3), 2000))
        log = self.dir / "stderr.txt"
        with open(log, "wb") as file:
            process = ranks.start(0, self.thresh, "wordcount", source, "-o", self.dir / "out", "--fault",
                                  "hang:worker=0,at=map", stderr=file)
            end = time.monotonic() + 30
            while b"fault drill" not in log.read_bytes() and time.monotonic() < end:
                time.sleep(0.02)
            for _ in range(2):
                process.send_signal(signal.SIGINT)
                time.sleep(0.5)
                self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            result = ranks.finish(process, 5)
        self.assertEqual(result.returncode, 130, log.read_text())
        self.assertIn("interrupted three times", log.read_text())


if __name__ == "__main__":
    ranks.main(sys.argv)
