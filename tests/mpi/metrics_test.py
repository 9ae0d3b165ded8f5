"""metrics.json is what docs/metrics.md says, its numbers add up, and rank 0 leaves the processor to the workers."""

import json
import os
import pathlib
import random
import re
import signal
import sys
import time

import ranks

COUNTS = (1, 3, 5)
DOCUMENT = (pathlib.Path(__file__).parents[2] / "docs/metrics.md").read_text()
COORDINATOR = {"host": str, "pid": int, "cpu_seconds": float, "peak_memory_bytes": int}
WORKER = {"worker": int, "state": str, "host": str, "pid": int, "peak_memory_bytes": int, "cpu_seconds": float,
          "map": {"seconds": float, "splits": int, "records": int, "emits": int, "input_bytes": int},
          "seal": {"seconds": float, "staged_rows": int}, "shuffle": {"seconds": float, "sent_bytes": int, "received_bytes": int,
                                                             "read_bytes": int},
          "reduce": {"seconds": float, "output_bytes": int}, "commit": {"seconds": float},
          "check": {"seconds": float},
          "checkpoint": {"seconds": float, "files": int, "failed": int, "bytes": int},
          "restore": {"seconds": float, "bytes": int}, "spill": {"seconds": float, "bytes": int}}
PHASE = {"name": str, "generation": int, "begin_seconds": float, "end_seconds": float, "events": int, "commands": int,
         "outcome": str}
SCHEMA = {
    "schema_version": int, "job": str, "job_id": str, "generation": int, "elapsed_seconds": float,
    "totals": dict.fromkeys(("inputs", "input_bytes", "splits", "partitions", "records", "emits", "groups",
                             "output_bytes"), int),
    "tasks": dict.fromkeys(("splits_assigned", "splits_done", "parts_committed", "late_messages_ignored", "recoveries",
                            "workers_lost"), int),
    "found": dict.fromkeys(("runs", "splits", "parts", "damaged_files"), int),
    "quarantine": [{"path": str, "offset": int, "what": str}],
    "phases": [PHASE], "coordinator": COORDINATOR, "workers": [WORKER],
    "pool": [{"seconds": float, "worker": int, "from": str, "to": str}],
    "recoveries": [{"lost": list, "seconds": float, "silent_seconds": float, "repair_seconds": float,
                    "recovery_seconds": float, "splits_again": int}],
    "shuffle": {"waves": int, "rounds": int, "matrix": [{"from": int, "to": int, "bytes": int}],
                "max_partition_bytes": int, "mean_partition_bytes": float},
    "counters": dict}


