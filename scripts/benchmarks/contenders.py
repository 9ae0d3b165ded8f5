"""The programs that do the same job, and how each is called."""

import json
import pathlib
import shutil
import subprocess

import common

YARDSTICKS = pathlib.Path(__file__).resolve().parent / "yardsticks"
BUILD = common.ROOT / "build" / "benchmarks"
KINDS = ("handwritten", "mawk", "sort", "mrmpi")
PEER_RANKS = 2  # MR-MPI's ranks all work


def build_yardsticks():
    """Compiles what is not compiled yet."""
    BUILD.mkdir(parents=True, exist_ok=True)
    log = BUILD / "build.log"
    steps = (["cmake", "-S", YARDSTICKS, "-B", BUILD], ["cmake", "--build", BUILD, "--parallel", "2"])
    with log.open("w") as out:
        for step in steps:
            try:
                code = subprocess.run(step, stdout=out, stderr=out, check=False).returncode
            except OSError as error:
                common.stop(f"{step[0]}: {error.strerror}")
            if code != 0:
                common.stop(f"the yardsticks do not compile: see {log}")


class Contender:
    """A program with a name, of one of the KINDS, that turns an input into an output."""

    def __init__(self, name, kind):
        self.name, self.kind = name, kind

    def missing(self):
        """Why it cannot run here, or None."""
        return None

    def command(self, source, output, durable):
        raise NotImplementedError

    def outputs(self, output):
        """The files that it wrote, in order."""
        return [output]

    def memory(self, _output, largest):
        """Bytes of all its processes at their peak; `largest` is the largest of them."""
        return largest


class Handwritten(Contender):
    """One of our own, of two threads."""

    def __init__(self, name):
        super().__init__(name, "handwritten")

    def missing(self):
        return None if (BUILD / self.name).exists() else f"{self.name} was not built"

    def command(self, source, output, durable):
        return [BUILD / self.name, source, output] + ["--fsync"] * durable


class MrMpi(Handwritten):
    """One of our own on top of MR-MPI."""

    def __init__(self, name):
        super().__init__(name)
        self.kind = "mrmpi"

    def missing(self):
        return super().missing() and "libmrmpi-dev is not there"

    def command(self, source, output, durable):
        return common.mpirun(PEER_RANKS) + super().command(source, output, durable)

    def outputs(self, output):
        return [output.with_name(f"{output.name}.{rank}") for rank in range(PEER_RANKS)]

    def memory(self, _output, largest):
        return PEER_RANKS * largest


class Shell(Contender):
    """A line of shell that reads $1 and writes $2."""

    def __init__(self, kind, line):
        super().__init__(kind, kind)
        self.line = line

    def missing(self):
        return None if shutil.which(self.kind) else f"{self.kind} is not there"

    def command(self, source, output, durable):
        return ["sh", "-c", self.line + ' && sync "$2"' * durable, "sh", source, output]


class Thresh(Contender):
    """Thresh itself, on one rank more than there are cores for, as its manual says."""

    RANKS = 3

    def __init__(self, program, job):
        super().__init__(f"thresh -np {self.RANKS}", "thresh")
        self.program, self.job = program, job

    def missing(self):
        listed = common.output_of(self.program, "list")
        jobs = [line.split()[0] for line in listed.splitlines() if line]
        return None if self.job in jobs else f"this Thresh has no job {self.job}"

    def command(self, source, output, durable):
        words = [self.program, self.job, source, "-o", output, "--quiet"]
        return common.mpirun(self.RANKS) + words + ["--no-fsync"] * (not durable)

    def outputs(self, output):
        return sorted(output.glob("part-*"))

    def memory(self, output, _largest):
        metrics = json.loads((output / "metrics.json").read_text())
        ranks = [metrics["coordinator"], *metrics["workers"]]
        return sum({rank["pid"]: rank["peak_memory_bytes"] for rank in ranks}.values())


COUNT = """mawk '{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (w in n) print w "\\t" n[w] }' "$1" > "$2" """
SUM = r"""mawk -F '\t' '{ s[$1] += $2; n[$1]++ } END { for (c in s) printf "%s\t%.2f\t%d\n", c, s[c], n[c] }' """ \
      """"$1" > "$2" """
SORT = """LC_ALL=C sort --parallel=2 -S 50% -T "${2%/*}" -o "$2" "$1" """


def contenders(job, program):
    """All that can do a job of the benchmark, Thresh last."""
    counters = [Shell("mawk", COUNT), MrMpi("mrmpi_count"), Thresh(program, "wordcount")]
    return {
        "wordcount": [Handwritten("count_few"), *counters],
        "words": [Handwritten("count_many"), *counters],
        "terasort": [Handwritten("record_sort"), Shell("sort", SORT), Thresh(program, "terasort")],
        "sum": [Handwritten("sum_table"), Shell("mawk", SUM), MrMpi("mrmpi_sum"), Thresh(program, "sum")],
    }[job]
