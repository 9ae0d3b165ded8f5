"""The job terasort: what Python's sorted() says, on any number of ranks, for any split size, after any death."""

import json
import random
import sys

import ranks

SIZE = 100


class TeraSort(ranks.Case):
    def setUp(self):
        super().setUp()
        rng = random.Random(3)
        # Keys of few values, so that many are equal; bytes of all kinds, newlines too.
        keys = [rng.randbytes(10) for _ in range(300)] + [b"\0" * 10, b"\xff" * 10, b"\n" * 10]
        self.records = [rng.choice(keys) + rng.randbytes(90) for _ in range(4000)]
        self.records += [rng.randbytes(SIZE) for _ in range(4000)]
        self.records += self.records[:50]
        middle = len(self.records) // 3
        self.write("in/a.bin", b"".join(self.records[:middle]))
        self.write("in/b.bin", b"".join(self.records[middle:]))
        self.lines = [line.encode() for line in (
            "".join(rng.choices("abAB \t\u00e9", k=rng.randrange(30))) for _ in range(3000))]
        self.text = self.write("text/lines.txt", b"\n".join(self.lines))

    def sort(self, count, *more, out):
        result, output = self.job(count, "terasort", self.dir / "in", *more, out=out)
        self.assert_done(result, output)
        return ranks.parts(output)

    def assert_sorted(self, parts, partitions):
        self.assertEqual(list(parts), [f"part-{p:05}.bin" for p in range(partitions)])
        self.assertEqual(b"".join(parts.values()), b"".join(sorted(self.records)))

    def test_records_are_sorted_alike_on_any_number_of_ranks(self):
        expected = None
        for count in (0, 2, 3, 4):
            parts = self.sort(count, "--partitions", 5, "--split-size", "10K", out=f"out{count}")
            self.assert_sorted(parts, 5)
            expected = expected or parts
            self.assertEqual(parts, expected, f"{count} ranks")

    def test_the_split_size_does_not_matter(self):
        expected = self.sort(3, "--partitions", 4, out="out")
        self.assert_sorted(expected, 4)
        for size in ("777", "1234", "100K"):
            self.assertEqual(self.sort(3, "--partitions", 4, "--split-size", size, out=f"out-{size}"), expected, size)

    def test_parts_are_of_about_one_size(self):
        parts = self.sort(0, "--partitions", 8, out="out")
        sizes = sorted(len(part) for part in parts.values())
        self.assertLess(sizes[-1], 2 * sum(sizes) / len(sizes))
        self.assertGreater(sizes[0], 0)

    def test_many_runs_and_waves_give_the_same(self):
        parts = self.sort(3, "--partitions", 16, "--split-size", "8K", "--memory", "128K", out="out")
        self.assert_sorted(parts, 16)

    def test_one_key_alone_leaves_parts_empty(self):
        self.records = [b"the key is" + bytes([i % 256, i // 256]) + b"x" * 88 for i in range(600)]
        source = self.write("one.bin", b"".join(self.records))
        result, output = self.job(3, "terasort", source, "--partitions", 3)
        self.assert_done(result, output)
        self.assert_sorted(ranks.parts(output), 3)
        self.assertEqual([len(part) for part in ranks.parts(output).values()], [0, 0, 600 * SIZE])

    def test_an_empty_input_gives_empty_parts(self):
        result, output = self.job(2, "terasort", self.write("none.bin", b""), "--partitions", 3)
        self.assert_done(result, output)
        self.assertEqual(list(ranks.parts(output).values()), [b"", b"", b""])

    def test_a_killed_job_goes_on_with_the_split_points_that_it_began_with(self):
        shape = ("--partitions", 5, "--split-size", "10K")
        expected = self.sort(3, *shape, out="whole")
        for step in ("seal", "shuffle", "reduce:2", "commit:2"):
            out = f"out-{step[:4]}"
            result, output = self.job(3, "terasort", self.dir / "in", *shape, "--checkpoint-every", "1ms",
                                      "--fault", f"kill:worker=1,at={step}", out=out)
            self.assertEqual(result.returncode, 137, result.stderr)
            self.assert_nothing_published(output)
            self.assertEqual(ranks.run(0, self.thresh, "verify", output).returncode, 0)
            self.assertEqual(self.sort(4, *shape, out=out), expected, step)

    def test_a_file_that_is_no_whole_number_of_records_is_refused(self):
        source = self.write("cut.bin", b"x" * 250)
        result, output = self.job(2, "terasort", source)
        self.assertEqual(result.returncode, 65)
        self.assertIn(b"cut.bin has 250 bytes", result.stderr)
        self.assertIn(b"at offset 200", result.stderr)
        self.assert_nothing_published(output)

    def test_lines_are_sorted_by_their_key_and_then_as_a_whole(self):
        for key, of in (("1", lambda line: line), ("3,5", lambda line: line[2:5]), ("20,99", lambda line: line[19:])):
            expected = b"".join(line + b"\n" for line in sorted(self.lines, key=lambda line: (of(line), line)))
            for count in (0, 3):
                result, output = self.job(count, "terasort", self.text, "--key", key, "--partitions", 4,
                                          "--split-size", "3K", out=f"out-{key}-{count}")
                self.assert_done(result, output)
                parts = ranks.parts(output)
                self.assertEqual(list(parts), [f"part-{p:05}.txt" for p in range(4)])
                self.assertEqual(b"".join(parts.values()), expected, (key, count))

    def test_another_key_is_another_job(self):
        result, output = self.job(0, "terasort", self.text, "--key", "1,3")
        self.assert_done(result, output)
        again, _ = self.job(0, "terasort", self.text, "--key", "1,3")
        self.assertEqual(again.returncode, 0, again.stderr)
        other, _ = self.job(0, "terasort", self.text, "--key", "2,3")
        self.assertEqual(other.returncode, 65)
        self.assertIn(b"key was 1,3, is 2,3", other.stderr)

    def test_a_job_without_keys_of_this_kind_refuses_one(self):
        result, output = self.job(0, "wordcount", self.text, "--key", "1")
        self.assertEqual(result.returncode, 64)
        self.assertIn(b"the job wordcount takes no --key", result.stderr)
        result, output = self.job(0, "terasort", self.text, "--key", "3,2")
        self.assertEqual(result.returncode, 64)
        self.assertIn(b"'3,2' ends before it begins", result.stderr)
        self.assertFalse(output.exists())

    def test_the_manifest_counts_records_and_the_output_can_be_sorted_again(self):
        parts = self.sort(2, "--partitions", 2, out="out")
        manifest = json.loads((self.dir / "out/_SUCCESS").read_text())
        self.assertEqual(manifest["counts"]["lines"], len(self.records))
        self.assertEqual([part["name"] for part in manifest["parts"]], list(parts))
        self.assertEqual(ranks.run(0, self.thresh, "verify", self.dir / "out").returncode, 0)
        result, output = self.job(2, "terasort", self.dir / "out", "--partitions", 3, out="again")
        self.assert_done(result, output)
        self.assert_sorted(ranks.parts(output), 3)


if __name__ == "__main__":
    ranks.main(sys.argv)
