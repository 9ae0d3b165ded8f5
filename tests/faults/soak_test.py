"""Kills at random times, in a row and during recovery: of any rank, rank 0 too, or of mpirun. With THRESH_SOAK=1 for a
quarter of an hour, else for half a minute. THRESH_SOAK_SEED draws other kills."""

import os
import random
import shutil
import signal
import sys
import time

import ranks

SECONDS = 900 if os.environ.get("THRESH_SOAK") == "1" else 30
SEED = int(os.environ.get("THRESH_SOAK_SEED", "23"))
PARTITIONS = 6


class Soak(ranks.Case):
    def inputs(self, rng):
        words = ["".join(rng.choices("abcdefghijkl", k=rng.randrange(2, 9))) for _ in range(5000)]
        text = self.write("in.txt", ranks.text(rng, 120_000, words))
        table = "".join(f"{rng.choice(words)}\t{rng.randrange(10**8) / 100 - 500_000:.2f}\n" for _ in range(200_000))
        return {"wordcount": text, "inverted-index": text, "sum": self.write("table.tsv", table.encode())}

    def kill_one(self, rng, process):
        """Kills mpirun or a rank; whether there was something to kill."""
        if process.poll() is not None:
            return False
        victims = [process.pid, *ranks.at_work(self.dir / "out").values()]
        try:
            os.kill(rng.choice(victims), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def command(self, job, source):
        return (self.thresh, job, source, "--partitions", PARTITIONS, "--split-size", "64K", "--checkpoint-every", "20ms",
                "-o", self.dir / "out")

    def seconds_of(self, job, source):
        """That the job takes if nobody is killed."""
        begin = time.monotonic()
        self.assert_done(ranks.run(3, *self.command(job, source)), self.dir / "out")
        shutil.rmtree(self.dir / "out")
        return time.monotonic() - begin

    def test_a_job_that_is_killed_again_and_again_completes(self):
        rng = random.Random(SEED)
        sources = self.inputs(rng)
        expected = {job: self.expected(job, PARTITIONS, [path]) for job, path in sources.items()}
        took = {job: self.seconds_of(job, path) for job, path in sources.items()}
        end = time.monotonic() + SECONDS
        kills = jobs = 0
        while time.monotonic() < end or jobs < 2:
            job = rng.choice(sorted(sources))
            command = self.command(job, sources[job])
            for _ in range(rng.randrange(2, 8)):
                process = ranks.start(rng.choice((2, 3, 4, 6)), *command)
                time.sleep(took[job] * rng.uniform(0.3, 0.95))
                kills += self.kill_one(rng, process)
                ranks.finish(process)
            what = f"seed {SEED}, job {jobs}, {job}"
            # A rank whose mpirun was killed may have shown a last time that it is alive.
            deadline = time.monotonic() + 30
            while (result := self.job(rng.choice((0, 2, 3)), *command[1:-2])[0]).returncode == 75:
                self.assertLess(time.monotonic(), deadline, result.stderr.decode(errors="replace"))
                time.sleep(0.5)
            output = self.dir / "out"
            self.assertEqual(result.returncode, 0, f"{what}: {result.stderr.decode(errors='replace')}")
            self.assertTrue((output / "_SUCCESS").is_file(), what)
            self.assertTrue(ranks.parts(output) == expected[job], f"{what}: other bytes")
            self.assertFalse((output / ".thresh").exists(), what)
            shutil.rmtree(output)
            jobs += 1
        self.assertGreater(kills, 3)
        print(f"{kills} kills, {jobs} jobs", file=sys.stderr)


if __name__ == "__main__":
    ranks.main(sys.argv)
