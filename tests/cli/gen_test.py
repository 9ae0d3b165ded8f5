"""thresh gen: data that is the same for the same seed, whole or not there."""

import hashlib
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

THRESH = sys.argv.pop(1)


def thresh(*arguments, **more):
    return subprocess.run([THRESH, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          check=False, **more)


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))


class Gen(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="thresh-test."))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def bytes_of(self, *arguments):
        result = thresh("gen", *arguments, "-o", "-")
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout

    def refuses(self, code, phrase, *arguments):
        before = sorted(self.dir.rglob("*"))
        result = thresh("gen", *arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
        self.assertIn(phrase, result.stderr.decode())
        self.assertEqual(sorted(self.dir.rglob("*")), before)

    def test_a_file_holds_what_standard_output_shows(self):
        for kind in ("text", "words", "records", "table"):
            made = self.dir / kind
            self.assertEqual(thresh("gen", kind, "--size", "300K", "--seed", 7, "-o", made).returncode, 0)
            content = made.read_bytes()
            self.assertEqual(content, self.bytes_of(kind, "--size", "300K", "--seed", 7))
            self.assertNotEqual(content, self.bytes_of(kind, "--size", "300K", "--seed", 8))
            self.assertGreater(len(content), (300 << 10) - 250)
            self.assertLessEqual(len(content), 300 << 10)
            self.assertTrue(content.endswith(b"\n"))
        self.assertEqual(len(list(self.dir.iterdir())), 4)

    def test_distinct_is_how_many_there_are(self):
        for kind in ("text", "words"):
            self.assertEqual(len(set(self.bytes_of(kind, "--records", 3000, "--distinct", 40).split())), 40)
        for kind, column in (("table", b"\t"), ("records", b" ")):
            lines = self.bytes_of(kind, "--records", 3000, "--distinct", 40).splitlines()
            self.assertEqual(len({line.split(column)[0] for line in lines}), 40)

    def test_files_share_the_size_or_the_lines(self):
        folder = self.dir / "many"
        self.assertEqual(thresh("gen", "records", "--records", 100, "--files", 3, "-o", f"{folder}/").returncode, 0)
        files = sorted(folder.iterdir())
        self.assertEqual([f.name for f in files], [f"records-0000{i}.txt" for i in range(3)])
        lines = [f.read_bytes().splitlines() for f in files]
        self.assertEqual([len(part) for part in lines], [34, 33, 33])
        everything = sum(lines, [])
        self.assertEqual([int(line[11:27], 16) for line in everything], list(range(100)))
        self.assertEqual(len({line[:10] for line in everything}), 100)
        self.assertEqual(thresh("gen", "text", "--size", "1M", "--files", 4, "-o", self.dir / "text").returncode, 0)
        sizes = [f.stat().st_size for f in (self.dir / "text").iterdir()]
        self.assertEqual(len(sizes), 4)
        for size in sizes:
            self.assertTrue((256 << 10) - 250 < size <= 256 << 10, size)
        digests = {hashlib.sha256(f.read_bytes()).digest() for f in (self.dir / "text").iterdir()}
        self.assertEqual(len(digests), 4)

    def test_what_is_there_is_never_replaced(self):
        (self.dir / "mine").write_bytes(b"mine")
        (self.dir / "folder").mkdir()
        os.symlink("nowhere", self.dir / "link")
        for name in ("mine", "folder", "link"):
            for more in ((), ("--files", 2)):
                self.refuses(73, "exists already", "text", "--size", "1M", *more, "-o", self.dir / name)
        self.assertEqual((self.dir / "mine").read_bytes(), b"mine")
        self.refuses(73, "/no/", "text", "--size", "1M", "-o", self.dir / "no/where")

    def test_a_failure_leaves_nothing(self):
        for more in ((), ("--files", 2)):
            result = thresh("gen", "text", "--size", "10M", *more, "-o", self.dir / "big", preexec_fn=small_files)
            self.assertEqual(result.returncode, 74, result.stderr)
            self.assertEqual(list(self.dir.iterdir()), [])

    def test_a_reader_that_goes_away_ends_it(self):
        with subprocess.Popen([THRESH, "gen", "table", "--size", "1T", "-o", "-"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.wait(timeout=30), 0)
            self.assertEqual(process.stderr.read(), b"")

    def test_what_makes_no_sense_is_refused(self):
        for phrase, *arguments in (("say what", "-o", "x", "--size", "1M"), ("'prose'", "prose", "-o", "x"),
                                   ("--size or --records", "text", "-o", "x"),
                                   ("one of them", "text", "--size", "1M", "--records", 5, "-o", "x"),
                                   ("-o PATH", "text", "--size", "1M"), ("too small", "text", "--records", 0, "-o", "x"),
                                   ("too large", "text", "--records", 1, "--distinct", 1 << 40, "-o", "x"),
                                   ("needs a directory", "text", "--size", "1M", "--files", 2, "-o", "-"),
                                   ("not a size", "text", "--size", "some", "-o", "x"),
                                   ("did you mean --size", "text", "--sice", "1M", "-o", "x")):
            self.refuses(64, phrase, *arguments)

    def test_sum_takes_a_table(self):
        table = self.dir / "table.tsv"
        self.assertEqual(thresh("gen", "table", "--records", 5000, "--distinct", 30, "-o", table).returncode, 0)
        # Open MPI leaks.
        environment = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
        result = thresh("sum", table, "-o", self.dir / "out", env=environment)
        self.assertEqual(result.returncode, 0, result.stderr)
        expected = {}
        for line in table.read_text().splitlines():
            category, number = line.split("\t")
            self.assertRegex(number, r"\A-?\d{1,6}\.\d\d\Z")
            total, count = expected.get(category, (0, 0))
            expected[category] = (total + int(number.replace(".", "")), count + 1)
        found = {}
        for part in (self.dir / "out").glob("part-*"):
            for line in part.read_text().splitlines():
                category, total, count = line.split("\t")
                found[category] = (int(re.sub(r"\.", "", total)), int(count))
        self.assertEqual(found, expected)


if __name__ == "__main__":
    unittest.main(verbosity=2)
