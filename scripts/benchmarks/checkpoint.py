"""What checkpoints cost, and how long a recovery takes.

Word count over text with and without the default checkpoints, alternating, and how long a run that goes on after a
kill takes at its start. Times are of whole processes. The input should take longer than --checkpoint-every (1m), and
fit into memory, so that no disk is waited for.
"""

import json
import shutil
import statistics
import subprocess

import common


def add_arguments(parser):
    parser.add_argument("--size", default="14G", help="of the input (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (%(default)s)")
    parser.add_argument("--ranks", type=int, default=3, help="rank 0 directs (%(default)s)")
    parser.add_argument("--every", help="interval; the default is Thresh's own")
    common.add_dir(parser)


def measure(options, thresh, work):
    source = work / "text"
    subprocess.run([thresh, "gen", "text", "--size", options.size, "--files", "8", "-o", source], check=True)
    every = ["--checkpoint-every", options.every] if options.every else []
    kinds = {"none": ["--no-checkpoint"], "default": every}
    times = {kind: [] for kind in kinds}
    # After this files and memory are warm.
    common.run(options.ranks, thresh, "wordcount", source, "-o", work / "warm", "--quiet")
    for i in range(options.rounds):
        for kind, words in kinds.items():
            output = work / f"{kind}{i}"
            took, _ = common.run(options.ranks, thresh, "wordcount", source, "-o", output, "--quiet", *words)
            times[kind].append(took)
            metrics = json.loads((output / "metrics.json").read_text())
            files = sum(worker["checkpoint"]["files"] for worker in metrics["workers"])
            print(f"round {i + 1}: {kind:8} {times[kind][-1]:7.2f} s, {files} files", flush=True)
            shutil.rmtree(output)
    medians = {kind: statistics.median(seconds) for kind, seconds in times.items()}
    print(f"median: without {medians['none']:.2f} s, with {medians['default']:.2f} s: "
          f"{100 * (medians['default'] / medians['none'] - 1):+.1f} %")
    output = work / "killed"
    restores = []
    for ranks in (options.ranks, 2):
        words = ["wordcount", source, "-o", output, "--quiet"]
        common.run(options.ranks, thresh, *words, *every, "--fault", "kill:worker=1,at=shuffle")
        took, _ = common.run(ranks, thresh, *words)
        metrics = json.loads((output / "metrics.json").read_text())
        restores.append(max(worker["restore"]["seconds"] for worker in metrics["workers"]))
        print(f"after a kill at shuffle, on {ranks} ranks: {metrics['found']['splits']} of "
              f"{metrics['totals']['splits']} splits found, read and checked in {restores[-1]:.2f} s; "
              f"the rest of the job took {took:.2f} s in all")
        shutil.rmtree(output)
    print(f"slowest recovery (files read and checked): {max(restores):.2f} s")


def main(options):
    thresh = common.program()
    with common.work_dir(options) as work:
        measure(options, thresh, work)
