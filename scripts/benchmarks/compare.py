"""How fast Thresh is next to programs written by hand, and to others.

Each job is done by each program in turn, several rounds; a program runs twice in a row and the second run counts, so
that files and memory are warm. All runs are made without and with fsync of the output. Of Thresh the time of an empty
job, which is mpirun's own, is measured in the same round; it is shown and subtracted ("net"). A program that takes
longer than --slow is run once and counts at once. All outputs of the first round must agree, or there is no table.

wall is the median of the rounds, x the ratio to the best program written by hand, cpu the seconds of all processes,
memory the sum over Thresh's ranks, twice the larger rank of MR-MPI, and of all others that of their largest process.

jobs: wordcount   1 GiB of text, a million distinct words
      words       537 MiB of text, 19 million distinct words
      terasort    1 GiB of records of 100 bytes
      sum         80 million rows, 100,000 categories
      raw         memcpy, MPI_Alltoallv and MPI_Ialltoallv

A job of one's own is not among them: a file in jobs/ is compiled into Thresh as these are.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import tempfile

import common
import contenders
from measure import Sample, measure

JOBS = ("wordcount", "words", "terasort", "sum", "raw")
MODES = {"without fsync": False, "with fsync": True}


def list_of(allowed):
    """A type for argparse: names with commas between them."""
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"'{name}' is none of {','.join(allowed)}")
        return names
    return parse


def positive(kind):
    """A type for argparse: a number above zero."""
    def parse(text):
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"'{text}' is not above zero")
        return value
    parse.__name__ = kind.__name__
    return parse


def add_arguments(parser):
    parser.add_argument("--jobs", type=list_of(JOBS), default=list(JOBS), help="some of " + ",".join(JOBS) + " (all)")
    parser.add_argument("--with", dest="kinds", type=list_of(contenders.KINDS), default=list(contenders.KINDS),
                        help="besides Thresh, some of " + ",".join(contenders.KINDS) + " (all that are there)")
    parser.add_argument("--scale", type=positive(float), default=1.0,
                        help="of all data: 0.01 for a quick try (%(default)s)")
    parser.add_argument("--runs", type=positive(int), default=3, help="rounds (%(default)s)")
    parser.add_argument("--slow", type=positive(float), default=10.0,
                        help="seconds from which one run is enough (%(default)s)")
    parser.add_argument("--limit", type=positive(float), default=600.0,
                        help="seconds after which a program is given up (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the data in DIR/data, and use what is there")
    parser.add_argument("--program", type=pathlib.Path, help="the thresh to measure; else the one in build/")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all samples to FILE as well")
    common.add_dir(parser)


def make_data(job, scale, program, folder):
    """The input of a job, made if it is not there."""
    kind, words, size = {
        "wordcount": ("text", ["--size"], 1 << 30),
        "words": ("words", ["--distinct", max(1000, int(20_000_000 * scale)), "--size"], 537 << 20),
        "terasort": ("records", ["--size"], 1 << 30),
        "sum": ("table", ["--records"], 80_000_000),
    }[job]
    size = max(1000, int(size * scale))
    path = folder / f"{kind}-{size}.txt"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        print(f"making {path.name}", flush=True)
        common.output_of(program, "gen", kind, *words, size, "-o", path)
        os.sync()  # so that the disk is at rest when the first program runs
    return path


class Place:
    """Where one program writes its output."""

    def __init__(self, contender, work):
        self.contender, self.folder = contender, work / "run"
        self.output = self.folder / "output"

    def clear(self):
        """Empties what was written and puts it aside, until all is measured: before ext4 takes an inode it looks at
        those that were freed in the last minutes, 0.5 ms a file after some runs."""
        if self.folder.exists():
            for path in self.folder.rglob("*"):
                if path.is_file():
                    os.truncate(path, 0)
            self.folder.rename(tempfile.mkdtemp(prefix="done.", dir=self.folder.parent))
        self.folder.mkdir()

    def run(self, source, durable, limit):
        """A Sample, or None if it took too long. The output stays until the next run."""
        self.clear()
        sample = measure(self.contender.command(source, self.output, durable), limit)
        if sample is None:
            return None
        return dataclasses.replace(sample, memory=self.contender.memory(self.output, sample.memory))

    def run_warm(self, source, durable, options):
        """The second of two runs in a row, or the first if that is slow: the Sample, and whether it was slow."""
        first = self.run(source, durable, options.limit)
        if first is None or first.wall > options.slow:
            return first, True
        return self.run(source, durable, options.limit), False


class Row:
    """What is known of one program in one mode."""

    def __init__(self, samples=()):
        self.samples, self.empty, self.done = list(samples), [], False

    def median(self, field):
        return statistics.median(getattr(sample, field) for sample in self.samples)

    def net(self):
        """The samples without the empty job of the same round."""
        return [Sample(sample.wall - empty.wall, sample.cpu - empty.cpu, sample.memory)
                for sample, empty in zip(self.samples, self.empty)]


def digest(contender, output, ordered):
    files = contender.outputs(output)
    return common.output_of(contenders.BUILD / "digest", "bytes" if ordered else "lines", *files).strip()


class Comparison:
    """One job, done by all."""

    def __init__(self, job, options, program, work, folder):
        self.job, self.options, self.work = job, options, work
        self.source = make_data(job, options.scale, program, folder)
        self.empty = work / "empty"
        self.empty.touch()
        self.notes = []
        self.contenders = []
        for contender in contenders.contenders(job, program):
            why = contender.missing()
            if contender.kind not in (*options.kinds, "thresh"):
                continue
            if why is None:
                self.contenders.append(contender)
            else:
                self.notes.append(f"{contender.name} is left out: {why}")
        self.rows = {mode: {contender.name: Row() for contender in self.contenders} for mode in MODES}
        self.truth = None  # who wrote which digest

    def check(self, contender, output):
        """All must write the same."""
        found = digest(contender, output, ordered=self.job == "terasort")
        if self.truth is None:
            self.truth = (contender.name, found)
        elif found != self.truth[1]:
            common.stop(f"{self.job}: {contender.name} and {self.truth[0]} differ: {found}; {self.truth[1]}")

    def run_one(self, contender, mode, first):
        row = self.rows[mode][contender.name]
        if row.done:
            return
        place = Place(contender, self.work)
        sample, row.done = place.run_warm(self.source, MODES[mode], self.options)
        if sample is None:
            self.notes.append(f"{contender.name} took more than {self.options.limit:g} s {mode}")
            return
        row.samples.append(sample)
        if first:
            self.check(contender, place.output)
        if contender.kind == "thresh":
            row.empty.append(place.run_warm(self.empty, MODES[mode], self.options)[0] or Sample(0, 0, 0))
        place.clear()

    def run(self):
        for i in range(self.options.runs):
            for mode in MODES:
                for contender in self.contenders:
                    print(f"{self.job}, round {i + 1} of {self.options.runs}, {mode}: {contender.name}", flush=True)
                    self.run_one(contender, mode, first=i == 0 and mode == "without fsync")

    def best(self, mode):
        """Seconds of the best handwritten program, or None."""
        walls = [self.rows[mode][c.name].median("wall") for c in self.contenders
                 if c.kind == "handwritten" and self.rows[mode][c.name].samples]
        return min(walls, default=None)

    def print_table(self):
        size = self.source.stat().st_size
        print(f"\n{self.job}: {size / (1 << 30):.2f} GiB; all agree: {self.truth[1] if self.truth else 'none ran'}")
        for mode in MODES:
            best = self.best(mode)
            print(f"  {mode:30}{'wall s':>9}{'x':>7}{'cpu s':>9}{'memory MiB':>12}{'runs':>6}")

            def line(name, row, best=best):
                ratio = f"{row.median('wall') / best:.2f}" if best else "-"
                print(f"    {name:28}{row.median('wall'):9.2f}{ratio:>7}{row.median('cpu'):9.2f}"
                      f"{row.median('memory') / (1 << 20):12.0f}{len(row.samples):6}")

            for contender in self.contenders:
                row = self.rows[mode][contender.name]
                if not row.samples:
                    continue
                line(contender.name, row)
                if row.empty:
                    line("  an empty job", Row(row.empty))
                    line("  net", Row(row.net()))
        for note in self.notes:
            print(f"  {note}")

    def as_json(self):
        modes = {mode: {name: {"samples": [dataclasses.asdict(s) for s in row.samples],
                               "empty": [dataclasses.asdict(s) for s in row.empty]}
                        for name, row in rows.items()} for mode, rows in self.rows.items()}
        return {"job": self.job, "input_bytes": self.source.stat().st_size, "modes": modes, "notes": self.notes}


def run_raw():
    """GB/s by ranks and by name."""
    if not (contenders.BUILD / "exchange").exists():
        print("\nraw is left out: exchange was not built")
        return {}
    found = {}
    for ranks in (2, 3):
        printed = common.output_of(*common.mpirun(ranks), contenders.BUILD / "exchange")
        found[ranks] = dict(line.split("\t") for line in printed.splitlines())
    print(f"\nraw, GB/s of all ranks together{'-np 2':>13}{'-np 3':>9}")
    for name in found[2]:
        print(f"    {name:34}{found[2][name]:>6}{found[3][name]:>9}")
    return {str(ranks): {name: float(value) for name, value in rates.items()} for ranks, rates in found.items()}


def write_json(path, result):
    try:
        path.write_text(json.dumps(result, indent=1) + "\n")
    except OSError as error:
        common.stop(f"{path}: {error.strerror}")


def main(options):
    if options.keep and options.dir is None:
        common.stop("--keep needs --dir")
    program = options.program.resolve() if options.program else common.program()
    contenders.build_yardsticks()
    result = {"scale": options.scale, "jobs": []}
    if options.json:
        write_json(options.json, result)  # if that cannot be done, say so now and not after an hour
    with common.work_dir(options) as work:
        folder = pathlib.Path(options.dir).resolve() / "data" if options.keep else work / "data"
        for job in options.jobs:
            if job == "raw":
                result["raw"] = run_raw()
                continue
            comparison = Comparison(job, options, program, work, folder)
            comparison.run()
            comparison.print_table()
            result["jobs"].append(comparison.as_json())
    if options.json:
        write_json(options.json, result)
