"""thresh drill: a seeded pairwise sample of its matrix passes, and it would tell if something did not."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import ranks

SEED = os.environ.get("THRESH_DRILL_SEED", "1")


class Drill(ranks.Case):
    time_is_short = True

    def drill(self, *arguments, timeout=560):
        return ranks.run(0, self.thresh, "drill", "--dir", self.dir / "drills", *arguments, timeout=timeout)

    def test_a_sample_passes(self):
        result = self.drill("--sample", 80, "--seed", SEED, "--jobs-at-once", 2)
        self.assertEqual(result.returncode, 0, result.stdout.decode() + result.stderr.decode())
        self.assertIn("80 of 80 cases were run, 0 failed.", result.stdout.decode())
        # Faults strike ranks that are read as well as such as send.
        index = json.loads((self.dir / "drills" / "inverted-index.clean.3" / "metrics.json").read_text())
        read = [worker["shuffle"]["read_bytes"] > 0 for worker in index["workers"]]
        self.assertEqual(read, 2 * [ranks.memory_can_be_read()])

    def test_each_step_is_listed_with_its_faults(self):
        listed = ranks.run(0, self.thresh, "drill", "--list").stdout.decode()
        steps = re.findall(r"^(\S+) +(?:every rank|rank 0|workers) ", listed, re.M)
        refusal = ranks.run(0, self.thresh, "wordcount", "x", "-o", "y", "--fault", "kill:worker=1,at=nowhere")
        named = refusal.stderr.decode().rsplit("STEP one of ", 1)[1].strip().split(", ")
        self.assertEqual(steps, named)

    def test_what_fails_is_named_with_commands_and_tried_again(self):
        # This launcher loses the exit codes that the drill asks for.
        launcher = self.write("launcher", b'#!/bin/sh\nmpirun --oversubscribe -np "$@" || exit 1\n')
        launcher.chmod(0o755)
        state = self.dir / "state"
        arguments = ("--sample", 3, "--seed", 5, "--jobs", "wordcount", "--state", state)
        result = self.drill(*arguments, "--launcher", f"{launcher} {{}}")
        said = result.stdout.decode()
        self.assertEqual(result.returncode, 70, said + result.stderr.decode())
        failed = re.findall(r"^FAILED (\S+): it ended with 1, .*\n((?:  .*\n)+)", said, re.M)
        self.assertNotEqual(failed, [], said)
        # The commands do what the drill saw.
        commands = failed[0][1].splitlines()
        self.assertEqual(subprocess.run("\n".join(commands[:2]), shell=True, env=ranks.environment(), check=False,
                                        capture_output=True).returncode, 1)
        self.assertIn("--fault", shlex.split(commands[-1]))
        # With a launcher that works, only what failed is run again.
        result = self.drill(*arguments)
        self.assertEqual(result.returncode, 0, result.stdout.decode())
        self.assertEqual(len(re.findall(rb"^thresh: drill .* passed", result.stderr, re.M)),
                         len(re.findall(r"^FAILED ", said, re.M)))

    def test_a_machine_on_which_nothing_runs_is_told_apart(self):
        result = self.drill("--sample", 1, "--launcher", "false")
        self.assertEqual(result.returncode, 78)
        self.assertIn(b"a run without a fault does not work", result.stderr)
        result = self.drill("--sample", 1, "--launcher", "/nowhere/at/all")
        self.assertEqual(result.returncode, 64)
        shutil.rmtree(self.dir / "drills")


if __name__ == "__main__":
    ranks.main(sys.argv)
