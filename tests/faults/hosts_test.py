"""Several hosts: one is lost whole, or its link is cut, while the job is at a step that is known. `thresh launch` brings
it to its end on the hosts that are left. On any Open MPI; with 77 where namespaces are not allowed."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import hosts
import ranks

PARTITIONS = 6


class SeveralHosts(ranks.Case):
    def setUp(self):
        super().setUp()
        # Hosts have a /tmp of their own.
        self.shared = tempfile.mkdtemp(prefix="thresh-hosts.", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.shared, ignore_errors=True)
        self.hosts = hosts.Hosts(self.shared, ["a", "b"])
        self.addCleanup(self.hosts.close)
        self.source = os.path.join(self.shared, "in.txt")
        with open(self.source, "wb") as file:
            file.write(ranks.text(random.Random(8), 20_000))
        self.output = os.path.join(self.shared, "out")
        self.log = os.path.join(self.shared, "stderr")
        self.places = ("--hosts", "a:3,b:2")

    def launch(self, *options):
        """A job on both hosts; rank 0, 2 and 4 are on a."""
        env = {k: v for k, v in ranks.environment().items() if not k.startswith("OMPI_MCA_")} | self.hosts.settings()
        command = [self.thresh, "launch", *self.places, "--backoff", "100ms", "wordcount", self.source, "--partitions",
                   PARTITIONS, "--split-size", "4K", "-o", self.output, *options]
        # Not a pipe, which a host that is frozen would hold open.
        with open(self.log, "wb") as file:
            return subprocess.Popen(self.hosts.command("switch", *command), env=env, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=file, start_new_session=True)

    def launch_and_hang(self, worker, step):
        """Returns when this worker hangs at this step."""
        process = self.launch("--fault", f"hang:worker={worker},at={step}", "--task-timeout", "10m")
        end = time.monotonic() + 60
        while f"fault drill: {step.split(':')[0]} " not in self.said():
            self.assertIsNone(process.poll(), self.said())
            self.assertLess(time.monotonic(), end, self.said())
            time.sleep(0.02)
        return process

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def assert_complete(self, process):
        result = ranks.finish(process, 100)
        said = self.said()
        self.assertEqual(result.returncode, 0, said)
        self.assertTrue(os.path.exists(os.path.join(self.output, "_SUCCESS")), said)
        self.assertEqual(ranks.parts(self.output), self.expected("wordcount", PARTITIONS, [self.source]))
        self.names = sorted(os.listdir(self.output))
        return said

    def assert_nobody_is_left_on(self, host):
        end = time.monotonic() + 60
        while self.hosts.at_work(host, self.output) > 0:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)

    def test_a_job_without_trouble(self):
        said = self.assert_complete(self.launch())
        self.assertIn("attempt 1 of 6: done", said)

    def test_a_host_is_lost(self):
        process = self.launch_and_hang(1, "shuffle")
        self.hosts.lose("b")
        said = self.assert_complete(process)
        self.assertIn("host b does not answer", said)

    def test_a_host_of_a_file_is_lost(self):
        file = os.path.join(self.shared, "hosts")
        with open(file, "w", encoding="utf-8") as text:
            text.write("# two of them\na slots=3\nb slots=2 max_slots=2\n")
        self.places = ("--hostfile", file)
        process = self.launch_and_hang(1, "reduce")
        self.hosts.lose("b")
        said = self.assert_complete(process)
        self.assertIn(f"--hostfile {file} ", said)
        self.assertIn("host b does not answer; goes on without it", said)
        self.assertIn("-H a:3 ", said)

    def test_the_host_of_rank_0_is_lost(self):
        process = self.launch_and_hang(1, "map:2")
        self.hosts.lose("a")
        said = self.assert_complete(process)
        self.assertIn("host a does not answer", said)

    def test_a_link_is_cut(self):
        process = self.launch_and_hang(2, "reduce")
        self.hosts.cut("b")
        said = self.assert_complete(process)
        self.assertIn("host b does not answer", said)
        self.assert_nobody_is_left_on("b")

    def test_a_host_that_comes_back_does_no_harm(self):
        process = self.launch_and_hang(2, "shuffle")
        self.hosts.freeze("b")
        self.assert_complete(process)
        self.assertGreater(self.hosts.at_work("b", self.output), 0)
        done = os.stat(os.path.join(self.output, "_SUCCESS"))
        self.hosts.thaw("b")
        self.assert_nobody_is_left_on("b")
        self.assertEqual(os.stat(os.path.join(self.output, "_SUCCESS")), done)
        checked = ranks.run(0, self.thresh, "verify", self.output)
        self.assertEqual(checked.returncode, 0, checked.stdout.decode() + checked.stderr.decode())
        self.assertEqual(sorted(os.listdir(self.output)), self.names)


if __name__ == "__main__":
    if not hosts.allowed():
        print("skipped: hosts of our own take root and namespaces", file=sys.stderr)
        sys.exit(77)
    ranks.main(sys.argv)
