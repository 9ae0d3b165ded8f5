#!/usr/bin/env python3
"""What more ranks cost: the same job at -np 2, 4, 8, ... 64, on this one machine.

    scripts/benchmarks/growth.py [--size 256M] [--data text|words|records|table] [--ranks 2,4,8,16,32,64] [--oversubscribe]

The ranks share the machine's cores, so that wall time says little; CPU seconds say whether a job does more work
because there are more ranks. CPU of all is that of mpirun and its children. The job's own is what the ranks used between MPI_Init and MPI_Finalize; its
ratio to that of the fewest ranks is the result. The rest is the start and the end of MPI and mpirun. A job over an empty
file shows what there is without data. The median of the rounds is shown. Messages, bytes and the job's own CPU
are measured by count_messages.c, which is preloaded.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
JOBS = {"text": "wordcount", "words": "wordcount", "records": "terasort", "table": "sum"}


def add_arguments(parser):
    parser.add_argument("--size", default="256M", help="of the input (default: %(default)s)")
    parser.add_argument("--data", choices=JOBS, default="text",
                        help="what is counted, sorted or added up: text, of which a few words make up most, as in "
                        "language; 20 million words, all equally often; records; or a table of numbers in 100,000 "
                        "categories (default: %(default)s)")
    parser.add_argument("--ranks", default="2,4,8,16,32,64", help="numbers of ranks (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="the median counts (default: %(default)s)")
    parser.add_argument("--oversubscribe", action="store_true", help="all workers work, as they would if each had a CPU; "
                        "without it there are as many at work as there are CPUs, and the others wait")
    parser.add_argument("--dir", default=None, help="where to work; needs room for the input and more")
    parser.add_argument("--program", default=None, help="thresh; the default is the one in build/release")


def find_program():
    for build in ("release", "dev"):
        path = ROOT / "build" / build / "thresh"
        if path.exists():
            return path
    sys.exit("growth: build it first: cmake --preset release && cmake --build --preset release")


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Counter:
    """count_messages.c, built for this MPI."""

    def __init__(self, work):
        self.library = work / "count_messages.so"
        self.folder = work / "counts"
        subprocess.run(["mpicc", "-shared", "-fPIC", "-O2", "-Wall", "-o", self.library, HERE / "count_messages.c"],
                       check=True)

    def flags(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        return ["-x", f"LD_PRELOAD={self.library}", "-x", f"COUNT_MESSAGES_DIR={self.folder}"]

    def read(self, ranks):
        """By rank; a rank that left no counts did not come to its end."""
        return [json.loads((self.folder / f"{rank}.json").read_text()) for rank in range(ranks)]


def run_job(program, counter, ranks, job, source, output, options):
    """One job: CPU of all, wall, and what each rank counted."""
    env = dict(os.environ)
    if os.getuid() == 0:
        env.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    # Rows travel as they would between hosts.
    command = ["mpirun", "--oversubscribe", "-np", str(ranks), *counter.flags(), program, job, source, "--no-host-reads",
               "-o", output, "--no-fsync", "--quiet", *(["--oversubscribe"] if options.oversubscribe else [])]
    cpu, begin = children_cpu(), time.monotonic()
    done = subprocess.run([str(word) for word in command], env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          check=False)
    wall = time.monotonic() - begin
    if done.returncode != 0:
        sys.exit(f"growth: exit code {done.returncode}\n{done.stderr.decode(errors='replace')}")
    shutil.rmtree(output)
    return {"cpu": children_cpu() - cpu, "wall": wall, "ranks": counter.read(ranks)}


def summary(ranks, empty, full):
    """One line of the table, from the runs over nothing and over the data."""
    def middle(value, runs):
        return statistics.median(value(run) for run in runs)

    def total(name):
        return middle(lambda run: sum(rank[name] for rank in run["ranks"]), full)

    def own(run):
        return sum(rank["cpu"] - rank["start_cpu"] for rank in run["ranks"])

    workers = [rank for run in full for rank in run["ranks"][1:]]
    return {
        "ranks": ranks,
        "cpu": middle(lambda run: run["cpu"], full),
        "empty": middle(lambda run: run["cpu"], empty),
        "job": middle(own, full),
        "empty_job": middle(own, empty),
        "wall": middle(lambda run: run["wall"], full),
        "shuffle_messages": total("shuffle_messages"),
        "shuffle_bytes": total("shuffle_bytes"),
        "control_messages": total("point_messages"),
        "control_bytes": total("point_bytes"),
        "rank0_cpu": middle(lambda run: run["ranks"][0]["cpu"] - run["ranks"][0]["start_cpu"], full),
        "rank0_kib": middle(lambda run: run["ranks"][0]["peak_kib"], full),
        "worker_kib": max(rank["peak_kib"] for rank in workers),
    }


HEADER = ("| -np | CPU, all (s) | the job's own | ratio | empty: all (s) | its own | wall (s) | shuffle: messages | MB "
          "| control: messages | MB | rank 0: CPU (s) | MB | worker at most, MB |\n" + "|---:" * 14 + "|")


def show(line, first):
    job = line["job"] / first["job"] if first["job"] > 0 else float("nan")
    print(f"| {line['ranks']} | {line['cpu']:.2f} | {line['job']:.2f} | {job:.2f} "
          f"| {line['empty']:.2f} | {line['empty_job']:.2f} "
          f"| {line['wall']:.2f} | {line['shuffle_messages']:.0f} | {line['shuffle_bytes'] / 1e6:.1f} "
          f"| {line['control_messages']:.0f} | {line['control_bytes'] / 1e6:.2f} | {line['rank0_cpu']:.2f} "
          f"| {line['rank0_kib'] / 1024:.0f} | {line['worker_kib'] / 1024:.0f} |", flush=True)


def generate(program, options, work):
    source = work / "data"
    subprocess.run([program, "gen", options.data, "--size", options.size, "--files", "8", "-o", source], check=True)
    return source


def measure(options, program, work):
    source = generate(program, options, work)
    nothing = work / "nothing"
    nothing.touch()
    counter = Counter(work)
    job = JOBS[options.data]
    numbers = [int(number) for number in options.ranks.split(",")]
    run_job(program, counter, min(numbers), job, source, work / "warm", options)
    print(HEADER)
    first = None
    for ranks in numbers:
        empty = [run_job(program, counter, ranks, job, nothing, work / "empty", options) for _ in range(options.rounds)]
        full = [run_job(program, counter, ranks, job, source, work / "output", options) for _ in range(options.rounds)]
        line = summary(ranks, empty, full)
        first = first or line
        show(line, first)


def main(options):
    program = pathlib.Path(options.program).resolve() if options.program else find_program()
    with tempfile.TemporaryDirectory(prefix="thresh-growth.", dir=options.dir) as work:
        measure(options, program, pathlib.Path(work))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(arguments)
    main(arguments.parse_args())
