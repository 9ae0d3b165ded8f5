"""thresh verify: finds every byte that is not what was written, in outputs and in directories of unfinished jobs."""

import json
import os
import random
import shutil
import sys

import ranks

NOT_DATA = ("generation/", "status.json")  # the holder's counter, and what is for people: no start relies on them


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)


class Verify(ranks.Case):
    time_is_short = True

    def setUp(self):
        super().setUp()
        self.source = self.write("in.txt", ranks.text(random.Random(6), 2000))
        self.words = ("wordcount", self.source, "--partitions", 3)

    def finished(self):
        result, output = self.job(0, *self.words)
        self.assert_done(result, output)
        return output

    def unfinished(self, fault="kill:worker=0,at=publish"):
        result, output = self.job(3, *self.words, "--fault", fault, out="unfinished")
        self.assertEqual(result.returncode, 137)
        self.assert_nothing_published(output)
        return output

    def verify(self, output):
        return ranks.run(0, self.thresh, "verify", output)

    def assert_good(self, output, *notes):
        result = self.verify(output)
        lines = result.stdout.decode().splitlines()
        self.assertEqual((result.returncode, result.stderr), (0, b""), lines)
        self.assertRegex(lines[-1], r"job, \d+ files \(\d+ bytes of data\) are good\Z")
        self.assertEqual(len(lines) - 1, len(notes), lines)
        for phrase in notes:
            found = [line for line in lines[:-1] if line.startswith("note: ") and phrase in line]
            self.assertEqual(len(found), 1, (phrase, lines))

    def assert_bad(self, output, *names):
        """Each name is in one line that says that it is bad."""
        result = self.verify(output)
        self.assertEqual(result.returncode, 65, result.stdout)
        self.assertRegex(result.stderr.decode(), r"\Athresh: \d+ of \d+ files in .* are bad\n\Z")
        bad = [line for line in result.stdout.decode().splitlines() if line.startswith("bad: ")]
        for name in names:
            self.assertEqual(len([line for line in bad if name in line]), 1, (name, bad))
        return bad

    def on_a_copy(self, output, change):
        copy = self.dir / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(output, copy)
        change(copy)
        return copy

    def test_what_was_written_is_good(self):
        self.assert_good(self.finished())
        self.assert_good(self.unfinished())
        early, output = self.job(3, *self.words, "--fault", "kill:worker=1,at=map", out="early")
        self.assertEqual(early.returncode, 137)
        self.assertEqual(self.verify(output).returncode, 0)

    def test_every_file_is_watched(self):
        rng = random.Random(7)
        for output in (self.finished(), self.unfinished()):
            for path in sorted(p for p in output.rglob("*") if p.is_file()):
                name = str(path.relative_to(output))
                if name == "metrics.json" or any(word in name for word in NOT_DATA):
                    continue
                size = path.stat().st_size
                if size == 0:
                    continue  # a token or a mark, whose name is all there is
                for at in {0, size - 1, *(rng.randrange(size) for _ in range(6))}:
                    bad = self.assert_bad(self.on_a_copy(output, lambda copy: flip(copy / name, at)), name)
                    self.assertEqual(len(bad), 1)
                for change in (lambda copy: os.truncate(copy / name, size // 2), lambda copy: os.truncate(copy / name, 0)):
                    self.assert_bad(self.on_a_copy(output, change), name)

    def test_a_missing_file_is_named(self):
        output = self.finished()
        for name in ("part-00001.tsv", "metrics.json"):
            self.assert_bad(self.on_a_copy(output, lambda copy: (copy / name).unlink()), name)
        output = self.unfinished()
        self.assert_bad(self.on_a_copy(output, lambda copy: (copy / ".thresh/job.h5").unlink()), "job.h5")
        part = sorted((output / ".thresh/parts").glob("p00001.*.commit"))[0].name.removesuffix(".commit")
        self.assert_bad(self.on_a_copy(output, lambda copy: (copy / ".thresh/parts" / part).unlink()), part)
        uncommitted = self.on_a_copy(output, lambda copy: (copy / ".thresh/parts" / f"{part}.commit").unlink())
        self.assert_good(uncommitted, "was never committed")

    def test_files_of_other_jobs_are_found(self):
        output = self.finished()
        other, there = self.job(0, "wordcount", self.source, "--partitions", 4, out="other")
        self.assert_done(other, there)
        for name in ("part-00000.tsv", "metrics.json"):
            self.assert_bad(self.on_a_copy(output, lambda copy: shutil.copy(there / name, copy / name)), name)
        extra = self.on_a_copy(output, lambda copy: shutil.copy(there / "part-00003.tsv", copy / "part-00003.tsv"))
        self.assertEqual(len(self.assert_bad(extra, "part-00003.tsv")), 1)

    def test_what_a_killed_run_left_is_a_note(self):
        output = self.unfinished()
        for name in ("tmp.1", "parts/tmp.2", "generation/tmp.3"):
            (output / ".thresh" / name).write_bytes(b"half")
        (output / ".thresh/mine").write_bytes(b"mine")
        (output / "notes").write_bytes(b"mine")
        self.assert_good(output, "tmp.1", "tmp.2", "tmp.3", ".thresh/mine", "/notes")

    def test_what_is_not_ours_is_no_input(self):
        (self.dir / "empty").mkdir()
        (self.dir / "file").write_bytes(b"x")
        self.write("hadoop/_SUCCESS", b"")
        for name in ("empty", "file", "hadoop", "absent"):
            for command in ("verify",):
                result = ranks.run(0, self.thresh, command, self.dir / name)
                self.assertEqual((result.returncode, result.stdout), (66, b""), name)
                self.assertEqual(result.stderr.count(b"\n"), 1)
        result = ranks.run(0, self.thresh, "verify")
        self.assertEqual(result.returncode, 64)

    def test_a_pipe_in_the_place_of_a_file_makes_nobody_wait(self):
        output = self.finished()
        for name in ("_SUCCESS", "metrics.json", "part-00001.tsv"):
            def put_pipe(copy):
                (copy / name).unlink()
                os.mkfifo(copy / name)
            copy = self.on_a_copy(output, put_pipe)
            for command, codes in (("verify", (65,)), ("inspect", (0,)), ("clean", (0,)), ("validate-sort", (65, 66))):
                result = ranks.run(0, self.thresh, command, copy, timeout=20)
                self.assertIn(result.returncode, codes, (command, name, result.stderr))
            self.assert_bad(copy, f"cannot read {copy}/{name}: it is no regular file")

    def test_a_manifest_that_speaks_of_other_lines_is_not_believed(self):
        output = self.finished()
        text = (output / "_SUCCESS").read_text()
        manifest = json.loads(text)
        manifest["parts"][0]["lines"] += 1
        (output / "_SUCCESS").write_text(json.dumps(manifest))
        self.assert_bad(output, "_SUCCESS")


if __name__ == "__main__":
    ranks.main(sys.argv)
