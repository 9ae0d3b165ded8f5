"""The output is a function of the input and the shaping options: the same on any number of ranks, equal to the
sequential oracle, and for word count to what the shell says."""

import random
import subprocess
import sys

import ranks

RANKS = (0, 1, 2, 3, 4, 8, 16)


class Equality(ranks.Case):
    def setUp(self):
        super().setUp()
        rng = random.Random(7)
        self.texts = [self.write("in/a.txt", ranks.text(rng, 400)),
                      self.write("in/b b.txt", ranks.text(rng, 150).replace(b"\n", b"\r\n")),
                      self.write("in/c/nul.txt", b"a\0b \0 word\n\n" * 40 + b"no newline at the end"),
                      self.write("in/d.txt", b"x" * 5000 + b" tail " + b"y " * 3000 + b"\n"),
                      self.write("in/empty.txt", b"")]
        self.table = self.write("table/t.tsv", b"".join(
            b"category %d\t%s%d.%0*d\n" % (rng.randrange(40), rng.choice((b"", b"-")), rng.randrange(10**9),
                                           rng.randrange(1, 18), rng.randrange(10))
            for _ in range(3000)))

    def check_against_oracle(self, job, source, files, partitions, *options):
        expected = self.expected(job, partitions, sorted(files))
        for count in RANKS:
            out = f"out-{job}-{count}-{len(list(self.dir.iterdir()))}"
            result, output = self.job(count, job, source, "--partitions", partitions, *options, out=out)
            self.assert_done(result, output)
            self.assertEqual(ranks.parts(output), expected, f"{job} on {count} ranks with {options}")

    def test_word_count_is_the_same_on_any_number_of_ranks(self):
        self.check_against_oracle("wordcount", self.dir / "in", self.texts, 5)

    def test_sum_is_the_same_on_any_number_of_ranks(self):
        self.check_against_oracle("sum", self.dir / "table", [self.table], 3, "--split-size", "4K")

    def test_inverted_index_is_the_same_on_any_number_of_ranks(self):
        self.check_against_oracle("inverted-index", self.dir / "in", self.texts, 4, "--split-size", "1K")

    def test_the_split_size_does_not_change_the_output(self):
        for job, files in (("wordcount", self.texts), ("inverted-index", self.texts), ("sum", [self.table])):
            expected = self.expected(job, 2, sorted(files))
            for size in ("97", "1K", "1M"):
                result, output = self.job(3, job, *files, "--partitions", 2, "--split-size", size,
                                          out=f"out-{job}-{size}")
                self.assert_done(result, output)
                self.assertEqual(ranks.parts(output), expected, f"{job} with splits of {size}")

    def test_rounds_of_1_kib_move_the_same(self):
        expected = self.expected("inverted-index", 4, sorted(self.texts))
        result, output = self.job(4, "inverted-index", self.dir / "in", "--partitions", 4, "--round-size", "1K")
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), expected)

    def test_many_runs_and_waves_give_the_same(self):
        expected = self.expected("inverted-index", 16, sorted(self.texts))
        result, output = self.job(3, "inverted-index", self.dir / "in", "--partitions", 16, "--split-size", "512",
                                  "--memory", "64K")
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), expected)
        metrics = (output / "metrics.json").read_text()
        self.assertNotIn('"waves": 1,', metrics, "the test means to have several waves")

    def test_word_count_is_what_the_shell_counts(self):
        pipeline = r"""for f in "$@"; do cat "$f"; echo; done | LC_ALL=C tr -s '[:space:]' '\n' | sed '/^$/d' |
                       LC_ALL=C sort | LC_ALL=C uniq -c | LC_ALL=C sed 's/^ *\([0-9]*\) \(.*\)$/\2\t\1/'"""
        truth = subprocess.run(["bash", "-c", pipeline, "-", *self.texts], stdout=subprocess.PIPE, check=True).stdout
        result, output = self.job(3, "wordcount", self.dir / "in", "--partitions", 6)
        self.assert_done(result, output)
        lines = [line for part in ranks.parts(output).values() for line in part.splitlines(keepends=True)]
        self.assertEqual(b"".join(sorted(lines, key=lambda line: line.rsplit(b"\t", 1)[0])), truth)

    def test_top_prints_the_largest_and_ties_in_key_order(self):
        source = self.write("top.txt", b"b b a a c c c d\n" * 3)
        for count in (1, 3):
            result, output = self.job(count, "wordcount", source, "--partitions", 3, "--top", 3, out=f"top{count}")
            self.assert_done(result, output)
            self.assertEqual(result.stdout, b"c\t9\na\t6\nb\t6\n")

    def test_an_input_without_records_gives_empty_parts(self):
        source = self.write("nothing.txt", b"")
        for job in ("wordcount", "sum", "inverted-index"):
            result, output = self.job(2, job, source, "--partitions", 3, out=f"none-{job}")
            self.assert_done(result, output)
            self.assertEqual(list(ranks.parts(output).values()), [b"", b"", b""])


if __name__ == "__main__":
    ranks.main(sys.argv)
