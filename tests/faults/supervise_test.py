"""thresh supervise: what it runs again, what it does not, and that the output is that of an undisturbed run."""

import os
import pathlib
import random
import re
import signal
import sys
import time

import ranks

MPIRUN = ("mpirun", "--oversubscribe", "-np", "3")
LAUNCHERS = ("mpirun", "prterun")  # what that is for Open MPI 4 and 5
PARTITIONS = 3

# Runs the rest of its arguments, with a fault the first time only, and notes each command.
FIRST_TIME = """\
mark=$1 fault=$2
shift 2
echo "$*" >>"$mark.commands"
if mkdir "$mark" 2>/dev/null; then exec "$@" --fault "$fault"; fi
exec "$@"
"""

# Is killed after two seconds, twice, then runs the rest of its arguments; notes each command.
SHORT_OF_TIME = """\
commands=$1
shift
echo "$*" >>"$commands"
if [ "$(wc -l <"$commands")" -le 2 ]; then sleep 2; kill -9 $$; fi
exec "$@"
"""

# Loses a rank once it has made runs, then cannot start three times.
LAUNCHER_THAT_IS_REFUSED = """\
dir=$1
shift
if mkdir "$dir/began" 2>/dev/null; then exec "$@" --fault "pause:worker=1,at=reduce;kill:worker=1,at=reduce"; fi
for i in 1 2 3; do
  if mkdir "$dir/refused$i" 2>/dev/null; then echo "connection refused" >&2; exit 1; fi
done
exec "$@"
"""


