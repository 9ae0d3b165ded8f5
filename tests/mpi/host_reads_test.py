"""Ranks of a host read the rows of a large wave in each other's memory. The output is that of rows that travel, and after a
kill in the middle that of a run without one."""

import json
import random
import sys

import ranks


class HostReads(ranks.Case):
    time_is_short = True  # mpirun leaves those that are not killed a second to save

    def setUp(self):
        super().setUp()
        self.reads = ranks.memory_can_be_read()
        rng = random.Random(9)
        words = [b"%x" % (rng.randrange(600_000) * 2654435761 % (1 << 40)) for _ in range(700_000)]
        words += [b"q" * 300 + b"%d" % (n % 50) for n in range(200)]
        rng.shuffle(words)
        lines = [b" ".join(words[at:at + 9]) for at in range(0, len(words), 9)]
        lines[100] = b"z" * 3_000_000  # as a key, a row of many chunks
        self.text = self.write("words.txt", b"\n".join(lines))
        self.options = {"wordcount": ("--partitions", 5), "inverted-index": ("--partitions", 5),
                        "terasort": ("--partitions", 5, "--key", "1,4")}

    def run_job(self, count, job, *options, **more):
        return self.job(count, job, self.text, *self.options[job], *options, **more)

    def metrics(self, output):
        return json.loads((output / "metrics.json").read_text())

    def bytes_read(self, output):
        metrics = self.metrics(output)
        received = sum(worker["shuffle"]["received_bytes"] for worker in metrics["workers"])
        read = sum(worker["shuffle"]["read_bytes"] for worker in metrics["workers"])
        self.assertLessEqual(read, received)
        return read

    def assert_same(self, result, output, expected, job, reads):
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), expected, f"{job} in {output.name}")
        self.assertEqual(self.bytes_read(output) > 0, reads, f"{job} in {output.name}")

    def test_the_output_is_the_same_however_rows_come(self):
        for job in self.options:
            result, output = self.run_job(0, job, out=f"{job}-alone")
            self.assert_done(result, output)
            expected = ranks.parts(output)
            if job != "terasort":  # whose parts are ranges of sampled keys
                self.assertEqual(expected, self.expected(job, 5, [self.text]))
            for count, reads in ((3, True), (3, False), (5, True)):
                result, output = self.run_job(count, job, *([] if reads else ["--no-host-reads"]),
                                              out=f"{job}-{count}-{reads}")
                self.assert_same(result, output, expected, job, reads and self.reads)

    def test_what_is_in_the_scratch_file_travels(self):
        expected = self.expected("inverted-index", 5, [self.text])
        result, output = self.run_job(3, "inverted-index", "--memory", "4M")
        self.assert_same(result, output, expected, "inverted-index", False)

    def test_what_is_to_be_damaged_travels_and_the_ledger_sees_it(self):
        result, output = self.run_job(3, "inverted-index", "--fault", "corrupt:worker=1,at=shuffle")
        self.assertEqual(result.returncode, 70, result.stderr)
        self.assertIn(b"fault drill: shuffle 1", result.stderr)
        self.assert_nothing_published(output)

    def test_a_small_wave_travels(self):
        result, output = self.job(3, "wordcount", self.write("few.txt", b"a few words\n" * 1000))
        self.assert_done(result, output)
        self.assertEqual(self.bytes_read(output), 0)

    def sort(self, records, *options, out):
        return self.job(3, "terasort", records, "--partitions", 16, *options, out=out)

    def test_what_is_read_when_it_is_reduced_takes_one_wave(self):
        records = self.write("records", random.Random(4).randbytes(50_000_000))
        result, output = self.sort(records, "--no-host-reads", out="travels")
        self.assert_done(result, output)
        expected = ranks.parts(output)
        self.assertGreater(self.metrics(output)["shuffle"]["waves"], 2)
        result, output = self.sort(records, out="read")
        self.assert_same(result, output, expected, "terasort", self.reads)
        if not self.reads:
            return
        self.assertEqual(self.metrics(output)["shuffle"]["waves"], 1)
        # Parts that were committed before stay, though others still had rows of the lost rank to read.
        result, output = self.sort(records, "--fault", "pause:worker=2,at=reduce:3;kill:worker=2,at=receive:8", out="killed")
        self.assertEqual(result.returncode, 137, result.stderr)
        self.assertLess(result.stderr.index(b"fault drill: reduce 3"), result.stderr.index(b"fault drill: receive 8"))
        self.assert_nothing_published(output)
        result, output = self.sort(records, out="killed")
        self.assert_same(result, output, expected, "terasort", True)
        self.assertGreater(self.metrics(output)["found"]["parts"], 0)

    def test_after_a_kill_the_same_bytes(self):
        expected = self.expected("inverted-index", 5, [self.text])
        for at in ("shuffle", "receive"):
            out = f"out-{at}"
            result, output = self.run_job(3, "inverted-index", "--split-size", "256K", "--checkpoint-every", "30ms",
                                          "--fault", f"kill:worker=2,at={at}", out=out)
            self.assertEqual(result.returncode, 137, result.stderr)
            self.assertIn(f"fault drill: {at} 1".encode(), result.stderr)
            self.assert_nothing_published(output)
            # What comes from files is read in the memory of who read the files.
            result, output = self.run_job(4, "inverted-index", "--split-size", "256K", out=out)
            self.assert_same(result, output, expected, "inverted-index", self.reads)
            self.assertGreater(self.metrics(output)["found"]["splits"], 0)


if __name__ == "__main__":
    ranks.main(sys.argv)
