"""thresh launch: the real mpirun is found, started, started again after a loss, and not started for nothing."""

import os
import random
import shlex
import subprocess
import sys

import ranks

PARTITIONS = 3


class Launch(ranks.Case):
    def setUp(self):
        super().setUp()
        self.source = self.write("in.txt", ranks.text(random.Random(7), 2000))
        self.output = self.dir / "out"

    def job(self, *more):
        return ("wordcount", self.source, "--oversubscribe", "--partitions", PARTITIONS, "--split-size", "8K", "-o", self.output, *more)

    def launch(self, *arguments, **settings):
        # Without the leave for root that other tests get: launch must give it.
        env = {k: v for k, v in ranks.environment().items() if "ALLOW_RUN_AS_ROOT" not in k} | settings
        result = subprocess.run([self.thresh, "launch", *map(str, arguments)], env=env, stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=100)
        return result.returncode, result.stdout, result.stderr

    def assert_complete(self):
        self.assertTrue((self.output / "_SUCCESS").is_file())
        self.assertEqual(ranks.parts(self.output), self.expected("wordcount", PARTITIONS, [self.source]))

    def fake_mpirun(self, text):
        path = self.write("bin/mpirun", f"#!/bin/sh\n{text}\n".encode())
        path.chmod(0o755)
        return path

    def test_a_job_without_trouble(self):
        code, out, said = self.launch("-np", 3, *self.job("--top", 2))
        self.assertEqual(code, 0, said)
        self.assert_complete()
        self.assertEqual(len(out.splitlines()), 2, out)
        self.assertEqual(said.count("thresh launch: runs mpirun "), 1, said)
        self.assertIn("thresh launch: attempt 1 of 6: done", said)

    def test_a_killed_rank_does_not_keep_the_job_from_its_end(self):
        code, _, said = self.launch("-np", 3, "--no-ft", "--backoff", "50ms",
                                    *self.job("--fault", "kill:worker=1,at=reduce"))
        self.assertEqual(code, 0, said)
        self.assert_complete()
        self.assertRegex(said, r"thresh launch: attempt 1 of 6: .*mpirun ended with 137.*; again in 0\.1 s\n")
        self.assertIn("thresh launch: attempt 2 of 6: done", said)

    def test_a_dry_run_shows_a_command_that_works(self):
        code, out, said = self.launch("-np", 3, "--dry-run", *self.job())
        self.assertEqual(code, 0, said)
        self.assertFalse(self.output.exists())
        (line,) = out.splitlines()
        self.assertEqual(shlex.split(line)[-len(self.job()):], [str(word) for word in self.job()])
        self.assertEqual("--allow-run-as-root" in line, os.getuid() == 0)
        subprocess.run(["sh", "-c", line], check=True, timeout=60, capture_output=True,
                       env={k: v for k, v in ranks.environment().items() if "ALLOW_RUN_AS_ROOT" not in k})
        self.assert_complete()

    def test_named_hosts(self):
        code, _, said = self.launch("--hosts", "localhost:3", *self.job())
        self.assertEqual(code, 0, said)
        self.assert_complete()

    def test_the_mpirun_that_is_named_is_asked_what_it_can(self):
        for answer, phrase in (("mpirun (Open MPI) 5.0.7", "--with-ft ulfm"), ("HYDRA", "mpirun -np 3 /")):
            mpirun = self.fake_mpirun(f"echo '{answer}'")
            info = self.write("bin/ompi_info", b"#!/bin/sh\necho 'MPI extensions: affinity, ftmpi'\n")
            info.chmod(0o755)
            for options, settings in ((("--mpirun", mpirun), {}), ((), {"THRESH_MPIRUN": str(mpirun)})):
                code, out, said = self.launch("-np", 3, *options, "--dry-run", *self.job(), **settings)
                self.assertEqual(code, 0, said)
                self.assertTrue(out.startswith(f"{mpirun} "), out)
                self.assertIn(phrase, out)
                self.assertEqual("costs a restart" in said, answer == "HYDRA", said)

    def test_slurm_names_the_nodes_for_an_mpirun_that_does_not_know_it(self):
        mpirun = self.fake_mpirun("echo 'mpirun (Open MPI) 4.1.4'")
        scontrol = self.write("bin/scontrol", b'#!/bin/sh\n[ "$*" = "show hostnames n[1-2]" ] && echo n1 && echo n2\n')
        scontrol.chmod(0o755)
        allocation = {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-2]", "SLURM_TASKS_PER_NODE": "2,1"}
        code, out, said = self.launch("--mpirun", mpirun, "--dry-run", *self.job(), **allocation,
                                      PATH=f"{mpirun.parent}:{os.environ['PATH']}")
        self.assertEqual(code, 0, said)
        self.assertIn(" -H n1:2,n2:1 ", out)
        scontrol.unlink()
        code, _, said = self.launch("--mpirun", mpirun, "--dry-run", *self.job(), **allocation, PATH=str(mpirun.parent))
        self.assertEqual((code, len(said.splitlines())), (78, 1), said)
        self.assertIn("--hosts", said)

    def test_what_cannot_work_starts_nothing(self):
        job = self.job()
        cases = ((64, "did you mean wordcount?", ("-np", 3, "wordcuont", *job[1:])),
                 (64, "did you mean --hosts?", ("-np", 3, "--host", "a:2", *job)),
                 (64, "did you mean --partitions?", ("-np", 3, *self.job("--partition", "3"))),
                 (64, "option -np is launch's", (*job, "-np", 3)),
                 (64, "-np N", job),
                 (64, "--np: '0'", ("-np", 0, *job)),
                 (64, "--hosts: 'a:'", ("--hosts", "a:", *job)),
                 (64, "more than the slots", ("-np", 4, "--hosts", "localhost:3", *job)),
                 (64, "exclude each other", ("--hosts", "a", "--hostfile", "b", *job)),
                 (64, "--hostfile", ("--hostfile", self.dir / "none", *job)),
                 (64, "--max-restarts", ("-np", 3, "--max-restarts", "x", *job)),
                 (64, "takes a job", ("-np", 3)),
                 (64, "'verify' is none", ("-np", 3, "verify", self.output)),
                 (64, "standard input", ("-np", 3, *self.job("--files-from", "-"))),
                 (78, "--mpirun PATH", ("-np", 3, "--mpirun", self.dir / "none", *job)))
        for expected, phrase, arguments in cases:
            with self.subTest(phrase=phrase):
                code, out, said = self.launch(*arguments)
                self.assertEqual((code, out), (expected, ""), said)
                self.assertEqual(len(said.splitlines()), 1, said)
                self.assertIn(phrase, said)
                self.assertFalse(self.output.exists())

    def test_a_job_that_cannot_succeed_is_started_once(self):
        code, _, said = self.launch("-np", 3, "wordcount", self.dir / "none", "-o", self.output)
        self.assertEqual(code, 66, said)
        self.assertNotIn("attempt 2", said)


if __name__ == "__main__":
    ranks.main(sys.argv)