class Metrics(ranks.Case):
    def fits(self, value, schema, where="metrics"):
        if isinstance(schema, list):
            self.assertIsInstance(value, list, where)
            for item in value:
                self.fits(item, schema[0], where + "[]")
        elif isinstance(schema, dict):
            self.assertEqual(set(value), set(schema), where)
            for name, inner in schema.items():
                self.fits(value[name], inner, f"{where}.{name}")
        else:
            self.assertIs(type(value), schema, where)

    def table(self):
        """Two files with 14,000 numbers and 700 empty lines."""
        lines = [b"category %d\t%d\n" % (n % 50, n % 7) + (b"\n" if n % 20 == 0 else b"") for n in range(14_000)]
        return [self.write("in/a.tsv", b"".join(lines[:9000])), self.write("in/b.tsv", b"".join(lines[9000:]))]

    def metrics(self, output):
        return json.loads((output / "metrics.json").read_text())

    def test_every_field_is_there_and_documented(self):
        self.table()
        for count in COUNTS:
            result, output = self.job(count, "sum", self.dir / "in", "--partitions", 4, out=f"out{count}")
            self.assert_done(result, output)
            found = self.metrics(output)
            self.fits(found, SCHEMA)
            self.assertEqual(found["schema_version"], 1)
        names = set(re.findall(r'"(\w+)": ', (output / "metrics.json").read_text())) - {"empty_lines"}
        self.assertEqual({name for name in names if f"`{name}`" not in DOCUMENT}, set())

    def test_totals_and_what_adds_up_to_them(self):
        files = self.table()
        size = sum(path.stat().st_size for path in files)
        splits = sum(-(-path.stat().st_size // 4096) for path in files)
        for count in COUNTS:
            with self.subTest(ranks=count):
                result, output = self.job(count, "sum", self.dir / "in", "--partitions", 4, "--split-size", "4K",
                                          out=f"out{count}")
                self.assert_done(result, output)
                found = self.metrics(output)
                self.assertEqual(found["totals"], {
                    "inputs": 2, "input_bytes": size, "splits": splits, "partitions": 4, "records": 14_700,
                    "emits": 14_000, "groups": 50, "output_bytes": sum(map(len, ranks.parts(output).values()))})
                self.assertEqual(found["counters"], {"empty_lines": 700})
                self.check_sums(found, max(1, count - 1))
                self.check_phases(found)

    def check_sums(self, found, workers):
        totals, tasks, shuffle = found["totals"], found["tasks"], found["shuffle"]
        self.assertEqual(len(found["workers"]), workers)
        for field in ("splits", "records", "emits"):
            self.assertEqual(sum(worker["map"][field] for worker in found["workers"]), totals[field], field)
        self.assertGreaterEqual(sum(worker["map"]["input_bytes"] for worker in found["workers"]), totals["input_bytes"])
        self.assertEqual(sum(worker["reduce"]["output_bytes"] for worker in found["workers"]), totals["output_bytes"])
        self.assertEqual((tasks["splits_assigned"], tasks["splits_done"], tasks["parts_committed"]),
                         (totals["splits"], totals["splits"], 4))
        self.assertGreater(sum(worker["commit"]["seconds"] for worker in found["workers"]), 0)
        self.assertEqual((tasks["recoveries"], tasks["workers_lost"]), (0, 0))
        moved = sum(pair["bytes"] for pair in shuffle["matrix"])
        self.assertEqual(moved, round(shuffle["mean_partition_bytes"] * 4))
        self.assertGreaterEqual(shuffle["max_partition_bytes"], shuffle["mean_partition_bytes"])
        for worker in found["workers"]:
            for end, field in (("from", "sent_bytes"), ("to", "received_bytes")):
                self.assertEqual(sum(pair["bytes"] for pair in shuffle["matrix"] if pair[end] == worker["worker"]),
                                 worker["shuffle"][field])

    def check_phases(self, found):
        phases = found["phases"]
        self.assertEqual([phase["name"] for phase in phases], ["partition", "map", "shuffle", "reduce"])
        self.assertEqual([phase["outcome"] for phase in phases], ["partitioned", "mapped", "shuffled", "reduced"])
        times = [phase[end] for phase in phases for end in ("begin_seconds", "end_seconds")]
        self.assertEqual(times, sorted(times))
        self.assertLessEqual(times[-1], found["elapsed_seconds"])
        states = {worker["worker"]: "idle" for worker in found["workers"]}
        for change in found["pool"]:
            self.assertEqual(change["from"], states[change["worker"]])
            states[change["worker"]] = change["to"]

    def test_counters_count_once_also_after_a_restart(self):
        self.table()
        arguments = ("sum", self.dir / "in", "--partitions", 4, "--split-size", "4K")
        for fault in ("kill:worker=1,at=reduce", "kill:worker=0,at=publish"):
            result, output = self.job(3, *arguments, "--fault", fault)
            self.assertEqual(result.returncode, 137)
        result, output = self.job(5, *arguments, "--metrics", self.dir / "copy.json")
        self.assert_done(result, output)
        copy = json.loads((self.dir / "copy.json").read_text())
        for found in (self.metrics(output), copy):
            self.assertEqual(found["counters"], {"empty_lines": 700})
            self.assertEqual(found["totals"]["records"], 14_700)
            self.assertEqual(found["generation"], 3)
        self.assertEqual(copy["phases"][-1]["name"], "aggregate")
        self.fits(copy, SCHEMA)

    def test_what_a_run_says(self):
        files = self.table()
        closing = r"^thresh: sum: 14700 records \([\d.]+ KiB\) to 1 part in .*/out\\nx, [\d.]+ s on 2 workers\n$"
        result, output = self.job(3, "sum", *files, out="out\nx")
        self.assert_done(result, output)
        self.assertRegex(result.stderr.decode(), closing)
        self.assertEqual(result.stdout, b"")
        result, output = self.job(3, "sum", *files, "--quiet", out="quiet")
        self.assert_done(result, output)
        self.assertEqual((result.stdout, result.stderr), (b"", b""))
        result, output = self.job(1, "sum", *files, "--quiet", "--top", 1, out="top")
        self.assertEqual(len(result.stdout.splitlines()), 1)

    def test_closed_streams_do_not_fail_a_job(self):
        source = self.write("in.txt", b"a b a\n")
        for number, streams in enumerate((">/dev/full 2>&1", "2>&-", "<&- >&- 2>&-")):
            output = self.dir / f"out{number}"
            result = ranks.run(0, "sh", "-c", f'exec "$@" {streams}', "sh", self.thresh, "wordcount", source, "-o",
                               output)
            self.assert_done(result, output)
            self.assertEqual(list(ranks.parts(output).values()), [b"a\t2\nb\t1\n"])

    def test_rank_0_leaves_the_processor_to_the_workers(self):
        tiny = self.write("tiny.txt", b"a\n")
        result, output = self.job(3, "wordcount", tiny, out="tiny")
        self.assert_done(result, output)
        to_start_and_end = self.metrics(output)["coordinator"]["cpu_seconds"]
        large = self.write("large.txt", ranks.text(random.Random(1), 20_000) * 100)
        # A rank that is stopped for a while, so that a short test has a map of some seconds.
        process = ranks.start(3, self.thresh, "wordcount", large, "-o", self.dir / "out", "--split-size", "1M",
                              "--fault", "stop:worker=1,at=map:2")
        self.addCleanup(lambda: process.poll() is None and os.killpg(process.pid, signal.SIGKILL))
        ranks.wait_for_line(process, b"fault drill")
        time.sleep(3.5)
        (stopped,) = ranks.stopped(self.dir)
        os.kill(stopped, signal.SIGCONT)
        self.assert_done(ranks.finish(process), self.dir / "out")
        found = self.metrics(self.dir / "out")
        phase = next(phase for phase in found["phases"] if phase["name"] == "map")
        mapping = phase["end_seconds"] - phase["begin_seconds"]
        self.assertGreater(mapping, 3)
        used = found["coordinator"]["cpu_seconds"] - to_start_and_end
        self.assertLess(used, 0.05 * mapping, f"of a map of {mapping:.1f} s")


if __name__ == "__main__":
    ranks.main(sys.argv)
