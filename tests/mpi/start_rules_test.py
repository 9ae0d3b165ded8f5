"""What a start does with what it finds in OUTPUT: DESIGN section 5 and the table in docs/output.md."""

import os
import random
import signal
import subprocess
import sys

import ranks

TIMES = ("--task-timeout", "60s", "--peer-timeout", "70s")


def tree(folder):
    """Every file below the folder and what it holds; not the status, which a run that is at work writes anew, by way of
    files tmp.*."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*")
            if path.name != "status.json" and not path.name.startswith("tmp.") and path.is_file()}


class StartRules(ranks.Case):
    time_is_short = True

    def setUp(self):
        super().setUp()
        self.source = self.write("in.txt", ranks.text(random.Random(5), 300))
        self.words = ("wordcount", self.source, "--partitions", 3)

    def completes(self, *arguments, count=3, out="out"):
        result, output = self.job(count, *(arguments or self.words), out=out)
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), self.expected("wordcount", 3, [self.source]))
        self.assertFalse((output / ".thresh").exists())
        return result.stderr.decode()

    def refuses(self, code, phrases, *arguments, count=3, out="out"):
        """One line that holds the phrases, and OUTPUT stays as it was."""
        before = tree(self.dir / out)
        result, output = self.job(count, *arguments, out=out, timeout=60)
        said = result.stderr.decode(errors="replace")
        self.assertEqual(result.returncode, code, said)
        ours = [line for line in said.splitlines() if line.startswith("thresh: ")]
        self.assertEqual(len(ours), 1, said)
        for phrase in phrases:
            self.assertIn(phrase, ours[0])
        for name, content in before.items():
            if "generation/" not in name:  # a start that is refused may have claimed one
                self.assertEqual((output / name).read_bytes(), content, name)

    def interrupt(self, fault="kill:worker=0,at=publish", out="out"):
        result, output = self.job(3, *self.words, "--fault", fault, out=out)
        self.assertEqual(result.returncode, 137)
        self.assert_nothing_published(output)
        self.assertTrue((output / ".thresh/job.h5").exists())

    def test_absent_or_empty_begins(self):
        self.completes(out="not/there/yet")
        (self.dir / "empty").mkdir()
        self.completes(count=0, out="empty")

    def test_ours_unfinished_goes_on_with_any_number_of_ranks(self):
        for count, fault in ((0, "kill:worker=0,at=publish"), (4, "kill:worker=1,at=reduce")):
            out = f"out{count}"
            self.interrupt(fault, out=out)
            self.completes(count=count, out=out)

    def test_finished_is_already_complete(self):
        self.completes()
        before = tree(self.dir / "out")
        for count in (0, 3):
            for flag in ((), ("--fresh",)):
                result, output = self.job(count, *self.words, *flag)
                self.assertEqual(result.returncode, 0)
                self.assertIn(b"already complete", result.stderr)
                self.assertEqual(tree(output), before)

    def test_another_job_is_refused_and_the_difference_named(self):
        other = self.write("other.txt", b"other\n")
        differences = ((("inverted-index", self.source, "--partitions", 3), ("wordcount", "inverted-index")),
                       (("wordcount", self.source, "--partitions", 4), ("partitions",)),
                       (("wordcount", self.source, "--partitions", 3, "--split-size", "1M"), ("split-size",)),
                       (("wordcount", self.source, other, "--partitions", 3), ("input",)))
        self.completes(out="finished")
        self.interrupt(out="unfinished")
        for arguments, phrases in differences:
            self.refuses(65, phrases, *arguments, out="finished", count=0)
            self.refuses(65, phrases, *arguments, out="unfinished")
        self.completes(out="unfinished")

    def test_an_input_that_changed_is_another_job(self):
        self.interrupt()
        self.source.write_bytes(b"changed\n")
        self.refuses(65, ("in.txt",), *self.words)
        self.completes(*self.words, "--fresh")

    def test_files_of_others_are_refused_and_never_touched(self):
        for name in ("notes.txt", "part-00000.tsv", ".hidden", "_SUCCESS", "metrics.json", "folder/x"):
            out = f"out-{name.split('/')[0]}"
            self.write(f"{out}/{name}", b"mine\n")
            for flag in ((), ("--fresh",), ("--overwrite",)):
                self.refuses(73, (name.split("/")[0], "not from thresh"), *self.words, *flag, count=0, out=out)
        self.write("file", b"mine\n")
        result, _ = self.job(3, *self.words, out="file")
        self.assertEqual(result.returncode, 73)
        self.assertEqual((self.dir / "file").read_bytes(), b"mine\n")

    def test_fresh_discards_an_unfinished_job_of_any_kind(self):
        self.interrupt()
        self.completes(*self.words, "--fresh", "--split-size", "2K")

    def test_overwrite_replaces_a_finished_job_when_the_new_one_publishes(self):
        result, output = self.job(0, "wordcount", self.source, "--partitions", 5)
        self.assert_done(result, output)
        old = ranks.parts(output)
        failed, _ = self.job(3, *self.words, "--overwrite", "--fault", "kill:worker=1,at=reduce")
        self.assertEqual(failed.returncode, 137)
        self.assertEqual(ranks.parts(output), old)
        self.assertTrue((output / "_SUCCESS").exists())
        self.completes(*self.words, "--overwrite")

    def test_two_at_once_on_one_output(self):
        first = ranks.start(3, self.thresh, *self.words, *TIMES, "-o", self.dir / "out", "--fault",
                            "stop:worker=1,at=map")
        self.addCleanup(lambda: first.poll() is None and os.killpg(first.pid, signal.SIGKILL))
        ranks.wait_for_line(first, b"fault drill")
        self.refuses(75, ("another run", "process"), *self.words)
        self.refuses(75, ("another run", "process"), *self.words, "--fresh", count=0)
        (stopped,) = ranks.stopped(self.dir)
        os.kill(stopped, signal.SIGCONT)
        result = ranks.finish(first, 60)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(ranks.parts(self.dir / "out"), self.expected("wordcount", 3, [self.source]))

    def mount(self, *how):
        disk = self.dir / "disk"
        disk.mkdir()
        mount = ["mount", "-t", *how, "none", disk]
        if os.getuid() != 0 or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("may not mount a file system")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        return disk

    def test_a_file_system_that_counts_and_reserves_no_room(self):
        self.mount("ramfs")
        self.source.write_bytes(b"".join(b"word%d\n" % i for i in range(80_000)))
        self.completes(out="disk/out")

    def test_a_full_disk_stops_the_job_and_space_lets_it_go_on(self):
        disk = self.mount("tmpfs", "-o", "size=1M")
        self.source.write_bytes(b"".join(b"word%d\n" % i for i in range(40_000)))
        ballast = disk / "ballast"
        for kept, phrase in ((4096, str(disk)), (300 << 10, "part")):
            ballast.write_bytes(b"x" * ((1 << 20) - kept))
            result, output = self.job(3, *self.words, out="disk/out", timeout=60)
            said = result.stderr.decode()
            self.assertEqual(result.returncode, 74, said)
            ours = [line for line in said.splitlines() if line.startswith("thresh: ")]
            self.assertEqual(len(ours), 1, said)
            self.assertIn("No space left on device", ours[0])
            self.assertTrue(ours[0].endswith("; make room and run the same command again"), ours[0])
            self.assertIn(phrase, ours[0])
            self.assert_nothing_published(output)
        ballast.unlink()
        self.completes(out="disk/out")


if __name__ == "__main__":
    ranks.main(sys.argv)
