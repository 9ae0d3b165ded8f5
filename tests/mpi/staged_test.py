"""Rows that are combined by who reduces them: many distinct keys, none of which a worker sees often."""

import json
import pathlib
import random
import sys

import ranks

READ_RUN = pathlib.Path(__file__).resolve().parents[2] / "scripts/read_run.py"
SHAPE = ("--partitions", 3, "--split-size", "64K")
# A table is given up when it fills what it may have of a quarter of it, and what waits to be combined fits into a quarter.
MEMORY = {"wordcount": {0: "24M", 2: "24M", 3: "24M", 4: "24M"}, "sum": {0: "96M", 2: "96M", 3: "44M", 4: "36M"}}


class Staged(ranks.Case):
    def setUp(self):
        super().setUp()
        rng = random.Random(5)
        words = [b"%x" % (rng.randrange(400_000) * 2654435761 % (1 << 40)) for _ in range(400_000)]
        words += [b"q" * 300 + b"%d" % (n % 50) for n in range(200)]
        rng.shuffle(words)
        self.text = self.write("words.txt", b"".join(word + (b"\n" if n % 9 == 0 else b" ") for n, word in enumerate(words)))
        self.table = self.write("table.tsv", b"".join(b"%s\t%d\n" % (word, n % 100) for n, word in enumerate(words)))

    def staged_rows(self, output):
        metrics = json.loads((output / "metrics.json").read_text())
        return sum(worker["seal"]["staged_rows"] for worker in metrics["workers"])

    def runs(self, count, job, source, *options, **more):
        return self.job(count, job, source, *SHAPE, "--memory", MEMORY[job][count], *options, **more)

    def test_the_output_is_the_same_on_any_number_of_ranks(self):
        for job, source in (("wordcount", self.text), ("sum", self.table)):
            expected = self.expected(job, 3, [source])
            for count in MEMORY[job]:
                result, output = self.runs(count, job, source, out=f"out-{job}-{count}")
                self.assert_done(result, output)
                self.assertEqual(ranks.parts(output), expected, f"{job} on {count} ranks")
                self.assertGreater(self.staged_rows(output), 0, f"{job} on {count} ranks")

    def test_after_a_kill_the_same_bytes(self):
        expected = self.expected("wordcount", 3, [self.text])
        for at in ("seal", "shuffle", "reduce"):
            result, output = self.runs(3, "wordcount", self.text, "--fault", f"kill:worker=2,at={at}", out=f"out-{at}")
            self.assertEqual(result.returncode, 137, result.stderr)
            self.assertIn(f"fault drill: {at}".encode(), result.stderr)
            self.assert_nothing_published(output)
            result, output = self.runs(2, "wordcount", self.text, out=f"out-{at}")
            self.assert_done(result, output)
            self.assertEqual(ranks.parts(output), expected, at)

    def test_what_a_stopped_job_saved_is_taken_up_as_it_was(self):
        """The run file holds rows that wait to be combined."""
        expected = self.expected("wordcount", 3, [self.text])
        result, output = self.runs(2, "wordcount", self.text, "--fault", "term:worker=1,at=reduce:1")
        self.assertEqual(result.returncode, 75, result.stderr)
        (file,) = (output / ".thresh/runs").glob("*.h5")
        # h5py is the system's.
        said = ranks.run(0, "/usr/bin/python3", READ_RUN, file)
        self.assertEqual(said.returncode, 0, said.stderr)
        rows = sum(int(line.split()[2]) for line in said.stdout.splitlines() if line.startswith(b"partition "))
        self.assertGreater(rows, sum(part.count(b"\n") for part in expected.values()), "they were combined before")
        for tool in ("verify", "inspect"):
            said = ranks.run(0, self.thresh, tool, output)
            self.assertEqual(said.returncode, 0, said.stderr)
        result, output = self.runs(4, "wordcount", self.text)
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), expected)
        metrics = json.loads((output / "metrics.json").read_text())
        self.assertEqual(metrics["found"]["splits"], metrics["totals"]["splits"])

    def test_nothing_is_lost_unseen(self):
        for fault in ("drop:worker=1,at=seal", "drop:worker=1,at=reduce:7", "corrupt:worker=2,at=shuffle"):
            result, output = self.runs(3, "wordcount", self.text, "--no-checkpoint", "--fault", fault, out=fault[:12])
            self.assertEqual(result.returncode, 70, result.stderr)
            self.assertIn(b"nothing was published", result.stderr)
            self.assert_nothing_published(output)


if __name__ == "__main__":
    ranks.main(sys.argv)
