"""What may be named as an input, in every way it may be named; and one clear line for what may not."""

import os
import random
import subprocess
import sys
import unittest

import ranks

COUNTS = (0, 3)


class Inputs(ranks.Case):
    def setUp(self):
        super().setUp()
        self.runs = 0

    def gives(self, files, *arguments, job="wordcount", warning=None, counts=COUNTS, **more):
        """The job reads exactly these files, on one rank and on several."""
        expected = self.expected(job, 3, sorted(files))
        for count in counts:
            self.runs += 1
            result, output = self.job(count, job, "--partitions", 3, *arguments, out=f"out{self.runs}", **more)
            self.assert_done(result, output)
            self.assertEqual(ranks.parts(output), expected, arguments)
            if warning:
                self.assertIn(warning, result.stderr.decode())
        return output

    def refuses(self, code, phrase, *arguments, count=4, job="wordcount", out=None, **more):
        self.runs += 1
        result, output = self.job(count, job, *arguments, out=out or f"out{self.runs}", timeout=30, **more)
        said = result.stderr.decode(errors="replace")
        self.assertEqual(result.returncode, code, said)
        ours = [line for line in said.splitlines() if line.startswith("thresh: ")]
        self.assertEqual(len(ours), 1, said)
        self.assertIn(phrase, ours[0])
        self.assert_nothing_published(output)

    def test_directories_globs_and_lists(self):
        odd = self.write("in/new\nline.txt", b"odd name\n")
        files = [self.write("in/a b.txt", b"one two\n"), odd, self.write("in/deep/er/c.txt", b"two three\n"),
                 self.write("in/*.txt", b"a star\n")]
        self.write("in/.hidden", b"hidden\n")
        self.write("in/_underscored", b"underscored\n")
        self.gives(files, self.dir / "in")
        self.gives([files[0], odd, files[3]], f"{self.dir}/in/[!.]*.txt", counts=(3,))
        self.gives([files[3]], self.dir / "in/*.txt", counts=(3,))  # there is a file of that very name
        named = [name for name in files if name != odd]
        lines = self.write("names", b"\n".join(map(os.fsencode, named)))
        self.gives(named, "--files-from", lines)
        zeros = self.write("names0", b"\0".join(map(os.fsencode, files)) + b"\0")
        self.gives(files, "--files-from", zeros, "-0")

    def test_more_names_than_fit_in_128_kib(self):
        files = [self.write(f"in/{'long name ' * 15}{number}", b"w%d\n" % (number % 7)) for number in range(1200)]
        self.gives(files, *files, counts=(0,))  # mpirun itself refuses that many: --files-from is for that
        self.gives(files, "--files-from", self.write("names", b"\n".join(map(os.fsencode, files))), counts=(3,))

    def test_names_from_standard_input(self):
        source = self.write("in.txt", b"from a pipe\n")
        for count in ((), ("mpirun", "--oversubscribe", "-np", "3")):
            output = self.dir / f"out-pipe{len(count)}"
            subprocess.run([*count, self.thresh, "wordcount", "--partitions", "3", "--files-from", "-", "-o", output],
                           input=os.fsencode(source), env=ranks.environment(), check=True, timeout=30,
                           stderr=subprocess.DEVNULL)
            self.assertEqual(ranks.parts(output), self.expected("wordcount", 3, [source]))

    def test_hostile_content_in_splits_of_any_size(self):
        files = [self.write("in/empty", b""), self.write("in/newline", b"\n"), self.write("in/newlines", b"\n" * 100),
                 self.write("in/unended", b"no newline at the end"), self.write("in/crlf", b"a b\r\nc\r\n\r\n" * 50),
                 self.write("in/nul", b"a\0b\0\n\0\n\0" * 30), self.write("in/bytes", bytes(range(256)) * 8),
                 self.write("in/long", b"short\n" + b"x y" * 3000 + b"\nshort\n" + b"z" * 3000)]
        for size in ("7", "64", "1M"):
            self.gives(files, self.dir / "in", "--split-size", size)
        self.gives(files, self.dir / "in", "--split-size", "64", job="inverted-index", counts=(3,))

    def test_a_file_that_is_named_twice_counts_once(self):
        source = self.write("in/a.txt", b"once\n")
        link, hard = self.dir / "link", self.dir / "z-hard"
        link.symlink_to(source)
        os.link(source, hard)
        self.gives([source], source, source, warning="named twice")
        self.gives([source], source, self.dir / "in" / ".." / "in", counts=(3,), warning="named twice")
        for other in (link, hard):
            self.gives([source], source, other, counts=(3,), warning="the same file")

    def test_links_are_followed_when_named_and_skipped_in_a_walk(self):
        real = self.write("real/a.txt", b"a file behind a link\n")
        other = self.write("in/b.txt", b"a file\n")
        (self.dir / "in/link.txt").symlink_to(real)
        (self.dir / "in/circle").symlink_to(self.dir / "in")
        self.gives([other], self.dir / "in", warning="is skipped: links are followed only when named")
        self.gives([real, other], self.dir / "in", self.dir / "in/link.txt", counts=(3,))
        (self.dir / "folder").symlink_to(self.dir / "real")
        self.gives([real], self.dir / "folder", counts=(3,))
        (self.dir / "nowhere").symlink_to(self.dir / "gone")
        self.refuses(66, "leads nowhere", self.dir / "nowhere")

    def test_outputs_and_inputs_inside_each_other(self):
        source = self.write("in/a.txt", b"a b\n")
        result, output = self.job(3, "wordcount", self.dir / "in", "--partitions", 3, out="in/deep/out")
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), self.expected("wordcount", 3, [source]))
        again, _ = self.job(3, "wordcount", self.dir / "in", "--partitions", 3, out="in/deep/out")
        self.assertIn(b"already complete", again.stderr)
        self.refuses(64, "is in the output directory", source, out="in")
        self.refuses(64, "is in the output directory", self.dir / "in", out="in")

    def test_the_output_of_a_job_is_the_input_of_the_next(self):
        self.write("in/a.txt", ranks.text(random.Random(1), 200))
        result, first = self.job(3, "wordcount", self.dir / "in", "--partitions", 4, out="first")
        self.assert_done(result, first)
        self.gives(list(first.glob("part-*")), first, job="sum")
        (first / "part-00002.tsv").unlink()
        self.refuses(66, "part-00002.tsv", first, job="sum")

    def test_the_output_of_a_job_that_is_not_finished_is_no_input(self):
        source = self.write("in/a.txt", b"a b\n")
        result, _ = self.job(3, "wordcount", source, "--fault", "kill:worker=0,at=publish", out="half")
        self.assertEqual(result.returncode, 137)
        self.refuses(65, "half is the output of a job that is not finished", self.dir / "half")

    def test_what_is_no_file_is_refused_and_never_waited_for(self):
        os.mkfifo(self.dir / "pipe")
        os.mkfifo(self.write("in/a.txt", b"a\n").parent / "pipe")
        for count in (0, 4):
            self.refuses(66, "pipe is not a regular file", self.dir / "pipe", count=count)
        self.refuses(66, "pipe is not a regular file", self.dir / "in")
        self.refuses(66, "/dev/zero is not a regular file", "/dev/zero")

    def test_no_input_at_all(self):
        (self.dir / "empty").mkdir()
        nobody = self.write("nobody", b"")
        self.refuses(64, "needs an input")
        self.refuses(66, "there is no input file", self.dir / "empty")
        self.refuses(66, "there is no input file", "--files-from", nobody)
        self.refuses(66, "no file matches", f"{self.dir}/*.zip")
        self.refuses(66, "missing", self.dir / "missing")
        self.refuses(66, "missing", "--files-from", self.dir / "missing", count=0)
        self.refuses(64, "empty", "")
        self.refuses(66, "NUL", "--files-from", self.write("names", b"a\0b\n"), count=0)

    @unittest.skipIf(os.getuid() == 0, "root may read everything")
    def test_an_input_that_may_not_be_read(self):
        source = self.write("in/closed.txt", b"a\n")
        source.chmod(0)
        self.refuses(66, "closed.txt", source)
        self.refuses(66, "closed.txt", self.dir / "in")
        source.parent.chmod(0)
        self.addCleanup(source.parent.chmod, 0o700)
        self.refuses(66, "in", self.dir / "in")


if __name__ == "__main__":
    ranks.main(sys.argv)