def processes_with(word):
    """Ids of the live processes with this word in their command lines, by name of the program."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            state = pathlib.Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)[1].split()[0]
        except OSError:
            continue  # it has ended
        if os.fsencode(word) in words and state != b"Z":
            found[int(pid)] = os.path.basename(words[0]).decode()
    return found


class Supervise(ranks.Case):
    time_is_short = True

    def setUp(self):
        super().setUp()
        self.source = self.write("in.txt", ranks.text(random.Random(6), 2000))
        self.output = self.dir / "out"
        self.script = self.write("first_time.sh", FIRST_TIME.encode())
        self.log = self.dir / "stderr.txt"
        self.log.write_bytes(b"")

    def job(self, *more):
        return (self.thresh, "wordcount", self.source, "--oversubscribe", "--partitions", PARTITIONS, "--split-size", "8K", "-o",
                self.output, *more)

    def first_time(self, fault, *command):
        return ("sh", self.script, self.dir / "mark", fault, *command)

    def start(self, *command, options=("--backoff", "50ms")):
        with open(self.log, "wb") as file:
            return ranks.start(0, self.thresh, "supervise", *options, "--", *command, stderr=file)

    def supervise(self, *command, **more):
        result = ranks.finish(self.start(*command, **more), 90)
        return result.returncode, self.log.read_text()

    def notes(self):
        """What supervise itself said."""
        return [line for line in self.log.read_text().replace("\0", "").splitlines() if line.startswith("thresh supervise: ")]

    def wait_until(self, holds, what):
        end = time.monotonic() + 30
        while not holds():
            self.assertLess(time.monotonic(), end, f"{what} did not come; stderr: {self.log.read_text()}")
            time.sleep(0.02)

    def wait_for_text(self, text):
        self.wait_until(lambda: text in self.log.read_text(), text)

    def assert_complete(self):
        self.assertTrue((self.output / "_SUCCESS").is_file(), self.log.read_text())
        self.assertEqual(ranks.parts(self.output), self.expected("wordcount", PARTITIONS, [self.source]))

    def assert_no_rank_is_left(self):
        self.assertEqual(processes_with(self.output), {})

    def test_a_lost_worker_costs_a_restart(self):
        code, said = self.supervise(*self.first_time("kill:worker=1,at=reduce", *MPIRUN, *self.job()))
        self.assertEqual(code, 0, said)
        self.assert_complete()
        first, last = self.notes()
        self.assertRegex(first, r"attempt 1 of 6: (a process of the job was ended by|sh ended with 137, as for) signal 9 \(Killed\).*; "
                                r"\d+ new runs?, \d+ new parts?; again in 0\.\d s$")
        self.assertIn("attempt 2 of 6: done", last)

    def test_a_lost_coordinator_costs_a_restart(self):
        code, said = self.supervise(*self.first_time("kill:worker=0,at=publish", *MPIRUN, *self.job()))
        self.assertEqual(code, 0, said)
        self.assertEqual(len(self.notes()), 2, said)
        self.assert_complete()

    def test_one_rank_without_a_launcher(self):
        code, said = self.supervise(*self.first_time("kill:worker=0,at=reduce", *self.job()))
        self.assertEqual(code, 0, said)
        self.assertEqual(len(self.notes()), 2, said)
        self.assert_complete()

    def test_a_killed_mpirun_leaves_no_rank_behind(self):
        # A stopped rank does not notice that its mpirun is gone.
        process = self.start(*self.first_time("stop:worker=2,at=map", *MPIRUN, *self.job()))
        self.wait_until(lambda: ranks.stopped(self.dir), "a stopped rank")
        (orphan,) = ranks.stopped(self.dir)
        (mpirun,) = (pid for pid, name in processes_with(self.output).items() if name in LAUNCHERS)
        os.kill(mpirun, signal.SIGKILL)
        code = ranks.finish(process, 60).returncode
        self.assertEqual(code, 0, self.log.read_text())
        self.assertFalse(pathlib.Path(f"/proc/{orphan}").exists())
        self.assertIn("killed by signal 9", self.notes()[0])
        self.assert_complete()
        self.assert_no_rank_is_left()

    def test_a_command_that_does_not_end_when_the_job_is_done_is_ended(self):
        line = " ".join(map(str, self.job())) + "; sleep 600"
        begin = time.monotonic()
        code, said = self.supervise("sh", "-c", line, options=("--output", self.output))
        self.assertEqual(code, 0, said)
        self.assertLess(time.monotonic() - begin, 60)
        self.assertIn("the job is done and the command does not end", said)
        self.assert_complete()

    def test_a_command_that_does_not_end_when_the_job_was_stopped_is_run_again(self):
        job = " ".join(map(str, self.job()))
        line = f"if mkdir {self.dir}/mark; then {job} --fault term:worker=0,at=map:3; sleep 600; else exec {job}; fi"
        begin = time.monotonic()
        code, said = self.supervise("sh", "-c", line, options=("--output", self.output, "--backoff", "50ms"))
        self.assertEqual(code, 0, said)
        self.assertIn("fault drill: map 3", said)
        self.assertIn("the job has ended and the command does not end; killing it", said)
        self.assertLess(time.monotonic() - begin, 60)
        self.assert_complete()

    def test_a_directory_that_cannot_be_read_for_a_while_ends_nothing(self):
        # A file in the place of a directory: listing it fails, as on a file server that is away.
        own = self.output / ".thresh"
        job = " ".join(map(str, self.job()))
        hide = "".join(f"mv {own}/{name} {self.dir}/{name} && : >{own}/{name};" for name in ("generation", "parts"))
        line = f"if mkdir {self.dir}/mark; then {job} --fault term:worker=0,at=reduce; {hide} sleep 6; exit 1; else exec {job}; fi"
        process = self.start("sh", "-c", line, options=("--output", self.output, "--backoff", "50ms"))

        def put_back(name):
            (own / name).unlink()
            (self.dir / name).rename(own / name)

        self.wait_for_text("; looking again")
        put_back("parts")
        self.wait_for_text("again in 0.1 s")
        time.sleep(0.5)
        put_back("generation")
        self.assertEqual(ranks.finish(process, 60).returncode, 0, self.log.read_text())
        self.assert_complete()

    def test_a_job_that_is_at_work_is_left_to_the_other(self):
        first = self.start(*MPIRUN, *self.job("--fault", "hang:worker=2,at=map"))
        self.wait_for_text("fault drill")
        second = ranks.run(0, self.thresh, "supervise", "--", *MPIRUN, *self.job())
        said = second.stderr.decode()
        self.assertEqual(second.returncode, 75, said)
        self.assertIn("another run is at work on ", said)
        self.assertNotIn("attempt 1", said)
        first.send_signal(signal.SIGTERM)
        self.assertEqual(ranks.finish(first, 40).returncode, 75, self.log.read_text())

    def test_ranks_of_a_killed_supervisor_are_waited_for(self):
        first = self.start(*MPIRUN, *self.job("--fault", "hang:worker=2,at=map"))
        self.wait_for_text("fault drill")
        first.kill()
        code, said = self.supervise(*MPIRUN, *self.job())
        self.assertEqual(code, 0, said)
        self.assertIn("attempt 1 of 6: done", said)
        self.assert_complete()
        ranks.finish(first, 10)

    def test_what_cannot_succeed_is_not_tried_again(self):
        bad = self.write("bad.tsv", b"a\t1\nb\tnone\n")
        commands = ((64, "ended with 64", (*MPIRUN, *self.job("--nonsense"))),
                    (66, "ended with 66", (*MPIRUN, self.thresh, "wordcount", self.dir / "none", "-o", self.output)),
                    (65, "bad.tsv", (*MPIRUN, self.thresh, "sum", bad, "-o", self.output)),
                    (64, "cannot run", ("./no-such-launcher", *self.job())),
                    (64, "ended with 127", ("sh", "-c", "no-such-launcher", "--output", self.output)))
        for code, phrase, command in commands:
            with self.subTest(phrase=phrase):
                got, said = self.supervise(*command)
                self.assertEqual(got, code, said)
                self.assertIn(phrase, said)
                self.assertNotIn("attempt 2", said)
                self.assert_nothing_published(self.output)

    def test_a_wrong_command_line_of_its_own(self):
        cases = ((("mpirun", "-np", "2", self.thresh, "wordcount", self.source), (), "--output DIR"),
                 (self.job("--files-from", "-"), (), "standard input"),
                 ((), (), "behind two dashes"),
                 (self.job(), ("--backoff", "5"), "--backoff"),
                 (self.job(), ("--max-restarts", "-1"), "--max-restarts"))
        for command, options, phrase in cases:
            with self.subTest(phrase=phrase):
                code, said = self.supervise(*command, options=options)
                self.assertEqual(code, 64, said)
                self.assertIn(phrase, said)
                self.assertFalse(self.output.exists())

    def test_attempts_without_progress_use_up_the_restarts(self):
        for exit_code in (1, 137):
            code, said = self.supervise("sh", "-c", f"exit {exit_code}",
                                        options=("--output", self.output, "--backoff", "5ms", "--max-restarts", "3"))
            self.assertEqual(code, 69, said)
            self.assertEqual(len(self.notes()), 5, said)
            self.assertIn(f"gave up after 4 attempts, 4 in a row without progress; the last: sh ended with {exit_code}",
                          said)

    def test_an_output_that_is_elsewhere_is_not_made_again_and_again(self):
        code, said = self.supervise("env", "-C", self.dir, self.thresh, "wordcount", self.source, "-o", "elsewhere")
        self.assertEqual(code, 64, said)
        self.assertEqual(len(self.notes()), 2, said)
        self.assertIn("attempt 2 of 6: env ended with 0, but its output is not here: --output DIR names", said)
        self.assertTrue((self.dir / "elsewhere/_SUCCESS").is_file())

    def test_a_launcher_that_fails_for_a_while_does_not_end_the_job(self):
        # As when a node starts again: ssh is refused for some attempts.
        path = self.write("mpirun.sh", LAUNCHER_THAT_IS_REFUSED.encode())
        code, said = self.supervise("sh", path, self.dir, *MPIRUN, *self.job())
        self.assertEqual(code, 0, said)
        self.assertEqual(said.count("; 0 new runs, 0 new parts; again in"), 3, said)
        self.assertIn("attempt 5 of 6: done", said)
        self.assert_complete()

    def test_the_number_of_restarts_is_limited(self):
        fault = ("--fault", "kill:worker=1,at=reduce")
        code, said = self.supervise(*MPIRUN, *self.job(*fault), options=("--max-restarts", "0"))
        self.assertEqual(code, 69, said)
        self.assertIn("gave up after 1 attempt; the last: ", said)
        self.assertNotIn("again in", said)
        self.assert_nothing_published(self.output)
        self.assert_no_rank_is_left()

    def test_a_signal_is_passed_on_and_ends_it(self):
        for number, code in ((signal.SIGTERM, 75), (signal.SIGUSR1, 75), (signal.SIGINT, 130)):
            with self.subTest(signal=number):
                self.output = self.dir / f"out{number}"  # a drill happens once in a directory
                process = self.start(*MPIRUN, *self.job("--fault", "hang:worker=2,at=map"))
                self.wait_for_text("fault drill")
                process.send_signal(number)
                self.assertEqual(ranks.finish(process, 40).returncode, code, self.log.read_text())
                self.assert_no_rank_is_left()
                self.assert_nothing_published(self.output)
                (note,) = self.notes()
                self.assertIn(f"stopped by {signal.Signals(number).name} in attempt 1; to go on: ", note)
        again = re.search(r"to go on: thresh supervise -- (.*)$", note).group(1).split()
        code, said = self.supervise(*(word for word in again if not word.startswith(("--fault", "hang:"))))
        self.assertEqual(code, 0, said)
        self.assert_complete()

    def test_a_script_that_dies_of_the_signal_takes_its_ranks_with_it(self):
        line = " ".join(map(str, (*MPIRUN, *self.job("--fault", "hang:worker=2,at=map")))) + "; true"
        process = self.start("sh", "-c", line, options=("--output", self.output))
        self.wait_for_text("fault drill")
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(ranks.finish(process, 40).returncode, 75, self.log.read_text())
        self.assertIn("stopped by SIGUSR1; run the same command again", self.log.read_text())
        self.assert_no_rank_is_left()

    def test_what_a_stopped_command_leaves_running_is_ended(self):
        job = " ".join(map(str, (*MPIRUN, *self.job("--fault", "hang:worker=2,at=map"))))
        mark = self.dir / "left"
        line = f"setsid sh -c 'sleep 600; true' {mark} </dev/null >/dev/null 2>&1 & exec {job}"
        process = self.start("sh", "-c", line, options=("--output", self.output))
        self.wait_for_text("fault drill")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(ranks.finish(process, 70).returncode, 75, self.log.read_text())
        self.assertIn("what it started does not end; killing it", self.log.read_text())
        self.assertEqual(processes_with(mark), {})

    def test_what_was_started_before_it_is_left_alone(self):
        # A shell that becomes another program leaves its children to that.
        mark = self.dir / "before"
        line = f"sh -c 'sleep 600; true' {mark} </dev/null >/dev/null 2>&1 & exec \"$@\""
        words = (self.thresh, "supervise", "--output", self.output, "--backoff", "1ms", "--max-restarts", "1")
        result = ranks.run(0, "sh", "-c", line, "sh", *words, "--", "sh", "-c", "sleep 600 & exit 1")
        left = processes_with(mark)
        for pid in left:
            os.killpg(os.getpgid(pid), signal.SIGKILL)
        self.assertEqual(result.returncode, 69, result.stderr)
        self.assertEqual(len(left), 1, result.stderr)

    def test_a_job_whose_time_is_up_is_not_run_again(self):
        """And it ends in time, though one worker answers no more: that would be waited for 15 s without a limit."""
        process = self.start(*MPIRUN, *self.job("--max-time", "3s", "--fault", "stop:worker=2,at=map"))
        self.wait_for_text("fault drill")
        begin = time.monotonic()
        self.assertEqual(ranks.finish(process, 90).returncode, 75, self.log.read_text())
        (note,) = self.notes()
        self.assertIn("attempt 1 of 6: stopped, as --max-time is nearly over", note)
        self.assertLess(time.monotonic() - begin, 14)
        self.assert_no_rank_is_left()

    def test_the_time_of_a_job_is_one_for_all_attempts(self):
        script = self.write("short.sh", SHORT_OF_TIME.encode())
        code, said = self.supervise("sh", script, self.dir / "commands", *MPIRUN,
                                    *self.job("--max-time", "9s", "--fault", "hang:worker=2,at=map"))
        self.assertEqual(code, 75, said)
        commands = (self.dir / "commands").read_text().splitlines()
        first, *later = [re.search(r"--max-time (\S+)", command).group(1) for command in commands]
        self.assertEqual(first, "9s")
        second, third = [int(value.removesuffix("ms")) for value in later]
        self.assertTrue(5000 < second <= 7000, later)
        self.assertTrue(second - 4000 < third <= second - 2000, later)
        self.assertIn("attempt 3 of 6: stopped, as --max-time is nearly over", self.notes()[-1])

    def test_a_pause_is_no_longer_than_the_time_that_a_job_has(self):
        code, said = self.supervise(*self.first_time("kill:worker=0,at=reduce", *self.job("--max-time", "12s")),
                                    options=("--backoff", "1h"))
        self.assertEqual(code, 0, said)
        self.assert_complete()

    def test_no_attempt_begins_that_the_time_of_the_job_is_too_short_for(self):
        code, said = self.supervise("sh", "-c", "sleep 1; kill -9 $$", "sh", *self.job("--max-time", "4s"))
        self.assertEqual(code, 75, said)
        (note,) = self.notes()
        self.assertIn("--max-time leaves no time for another: run the same command again to go on", note)

    def test_a_signal_during_the_pause_ends_it(self):
        process = self.start("sh", "-c", "exit 1", options=("--output", self.output, "--backoff", "1h"))
        self.wait_for_text("again in")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(ranks.finish(process, 10).returncode, 75)

    def test_a_killed_supervisor_leaves_no_rank_behind(self):
        process = self.start(*MPIRUN, *self.job("--fault", "hang:worker=2,at=map"))
        self.wait_for_text("fault drill")
        process.kill()
        ranks.finish(process, 10)
        self.wait_until(lambda: not processes_with(self.output), "the end of the ranks")

    def test_a_finished_job_is_done_and_overwrite_replaces_it(self):
        self.assertEqual(ranks.run(0, *self.job()).returncode, 0)
        before = (self.output / "_SUCCESS").read_bytes()
        code, said = self.supervise(*MPIRUN, *self.job())
        self.assertEqual(code, 0, said)
        self.assertEqual((self.output / "_SUCCESS").read_bytes(), before)
        # The old _SUCCESS must not be taken for that of the job that was killed.
        code, said = self.supervise(*self.first_time("kill:worker=1,at=reduce", *MPIRUN, *self.job("--overwrite")))
        self.assertEqual(code, 0, said)
        self.assertEqual(len(self.notes()), 2, said)
        self.assertNotEqual((self.output / "_SUCCESS").read_bytes(), before)
        self.assert_complete()

    def test_fresh_discards_once(self):
        other = self.job("--escape", "--fault", "kill:worker=1,at=reduce")
        self.assertEqual(ranks.run(3, *other).returncode, 137)  # an unfinished job that differs
        code, said = self.supervise(*self.first_time("kill:worker=2,at=reduce", *MPIRUN, *self.job("--fresh")))
        self.assertEqual(code, 0, said)
        self.assert_complete()
        commands = (self.dir / "mark.commands").read_text().splitlines()
        self.assertEqual(["--fresh" in line.split() for line in commands], [True, False])


if __name__ == "__main__":
    ranks.main(sys.argv)
