"""Records on which user code throws, crashes or hangs: found, named with file and offset, left out within
--max-bad-records, or the job fails naming them. Every crash loop ends."""

import collections
import json
import os
import random
import re
import signal
import sys
import time

import ranks

RESUMABLE = {75, 134, 137, 139}


class Poison(ranks.Case):
    time_is_short = True
    job_name = "poison"

    def source(self, *kinds, lines=3000):
        """A file with a poisoned line of each kind; its path and the offsets of those lines."""
        rng = random.Random(7)
        text = [rng.choice(ranks.WORDS).encode() for _ in range(lines)]
        for kind in kinds:
            text.insert(rng.randrange(len(text)), b"poison " + kind.encode())
        content = b"\n".join(text) + b"\n"
        offsets = [content.index(b"poison " + kind.encode()) for kind in kinds]
        return self.write("in.txt", content), offsets

    def start(self, count, source, *more, task_timeout="1s"):
        return ranks.start(count, self.poison, self.job_name, source, "-o", self.dir / "out", "--partitions", 2,
                           "--split-size", "4K", "--task-timeout", task_timeout, *more)

    def attempt(self, *job, **more):
        return ranks.finish(self.start(*job, **more))

    def until_final(self, count, source, *more, most=8):
        """Repeats the command until it ends for good; the results."""
        results = []
        for _ in range(most):
            results.append(self.attempt(count, source, *more))
            if results[-1].returncode not in RESUMABLE:
                return results
        self.fail("the crash loop does not end: " + results[-1].stderr.decode())

    def assert_all_but_poison(self, source, offsets, lines=None):
        lines = source.read_bytes().splitlines() if lines is None else lines
        counts = collections.Counter(line for line in lines if not line.startswith(b"poison"))
        lines = b"".join(ranks.parts(self.dir / "out").values()).splitlines()
        self.assertEqual(sorted(lines), sorted(b"%s\t%d" % item for item in counts.items()))
        metrics = json.loads((self.dir / "out/metrics.json").read_text())
        self.assertEqual(sorted(bad["offset"] for bad in metrics["quarantine"]), sorted(offsets))
        for bad in metrics["quarantine"]:
            self.assertEqual(bad["path"], str(source))

    def test_a_record_that_throws_is_named(self):
        source, (offset,) = self.source("throw")
        for count in (0, 3):
            result = self.attempt(count, source)
            self.assertEqual(result.returncode, 65, result.stderr.decode())
            self.assertIn(f"in.txt, byte {offset}: map threw an exception: poisoned", result.stderr.decode())

    def test_records_that_throw_are_left_out_within_the_limit(self):
        source, offsets = self.source("throw", "throw 2")
        source.write_bytes(source.read_bytes().replace(b"throw 2", b"throw"))
        for count in (0, 3):
            result = self.attempt(count, source, "--max-bad-records", 2, "--overwrite", *(["--fresh"] if count else []))
            self.assertEqual(result.returncode, 0, result.stderr.decode())
            self.assert_all_but_poison(source, offsets)

    def test_a_job_with_too_many_goes_on_with_a_larger_limit(self):
        for kind, count in (("throw", 0), ("throw", 3), ("segv", 3)):
            with self.subTest(kind=kind, count=count):
                source, _ = self.source(kind, "again")
                source.write_bytes(source.read_bytes().replace(b"poison again\n", b"poison " + kind.encode() + b"\n"))
                offsets = [match.start() for match in re.finditer(b"poison", source.read_bytes())]
                few = self.until_final(count, source, "--max-bad-records", 1, "--checkpoint-every", "1ms")[-1]
                self.assertEqual(few.returncode, 65, few.stderr.decode())
                self.assertIn("more bad records than the 1 of --max-bad-records: with a larger number, the same command "
                              "goes on", few.stderr.decode())
                enough = self.until_final(count, source, "--max-bad-records", 2)[-1]
                self.assertEqual(enough.returncode, 0, enough.stderr.decode())
                self.assertIn("goes on with", enough.stderr.decode())
                self.assert_all_but_poison(source, offsets)
                self.clear()

    def test_a_job_does_not_go_on_with_less_than_it_left_out(self):
        source, offsets = self.source("throw")
        killed = self.attempt(3, source, "--max-bad-records", 1, "--fault", "kill:worker=0,at=publish")
        self.assertEqual(killed.returncode, 137, killed.stderr.decode())
        refused = self.attempt(3, source)
        self.assertEqual(refused.returncode, 65, refused.stderr.decode())
        self.assertIn("left out 1 bad record: with --max-bad-records 1 or more instead of 0, the same command goes on",
                      refused.stderr.decode())
        self.assertEqual(self.attempt(3, source, "--max-bad-records", 5).returncode, 0)
        self.assert_all_but_poison(source, offsets)

    def test_records_that_take_long_together_are_progress(self):
        source, _ = self.source(*["nap"] * 15, lines=15)  # one block of 3 s, three task timeouts
        for count in (0, 3):
            result = self.attempt(count, source, "--overwrite", *(["--fresh"] if count else []))
            self.assertEqual(result.returncode, 0, result.stderr.decode())
            lines = b"".join(ranks.parts(self.dir / "out").values()).splitlines()
            self.assertIn(b"poison nap\t15", lines)

    def test_a_split_that_takes_long_is_left_when_the_time_is_up(self):
        source, _ = self.source(*["nap"] * 60, lines=60)  # 12 s in one block of one split
        for count in (0, 3):
            process = self.start(count, source, "--max-time", "3s")
            ranks.wait_for_file(self.dir / "out/.thresh/job.h5")
            begin = time.monotonic()
            result = ranks.finish(process)
            self.assertEqual(result.returncode, 75, result.stderr.decode())
            self.assertIn("stopped, as --max-time is nearly over", result.stderr.decode())
            self.assertLess(time.monotonic() - begin, 9)
            self.clear()

    def test_reducing_is_left_between_two_partitions_when_the_time_is_up(self):
        source = self.write("in.txt", b"".join(b"poison rest %d\n" % n for n in range(40)))  # 8 s a worker
        command = (3, self.poison, self.job_name, source, "-o", self.dir / "out", "--partitions", 20)
        result = ranks.run(*command, "--max-time", "4s")
        self.assertEqual(result.returncode, 75, result.stderr.decode())
        self.assertIn("stopped, as --max-time is nearly over", result.stderr.decode())
        done = list((self.dir / "out/.thresh/parts").glob("*.commit"))
        self.assertGreater(len(done), 0)
        self.assertLess(len(done), 15)
        result = ranks.run(*command)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        lines = b"".join(ranks.parts(self.dir / "out").values()).splitlines()
        self.assertEqual(sorted(lines), sorted(b"poison rest %d\t1" % n for n in range(40)))

    def test_a_record_that_took_too_long_is_tried_again_with_more_time(self):
        source, _ = self.source("doze")  # 2 s
        results = self.until_final(3, source)
        self.assertEqual([result.returncode for result in results], [75, 75, 65])
        self.assertIn("within --task-timeout, which can be raised; with --max-bad-records N, the same command goes on and leaves out",
                      results[-1].stderr.decode())
        result = self.attempt(3, source, task_timeout="20s")
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        self.assertIn("goes on with", result.stderr.decode())
        lines = b"".join(ranks.parts(self.dir / "out").values()).splitlines()
        self.assertIn(b"poison doze\t1", lines)

    def test_who_waits_for_a_disk_is_told_apart(self):
        for kind, reason in (("disk", "It waits for a disk or a file server"), ("hang", "If a record may take that long")):
            for count in (0, 3):
                with self.subTest(kind=kind, ranks=count):
                    source, _ = self.source(kind)
                    result = self.attempt(count, source)
                    self.assertEqual(result.returncode, 75, result.stderr.decode())
                    self.assertIn(f"; ending it. {reason}", result.stderr.decode())
                    self.clear()

    def test_a_job_that_was_stopped_as_a_whole_goes_on(self):
        """For longer than --peer-timeout, as by scontrol suspend; whoever wakes up first."""
        for count, first in ((3, 0), (3, 2)):
            with self.subTest(first=first):
                source, _ = self.source(*["nap"] * 40, lines=40)
                process = ranks.start(count, self.poison, self.job_name, source, "-o", self.dir / f"out-{first}",
                                      "--split-size", "100", "--task-timeout", "1s", "--peer-timeout", "3s")
                ranks.wait_for_file(self.dir / f"out-{first}/.thresh/job.h5")
                time.sleep(0.5)
                pids = ranks.children(process)
                self.assertEqual(len(pids), count)
                for pid in pids:
                    os.kill(pid, signal.SIGSTOP)
                time.sleep(5)
                self.assertEqual(sorted(ranks.stopped(str(self.dir))), sorted(pids))
                for pid in pids[first:] + pids[:first]:
                    os.kill(pid, signal.SIGCONT)
                    time.sleep(0.2)
                result = ranks.finish(process, timeout=60)
                self.assertEqual(result.returncode, 0, result.stderr.decode())
                lines = b"".join(ranks.parts(self.dir / f"out-{first}").values()).splitlines()
                self.assertIn(b"poison nap\t40", lines)

    def test_a_record_that_crashes_is_found_and_the_loop_ends(self):
        for kind in ("segv", "abort", "hang"):
            with self.subTest(kind=kind):
                source, (offset,) = self.source(kind)
                results = self.until_final(3, source, "--quiet")
                self.assertEqual(results[-1].returncode, 65, results[-1].stderr.decode())
                self.assertIn(f"in.txt, byte {offset}: the job", results[-1].stderr.decode())
                if kind != "hang":
                    self.assertIn("in.txt: the job crashed on a record", results[0].stderr.decode())
                self.assertLessEqual(len(results), 4)
                self.clear()

    def test_a_record_that_crashes_is_left_out_within_the_limit(self):
        for kind in ("segv", "hang"):
            with self.subTest(kind=kind):
                source, offsets = self.source(kind)
                results = self.until_final(3, source, "--max-bad-records", 1)
                self.assertEqual(results[-1].returncode, 0, results[-1].stderr.decode())
                self.assert_all_but_poison(source, offsets)
                self.clear()

    def test_a_record_of_fixed_size_is_left_out_at_its_offset(self):
        text, _ = self.source("throw", "segv")
        records = [line.ljust(16) for line in text.read_bytes().splitlines()]
        offsets = [16 * records.index(b"poison " + kind.ljust(9)) for kind in (b"throw", b"segv")]
        self.job_name = "poison-records"
        source = self.write("records.bin", b"".join(records))
        self.assertEqual(self.until_final(3, source)[-1].returncode, 65)
        self.clear()
        results = self.until_final(3, source, "--max-bad-records", 2)
        self.assertEqual(results[-1].returncode, 0, results[-1].stderr.decode())
        self.assert_all_but_poison(source, offsets, [record.rstrip() for record in records])

    def test_a_kill_blames_no_record(self):
        source, _ = self.source("kill")
        for _ in range(3):
            result = self.attempt(3, source)
            self.assertEqual(result.returncode, 137, result.stderr.decode())
            self.assertEqual(list((self.dir / "out/.thresh/attempts").iterdir()), [])

    def test_no_memory_blames_no_record(self):
        source, _ = self.source("memory")
        result = self.attempt(2, source)
        self.assertEqual(result.returncode, 70, result.stderr.decode())
        self.assertIn("out of memory while mapping", result.stderr.decode())

    def clear(self):
        for path in sorted((self.dir / "out").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()


if __name__ == "__main__":
    ranks.main(sys.argv)
