"""A directory that only some ranks have would lose what the others write: it is found at the start, and named."""

import os
import subprocess
import sys
import unittest

import ranks

# Runs what follows: all ranks but 0 with an empty file system over the directory that is its first argument.
ELSEWHERE = ("unshare", "-m", "sh", "-c",
             'if [ "$OMPI_COMM_WORLD_RANK" != 0 ]; then mount -t tmpfs none "$1"; fi && shift && exec "$@"', "sh")


def may_mount():
    if os.getuid() != 0:
        return False
    return subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


@unittest.skipUnless(may_mount(), "needs root and mount namespaces")
class SharedPath(ranks.Case):
    def refused(self, elsewhere, *more):
        source = self.write("in.txt", b"a b a\n")
        output = self.dir / "out"
        elsewhere.mkdir(parents=True)
        job = (self.thresh, "wordcount", source, "-o", output, *more)
        result = ranks.run(3, *ELSEWHERE, elsewhere, *job, timeout=60)
        said = result.stderr.decode()
        self.assertEqual(result.returncode, 73, said)
        self.assertIn("is not the same directory on all hosts", said)
        self.assertIn(str(elsewhere), said)
        self.assert_nothing_published(output)
        # Nothing of it is in the way of the next run.
        result, output = self.job(2, "wordcount", source, *more)
        self.assert_done(result, output)

    def test_an_output_that_is_elsewhere_for_some_ranks(self):
        self.refused(self.dir / "out")

    def test_a_checkpoint_directory_that_is_elsewhere_for_some_ranks(self):
        self.refused(self.dir / "checkpoints", "--checkpoint", self.dir / "checkpoints")


if __name__ == "__main__":
    ranks.main(sys.argv)
