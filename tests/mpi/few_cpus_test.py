"""More workers on a host than it has CPUs for: the others wait, and the output is the same."""

import json
import os
import random
import sys

import ranks

ONE_CPU = ["taskset", "-c", str(min(os.sched_getaffinity(0))), "mpirun", "--oversubscribe"]


class FewCpus(ranks.Case):
    def count_words(self, count, *options, **more):
        result, output = self.job(count, "wordcount", self.source, "--partitions", 3, "--split-size", "1K", *options,
                                  launcher=ONE_CPU, **more)
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), self.expected("wordcount", 3, [self.source]))
        workers = json.loads((output / "metrics.json").read_text())["workers"]
        return result.stderr.decode(), {w["worker"]: (w["state"], w["map"]["splits"] > 0) for w in workers}

    def setUp(self):
        super().setUp()
        self.source = self.write("in.txt", ranks.text(random.Random(3), 2000))

    def test_one_works_on_one_cpu(self):
        said, workers = self.count_words(5, all_work=False)
        self.assertEqual(workers, {1: ("idle", True), 2: ("spare", False), 3: ("spare", False), 4: ("spare", False)})
        self.assertIn("1 of 4 workers work, one a CPU; --oversubscribe lets all of them", said)
        self.assertIn(" s on 1 worker\n", said)

    def test_all_work_if_they_are_told_to(self):
        said, workers = self.count_words(5)
        self.assertEqual(workers, dict.fromkeys((1, 2, 3, 4), ("idle", True)))
        self.assertNotIn("one a CPU", said)
        self.assertIn(" s on 4 workers\n", said)

    def test_where_there_are_enough_nobody_waits(self):
        said, workers = self.count_words(2, all_work=False)
        self.assertEqual(workers, {1: ("idle", True)})
        self.assertNotIn("one a CPU", said)

    def test_checkpoints_are_gone_on_with_by_those_who_work(self):
        result, output = self.job(5, "wordcount", self.source, "--partitions", 3, "--split-size", "1K",
                                  "--checkpoint-every", "1ms", "--fault", "kill:worker=1,at=reduce", launcher=ONE_CPU,
                                  all_work=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(b"fault drill: reduce 1", result.stderr)
        self.assert_nothing_published(output)
        _, workers = self.count_words(4, "--checkpoint-every", "1ms", all_work=False)
        self.assertEqual({worker: state for worker, (state, _) in workers.items()}, {1: "idle", 2: "spare", 3: "spare"})


if __name__ == "__main__":
    ranks.main(sys.argv)
