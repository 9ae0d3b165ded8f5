"""A job that is killed goes on where it was: on any number of ranks, from what is valid, to the same bytes."""

import json
import random
import signal
import sys
import time

import ranks

SHAPE = ("--partitions", 6, "--split-size", "64K")


class Restart(ranks.Case):
    time_is_short = True  # mpirun leaves those that are not killed a second to save

    def setUp(self):
        super().setUp()
        rng = random.Random(11)
        words = ["".join(rng.choices("abcdefghijkl", k=rng.randrange(2, 9))) for _ in range(5000)]
        self.source = self.write("in.txt", ranks.text(rng, 120_000, words))

    def interrupted(self, count, fault, *more, codes=(137,), every="30ms"):
        """A run that the fault ends; what the directory holds then."""
        result, output = self.job(count, "wordcount", self.source, *SHAPE, "--checkpoint-every", every, "--fault", fault,
                                  *more)
        said = result.stderr.decode()
        step, _, visit = fault.rsplit("at=", 1)[1].partition(":")
        self.assertIn(f"fault drill: {step} {visit or 1}\n", said)
        self.assertIn(result.returncode, codes, said)
        self.assert_nothing_published(output)
        return output

    def completes(self, count, *more):
        """The same command again; what metrics.json says, and what was said."""
        result, output = self.job(count, "wordcount", self.source, *SHAPE, *more)
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), self.expected("wordcount", 6, [self.source]))
        self.assertFalse((output / ".thresh").exists())
        return json.loads((output / "metrics.json").read_text()), result.stderr.decode()

    def test_on_any_number_of_ranks(self):
        for count in (0, 2, 3, 4, 8):
            with self.subTest(ranks=count):
                output = self.interrupted(4, "kill:worker=2,at=shuffle")
                self.assertNotEqual(list((output / ".thresh/runs").glob("*.h5")), [])
                metrics, said = self.completes(count)
                self.assertGreater(metrics["found"]["splits"], 0)
                self.assertEqual(metrics["found"]["splits"] + metrics["tasks"]["splits_done"],
                                 metrics["totals"]["splits"])
                self.assertIn("goes on with what an earlier run left", said)
                self.tearDownOutput(output)

    def tearDownOutput(self, output):
        for path in sorted(output.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()

    def test_parts_that_were_committed_are_not_reduced_again(self):
        self.interrupted(3, "pause:worker=1,at=reduce:3;kill:worker=1,at=reduce:3")
        metrics, _ = self.completes(2)
        self.assertGreaterEqual(metrics["found"]["parts"], 2)
        self.assertEqual(metrics["found"]["parts"] + metrics["tasks"]["parts_committed"], 6)

    def test_a_crash_at_no_record_is_told_with_what_was_done(self):
        result, output = self.job(3, "wordcount", self.source, *SHAPE, "--fault", "segv:worker=1,at=shuffle")
        said = result.stderr.decode()
        self.assertRegex(said, r"thresh: worker 1 on \S+, exchanging wave 0 of the shuffle: crashed \(SIGSEGV\)")
        self.assert_nothing_published(output)

    def test_a_crash_beside_the_job_is_told_too(self):
        result, output = self.job(3, "wordcount", self.source, *SHAPE, "--fault", "segv:worker=1,at=commit:2")
        said = result.stderr.decode()
        self.assertRegex(said, r"thresh: worker 1 on \S+, in a thread beside that of the job: crashed \(SIGSEGV\)")
        self.assert_nothing_published(output)
        metrics, _ = self.completes(2)
        self.assertGreaterEqual(metrics["found"]["parts"], 1)

    def test_a_job_that_stops_loses_nothing(self):
        """What was mapped is in files, whatever the interval."""
        others = ranks.pauses("map", (1, 2), 2)
        output = self.interrupted(3, f"{others};term:worker=1,at=map:20", codes=(75,), every="10m")
        outcome = json.loads((output / ".thresh/outcome.json").read_text())
        self.assertEqual(outcome["code"], 75)
        metrics, _ = self.completes(2)
        self.assertGreaterEqual(metrics["found"]["splits"], 19)

    def test_each_way_to_stop_a_job_saves_its_work(self):
        source = self.dir / "large"
        ranks.run(0, self.thresh, "gen", "text", "--size", "200M", "-o", source)
        clean = self.dir / "clean"
        self.assert_done(ranks.run(3, self.thresh, "wordcount", source, "-o", clean), clean)
        # A job that is over before it hears of the signal, or before its time is up, shows nothing: this one maps for 15 s.
        held = ("--fault", ranks.pauses("map", range(30, 60), 1))
        # mpirun passes USR1 on; at INT and TERM it ends the ranks by SIGTERM, and itself with 1.
        for number, code in ((signal.SIGUSR1, 75), (signal.SIGINT, 1), (signal.SIGTERM, 1), (None, 75)):
            with self.subTest(signal=number):
                output = self.dir / f"out-{number}"
                words = (self.thresh, "wordcount", source, "-o", output, "--split-size", "256K")
                process = ranks.start(2, *words, *held, *(() if number else ("--max-time", "6s")))  # 1 s of it is for saving
                if number:
                    ranks.wait_for_line(process, b"fault drill: map 30")
                    time.sleep(0.3)
                    process.send_signal(number)
                result = ranks.finish(process)
                said = result.stderr.decode()
                self.assertEqual(result.returncode, code, said)
                self.assert_nothing_published(output)
                self.assertEqual(json.loads((output / ".thresh/outcome.json").read_text())["code"], 75)
                self.assertNotEqual(list((output / ".thresh/runs").glob("*.h5")), [])
                self.assert_done(ranks.run(3, *words), output)
                self.assertGreater(json.loads((output / "metrics.json").read_text())["found"]["splits"], 0)
                self.assertEqual(ranks.parts(output), ranks.parts(clean))

    def test_work_that_a_death_costs_is_an_interval_and_a_split(self):
        # The interval passes in a pause: what was mapped before it is in a file by the end of the next one, or of the one
        # after it if the file before is still being written.
        pauses = ranks.pauses("map", (20, 40, 41, 42), 1)
        self.interrupted(2, f"{pauses};kill:worker=1,at=shuffle", every="100ms")
        metrics, _ = self.completes(3)
        self.assertGreaterEqual(metrics["found"]["splits"], 40)

    def test_damaged_files_are_named_and_their_splits_mapped_again(self):
        rng = random.Random(5)
        for how in ("flip", "truncate", "empty", "swap"):
            with self.subTest(how=how):
                output = self.interrupted(3, "pause:worker=1,at=reduce:3;kill:worker=1,at=reduce:3")
                files = sorted((output / ".thresh/runs").glob("*.h5")) + sorted((output / ".thresh/parts").glob("p*"))
                files = [path for path in files if path.stat().st_size > 0]
                self.assertGreater(len(files), 2)
                for path in rng.sample(files, 3):
                    content = bytearray(path.read_bytes())
                    if how == "flip":
                        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
                    elif how == "truncate":
                        content = content[:rng.randrange(len(content))]
                    elif how == "empty":
                        content = b""
                    else:
                        content = rng.choice([other for other in files if other.suffix == path.suffix
                                              and other != path] or [self.source]).read_bytes()
                    path.write_bytes(content)
                metrics, said = self.completes(2)
                self.assertGreater(metrics["found"]["damaged_files"], 0, said)
                self.assertIn("not used:", said)
                self.tearDownOutput(output)

    def test_checkpoints_and_what_was_restored_are_measured(self):
        # Half a second for the interval to pass, and as much for the file: the job itself takes less than either.
        pauses = ranks.pauses("map", (3, 4), 1, 2)
        result, output = self.job(3, "wordcount", self.source, *SHAPE, "--checkpoint-every", "1ms", "--no-fsync",
                                  "--fault", pauses)
        self.assertIn("fault drill: map 4", result.stderr.decode())
        self.assert_done(result, output)
        workers = json.loads((output / "metrics.json").read_text())["workers"]
        for measure in ("files", "bytes", "seconds"):
            self.assertGreater(sum(worker["checkpoint"][measure] for worker in workers), 0, measure)
        self.tearDownOutput(output)
        self.interrupted(3, "kill:worker=1,at=shuffle")
        metrics, _ = self.completes(2)
        for measure in ("bytes", "seconds"):
            self.assertGreater(sum(worker["restore"][measure] for worker in metrics["workers"]), 0, measure)

    def test_run_files_may_be_elsewhere_and_are_found_there(self):
        elsewhere = self.dir / "checkpoints"
        self.interrupted(3, "kill:worker=1,at=shuffle", "--checkpoint", elsewhere)
        self.assertNotEqual(list(elsewhere.glob("*/*.h5")), [])
        metrics, _ = self.completes(2)  # without the option
        self.assertGreater(metrics["found"]["splits"], 0)
        self.assertEqual(list(elsewhere.glob("*/*")), [])

    def test_a_directory_of_checkpoints_that_is_not_there_is_named(self):
        elsewhere = self.dir / "checkpoints"
        self.interrupted(3, "kill:worker=1,at=shuffle", "--checkpoint", elsewhere)
        elsewhere.rename(self.dir / "away")
        metrics, said = self.completes(2, "--checkpoint", elsewhere)
        self.assertEqual(metrics["found"]["splits"], 0)
        self.assertRegex(said, rf"{elsewhere}/[0-9a-f]+ with checkpoints is not there")

    def test_without_checkpoints_it_begins_again(self):
        output = self.interrupted(3, "kill:worker=1,at=shuffle", "--no-checkpoint")
        self.assertFalse((output / ".thresh/runs").exists())
        metrics, said = self.completes(2)
        self.assertEqual(metrics["found"]["splits"], 0)
        self.assertIn("goes on with what an earlier run left: 0 of", said)

    def test_a_full_disk_costs_the_checkpoint_only(self):
        pauses = ranks.pauses("map", (3, 4), 1)
        result, output = self.job(2, "wordcount", self.source, *SHAPE, "--checkpoint-every", "30ms",
                                  "--fault", f"{pauses};enospc:worker=1,at=checkpoint")
        said = result.stderr.decode()
        self.assertIn("no checkpoint was written", said)
        self.assertEqual(result.returncode, 74, said)  # the same disk is full when the first part is written
        self.assert_nothing_published(output)
        self.completes(2)


if __name__ == "__main__":
    ranks.main(sys.argv)
