"""What the program says and how it exits when nothing is run: no MPI is started in any of these."""

import os
import subprocess
import sys
import tempfile
import unittest

THRESH = sys.argv.pop(1)
LAUNCHER = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID")


def thresh(*arguments, rank=None, **more):
    environment = {k: v for k, v in os.environ.items() if k not in LAUNCHER}
    environment.update(rank or {})
    return subprocess.run([THRESH, *arguments], env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          stdout=more.pop("stdout", subprocess.PIPE), timeout=20, **more)


class CommandLine(unittest.TestCase):
    def assert_refused(self, line, *arguments):
        result = thresh(*arguments)
        self.assertEqual(result.stderr.decode(), line + "\n")
        self.assertEqual(result.stdout, b"")
        self.assertEqual(result.returncode, 64)

    def test_help_goes_to_stdout(self):
        for arguments in (["--help"], ["-h"], ["help"], ["wordcount", "--help"], ["help", "wordcount"]):
            result = thresh(*arguments)
            self.assertEqual((result.returncode, result.stderr), (0, b""), arguments)
            self.assertIn(b"Exit codes:", result.stdout)

    def test_list_has_a_line_for_each_job(self):
        result = thresh("list")
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        names = [line.split()[0] for line in result.stdout.decode().splitlines()]
        self.assertEqual(names, sorted(names))
        self.assertLessEqual({"inverted-index", "sum", "wordcount"}, set(names))

    def test_version_is_one_line(self):
        result = thresh("--version")
        self.assertRegex(result.stdout.decode(), r"\Athresh \d+\.\d+\.\d+\n\Z")
        self.assertEqual(result.returncode, 0)

    def test_what_is_wrong_is_said_in_one_line(self):
        self.assert_refused("thresh: unknown option --spilt-size; did you mean --split-size?",
                            "wordcount", "in", "--spilt-size", "64K", "-o", "out")
        self.assert_refused("thresh: unknown job 'wordcuont'; did you mean wordcount?", "wordcuont", "in", "-o", "out")
        self.assert_refused("thresh: no output directory: give -o DIR", "wordcount", "in")
        self.assert_refused("thresh: wordcount needs an input: name files or directories, or give --files-from FILE",
                            "wordcount", "-o", "out")
        self.assert_refused("thresh: option --memory: '-5M' is negative", "wordcount", "in", "-o", "out", "--memory=-5M")
        self.assert_refused("thresh: no job is given; thresh list names the jobs, thresh --help shows how to run them")

    def test_control_characters_do_not_reach_the_terminal(self):
        self.assert_refused("thresh: unknown job 'a\\nb\\x1b[31m'; thresh list names the jobs", "a\nb\x1b[31m")

    def test_bytes_that_are_no_text_are_no_trouble(self):
        result = thresh(b"\xff\xfe", "-o", "out")
        self.assertEqual(result.returncode, 64)
        self.assertEqual(result.stderr.count(b"\n"), 1)

    def test_of_many_ranks_one_speaks_and_all_exit_alike(self):
        for name in LAUNCHER:
            first, second = thresh("--bogus", rank={name: "0"}), thresh("--bogus", rank={name: "1"})
            self.assertEqual((first.returncode, second.returncode), (64, 64), name)
            self.assertEqual((first.stderr.count(b"\n"), second.stderr), (1, b""), name)
            self.assertEqual(thresh("list", rank={name: "3"}).stdout, b"", name)
            self.assertNotEqual(thresh("list", rank={name: "0"}).stdout, b"", name)

    def test_the_launcher_nearest_to_the_program_counts(self):
        # A batch script's own rank says nothing about the ranks that mpirun starts in it.
        self.assertEqual(thresh("--bogus", rank={"SLURM_PROCID": "0", "OMPI_COMM_WORLD_RANK": "2"}).stderr, b"")
        self.assertNotEqual(thresh("--bogus", rank={"SLURM_PROCID": "2", "OMPI_COMM_WORLD_RANK": "0"}).stderr, b"")

    def test_what_only_looks_does_so_in_any_process(self):
        with tempfile.TemporaryDirectory() as directory:
            unsorted = os.path.join(directory, "unsorted.txt")
            with open(unsorted, "w", encoding="ascii") as out:
                out.write("b\na\n")
            for command in (["validate-sort", unsorted], ["verify", directory], ["inspect", directory],
                            ["status", directory], ["verify", "--bogus"]):
                alone = thresh(*command)
                for name in LAUNCHER:
                    other = thresh(*command, rank={name: "1"})
                    self.assertEqual((other.returncode, other.stdout, other.stderr),
                                     (alone.returncode, alone.stdout, alone.stderr), (command, name))
                self.assertNotEqual(alone.stdout + alone.stderr, b"", command)

    def test_what_acts_is_refused_in_another_rank(self):
        with tempfile.TemporaryDirectory() as directory:
            made = os.path.join(directory, "made")
            for command in (["gen", "text", "--records", "1", "-o", made], ["clean", directory],
                            ["launch", "-np", "2", "wordcount", "in", "-o", made], ["supervise", "--", "touch", made],
                            ["drill", "--list"], ["drain", directory, "--worker", "1"]):
                for name in LAUNCHER:
                    result = thresh(*command, rank={name: "1"})
                    said = result.stderr.decode()
                    self.assertEqual((result.returncode, result.stdout), (64, b""), command)
                    self.assertTrue(said.startswith(f"thresh: {command[0]} runs in one process alone"), said)
                    self.assertIn(f"({name}=1)", said)
                    self.assertEqual(said.count("\n"), 1)
            self.assertEqual(os.listdir(directory), [])
            for name in LAUNCHER:
                self.assertEqual(thresh("gen", "text", "--records", "1", "-o", made + name, rank={name: "0"}).returncode, 0)

    def test_a_reader_that_leaves_early_is_no_error(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        result = thresh("--help", stdout=write_end)
        os.close(write_end)
        self.assertEqual((result.returncode, result.stderr), (0, b""))

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "wb") as full:
            result = thresh("--help", stdout=full)
        self.assertEqual(result.returncode, 74)
        self.assertEqual(result.stderr, b"thresh: cannot write to standard output: No space left on device\n")


if __name__ == "__main__":
    unittest.main()
