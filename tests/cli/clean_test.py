"""thresh clean: removes what nobody needs, and nothing else."""

import os
import random
import signal
import sys

import ranks


def names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


class Clean(ranks.Case):
    time_is_short = True

    def setUp(self):
        super().setUp()
        self.source = self.write("in.txt", ranks.text(random.Random(8), 500))
        self.words = ("wordcount", self.source, "--partitions", 3)

    def interrupt(self, output="out", fault="kill:worker=0,at=publish"):
        result, output = self.job(3, *self.words, "--fault", fault, out=output)
        self.assertEqual(result.returncode, 137)
        return output

    def clean(self, output, *flags, code=0):
        result = ranks.run(0, self.thresh, "clean", output, *flags)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout.decode().splitlines(), result.stderr.decode()

    def test_an_unfinished_job_keeps_what_it_goes_on_from(self):
        output = self.interrupt()
        self.interrupt(fault="kill:worker=0,at=publish:1")  # a second generation
        self.interrupt(fault="kill:worker=0,at=publish:01")  # a drill strikes once a job: this is another one
        jobs = output / ".thresh"
        for name in ("tmp.a", "parts/tmp.b", "generation/tmp.c", "parts/p00001.9.0123456789abcdef"):
            (jobs / name).write_bytes(b"half")
        other = self.interrupt("other")
        for path in (other / ".thresh/parts").iterdir():
            (jobs / "parts" / path.name).write_bytes(path.read_bytes())
        foreign = ("mine", "parts/mine", "parts/q", "generation/mine", "mine.tmp")
        for name in foreign:
            (jobs / name).write_bytes(b"mine")
        before = names(output)
        kept = {f".thresh/{name}" for name in foreign} | {".thresh", ".thresh/job.h5", ".thresh/parts", ".thresh/generation"}
        kept |= {name for name in before if name.startswith(".thresh/parts/p") and
                 not (other / name).exists() and ".9." not in name}
        kept |= {name for name in before if name.startswith((".thresh/attempts", ".thresh/drills", ".thresh/runs"))}
        kept |= {name for name in before if name.endswith(".token")}
        kept |= {name for name in before if name == ".thresh/status.json"}
        would, _ = self.clean(output, "--dry-run")
        self.assertEqual(names(output), before)
        removed, _ = self.clean(output)
        after = names(output)
        self.assertEqual({name for name in after if "generation/" not in name or "mine" in name}, kept)
        self.assertEqual({name for name in after if name.startswith(".thresh/generation/") and "mine" not in name},
                         {".thresh/generation/4"})  # its own
        told = {line.removeprefix("removed ").split(": ")[0] for line in removed}
        self.assertEqual(told, {str(output / name) for name in before - after})
        promised = {line.removeprefix("would remove ").split(": ")[0] for line in would}
        self.assertEqual(told - promised, {str(jobs / "generation/3")})  # the last one until clean took its place
        self.assertLessEqual(promised, told)
        self.assertEqual(self.clean(output)[0], [f"{output}: there is nothing to remove"])
        for name in foreign:
            (jobs / name).unlink()
        result, output = self.job(3, *self.words)
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), self.expected("wordcount", 3, [self.source]))

    def test_what_is_left_of_a_finished_job_goes(self):
        unfinished = self.interrupt("out")
        kept = self.dir / "kept"
        (unfinished / ".thresh").rename(kept)
        (kept / "job.h5").rename(kept / "theirs.h5")
        result, output = self.job(0, *self.words)
        self.assert_done(result, output)
        done = names(output)
        self.assertEqual(self.clean(output)[0], [f"{output}: there is nothing to remove"])
        kept.rename(output / ".thresh")
        removed, _ = self.clean(output)
        self.assertGreater(len(removed), 5)
        self.assertEqual(names(output), done | {".thresh", ".thresh/theirs.h5"})
        self.assertEqual(ranks.run(0, self.thresh, "verify", output).returncode, 0)

    def test_while_a_run_is_at_work_nothing_is_removed(self):
        process = ranks.start(3, self.thresh, *self.words, "--task-timeout", "60s", "--peer-timeout", "70s", "-o",
                              self.dir / "out", "--fault", "stop:worker=1,at=map")
        self.addCleanup(lambda: process.poll() is None and os.killpg(process.pid, signal.SIGKILL))
        ranks.wait_for_line(process, b"fault drill")
        output = self.dir / "out"
        (output / ".thresh/tmp.x").write_bytes(b"half")
        for flags in ((), ("--dry-run",)):
            lines, said = self.clean(output, *flags, code=75)
            self.assertEqual(lines, [])
            self.assertRegex(said, r"\Athresh: a run is at work \(host .*, process \d+\)")
        self.assertTrue((output / ".thresh/tmp.x").exists())
        (stopped,) = ranks.stopped(self.dir)
        os.kill(stopped, signal.SIGCONT)
        self.assertEqual(ranks.finish(process, 60).returncode, 0)

    def test_a_damaged_job_loses_nothing_that_may_be_its_own(self):
        output = self.interrupt()
        job = output / ".thresh/job.h5"
        job.write_bytes(job.read_bytes()[:-1])
        (output / ".thresh/tmp.x").write_bytes(b"half")
        before = names(output / ".thresh/parts")
        self.clean(output)
        self.assertTrue(job.exists())
        self.assertFalse((output / ".thresh/tmp.x").exists())
        self.assertEqual(names(output / ".thresh/parts"), before)

    def test_what_is_not_ours_is_no_input(self):
        self.write("strange/.thresh/tmp.x", b"mine")
        self.clean(self.dir / "strange", code=66)
        self.clean(self.dir / "absent", code=66)
        self.assertTrue((self.dir / "strange/.thresh/tmp.x").exists())


if __name__ == "__main__":
    ranks.main(sys.argv)
