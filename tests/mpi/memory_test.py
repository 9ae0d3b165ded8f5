"""What does not fit in memory goes to a scratch file: the output is the same, memory stays in its budget, and nothing is left
behind."""

import json
import os
import random
import sys

import ranks

MIB = 1 << 20


class Memory(ranks.Case):
    def setUp(self):
        super().setUp()
        self.scratch = self.dir / "scratch"
        self.scratch.mkdir()

    def words(self, count, distinct):
        """Lines of words; most of them are rare."""
        rng = random.Random(11)
        return b"".join(b"%x%s" % (rng.randrange(distinct) * 2654435761 % (1 << 40), b"\n" if n % 9 == 0 else b" ")
                        for n in range(count))

    def spilling(self, count, job, source, memory, *options, **more):
        result, output = self.job(count, job, source, "--memory", memory, "--scratch", self.scratch, *options, **more)
        self.assert_done(result, output)
        self.assertEqual(list(self.scratch.iterdir()), [])
        metrics = json.loads((output / "metrics.json").read_text())
        self.assertGreater(sum(worker["spill"]["bytes"] for worker in metrics["workers"]), 0, "nothing was spilled")
        return output, metrics

    def test_jobs_many_times_larger_than_memory_give_the_same_bytes(self):
        text = self.write("in/words.txt", self.words(60_000, 30_000))
        rng = random.Random(3)
        table = self.write("table.tsv", b"".join(b"%x\t%d.%02d\n" % (rng.randrange(20_000), rng.randrange(9999), n % 100)
                                                 for n in range(40_000)))
        for job, source in (("wordcount", text), ("inverted-index", text), ("sum", table)):
            expected = self.expected(job, 7, [source])
            for count in (1, 2, 3, 4):
                for split, visit in (("8K", 3), ("1M", 1)):
                    output, _ = self.spilling(count, job, source, "64K", "--partitions", 7, "--split-size", split,
                                              out=f"out-{job}-{count}-{split}")
                    self.assertEqual(ranks.parts(output), expected, f"{job} on {count} ranks, splits of {split}")

    def test_one_group_may_be_larger_than_memory(self):
        source = self.write("same.txt", b"same same\nother same\n" * 150_000)
        expected = self.expected("inverted-index", 2, [source])
        for count in (1, 3):
            output, metrics = self.spilling(count, "inverted-index", source, "1M", "--partitions", 2,
                                            out=f"out-{count}")
            self.assertEqual(ranks.parts(output), expected)
            self.assertGreater(metrics["shuffle"]["max_partition_bytes"], 8 * MIB)

    def test_checkpoints_of_spilled_runs_are_found_again(self):
        source = self.write("words.txt", self.words(60_000, 30_000))
        expected = self.expected("wordcount", 5, [source])
        options = ("--partitions", 5, "--split-size", "8K", "--checkpoint-every", "1ms")
        result, output = self.job(3, "wordcount", source, "--memory", "64K", "--scratch", self.scratch, *options,
                                  "--fault", "kill:worker=1,at=reduce:1")
        self.assertEqual(result.returncode, 137, result.stderr)
        self.assert_nothing_published(output)
        self.assertEqual(list(self.scratch.iterdir()), [])
        output, metrics = self.spilling(2, "wordcount", source, "64K", *options)
        self.assertEqual(ranks.parts(output), expected)
        self.assertGreater(metrics["found"]["splits"], 0)

    def test_a_kill_while_rows_are_spilled_leaves_no_scratch(self):
        source = self.write("words.txt", self.words(40_000, 30_000))
        for visit in (1, 20):
            result, output = self.job(3, "wordcount", source, "--memory", "64K", "--scratch", self.scratch,
                                      "--split-size", "8K", "--fault", f"kill:worker=1,at=spill:{visit}",
                                      out=f"out-{visit}")
            self.assertEqual(result.returncode, 137, result.stderr)
            self.assert_nothing_published(output)
            self.assertEqual(list(self.scratch.iterdir()), [])

    def test_a_bit_that_flips_in_scratch_is_noticed(self):
        source = self.write("words.txt", self.words(40_000, 30_000))
        for job in ("wordcount", "inverted-index"):
            for split, visit in (("8K", 3), ("1M", 1)):
                result, output = self.job(2, job, source, "--memory", "64K", "--scratch", self.scratch, "--no-checkpoint",
                                          "--split-size", split, "--fault", f"corrupt:worker=1,at=spill:{visit}",
                                          out=f"out-{job}-{split}")
                self.assertEqual(result.returncode, 70, result.stderr)
                self.assert_nothing_published(output)

    def test_a_full_scratch_is_named(self):
        source = self.write("words.txt", self.words(40_000, 30_000))
        result, output = self.job(2, "wordcount", source, "--memory", "64K", "--scratch", self.scratch,
                                  "--no-checkpoint", "--fault", "enospc:worker=1,at=spill:1")
        self.assertEqual(result.returncode, 74, result.stderr)
        self.assertIn(os.fsencode(self.scratch), result.stderr)
        self.assertIn(b"--scratch", result.stderr)
        self.assert_nothing_published(output)

    def test_a_scratch_directory_that_is_not_there_is_refused(self):
        source = self.write("a.txt", b"a b c\n")
        for count in (1, 2):
            result, output = self.job(count, "wordcount", source, "--scratch", self.dir / "none", out=f"out-{count}")
            self.assertEqual(result.returncode, 73, result.stderr)
            self.assertIn(b"none", result.stderr)
            self.assert_nothing_published(output)

    def test_memory_stays_in_its_budget(self):
        """Docs: 1.25 times --memory, and what a rank takes that has nothing to do."""
        if os.environ.get("ASAN_OPTIONS"):
            self.skipTest("a sanitizer takes memory of its own")
        tiny = self.write("tiny.txt", b"a b c\n")
        result, output = self.job(3, "wordcount", tiny, out="tiny")
        self.assert_done(result, output)
        idle = max(worker["peak_memory_bytes"] for worker in json.loads((output / "metrics.json").read_text())["workers"])
        words = self.words(2_200_000, 1 << 40)
        source = self.write("words.txt", words)
        self.assertGreater(source.stat().st_size, 20 * MIB)
        # All begin alike, as far as a row's first bytes tell.
        addresses = self.write("addresses.txt", b"https://" + words[:-1].replace(b" ", b" https://"))
        # In order, so that all keys are behind those that came first.
        ordered = self.write("ordered.txt", b"\n".join(sorted(words.split())) + b"\n")
        # Rows far smaller than what sorts them.
        short = self.write("short.txt", b"\n" * 20_000_000)
        for job, path, partitions, mib in (("wordcount", source, 8, 8), ("inverted-index", source, 8, 8),
                                           ("wordcount", addresses, 8, 8), ("wordcount", addresses, 1, 8),
                                           ("wordcount", source, 1, 8), ("wordcount", ordered, 1, 16), ("terasort", short, 1, 96)):
            with self.subTest(job=job, path=path.name, partitions=partitions):
                output, metrics = self.spilling(3, job, path, f"{mib}M", "--partitions", partitions,
                                                *(["--key", "1"] if job == "terasort" else []),
                                                out=f"out-{job}-{path.name}-{partitions}")
                for worker in metrics["workers"]:
                    # Short rows take little more than they should if what sorts them is forgotten.
                    most = mib if job == "terasort" else 1.25 * mib
                    self.assertLess(worker["peak_memory_bytes"], idle + (most + 16) * MIB)
        # Half a MiB in one block, of which a hundred times as much is emitted.
        lines = [b"%07d" % n for n in range(60_000)]
        many = self.write("many.txt", b"\n".join(lines) + b"\n")
        result = ranks.run(2, self.poison, "poison-many", many, "--memory", "16M", "--scratch", self.scratch, "--partitions", 2,
                           "--split-size", "1M", "-o", self.dir / "many")
        self.assert_done(result, self.dir / "many")
        (worker,) = json.loads((self.dir / "many/metrics.json").read_text())["workers"]
        self.assertLess(worker["peak_memory_bytes"], idle + (1.25 * 16 + 16) * MIB)
        expected = sorted(b"%d-%s\t1" % (i, line) for i in range(100) for line in lines)
        self.assertEqual(sorted(b"".join(ranks.parts(self.dir / "many").values()).splitlines()), expected)


if __name__ == "__main__":
    ranks.main(sys.argv)
