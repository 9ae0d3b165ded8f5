"""What the benchmarks have in common: the program, mpirun, a place to work in."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def stop(text):
    """Ends the benchmark with one line."""
    sys.exit(f"bench: {text}")


def program():
    """The newest kind of build that is there."""
    for build in ("release", "dev"):
        path = ROOT / "build" / build / "thresh"
        if path.exists():
            return path
    return stop("build it first: cmake --preset release && cmake --build --preset release")


def output_of(*words):
    """What a command prints; ends the benchmark if it fails."""
    try:
        done = subprocess.run([str(word) for word in words], env=environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
    except OSError as error:
        stop(f"{words[0]}: {error.strerror}")
    if done.returncode != 0:
        stop(f"exit code {done.returncode}: {' '.join(map(str, words))}\n{done.stderr}".rstrip())
    return done.stdout


def mpirun(ranks):
    """The words before a program that is to run on so many ranks, more than there are cores or not."""
    return ["mpirun", "--oversubscribe", "-np", str(ranks)]


def environment():
    """Ours, and what Open MPI wants to see before it runs as root."""
    env = dict(os.environ)
    if os.getuid() == 0:
        env.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return env


def run(ranks, *words):
    """Runs a program on ranks: seconds and exit code. A rank that was killed (137) may be meant; all else is not."""
    begin = time.monotonic()
    done = subprocess.run([*mpirun(ranks), *map(str, words)], env=environment(),
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode not in (0, 137):
        stop(f"exit code {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return time.monotonic() - begin, done.returncode


def add_dir(parser):
    """The option that work_dir() looks at."""
    parser.add_argument("--dir", default=None, help="where to work; needs room for the input and more")


@contextlib.contextmanager
def work_dir(options):
    """A new directory below --dir, which is gone afterwards."""
    if options.dir is not None and not os.path.isdir(options.dir):
        stop(f"{options.dir} is no directory")
    with tempfile.TemporaryDirectory(prefix="thresh-bench.", dir=options.dir) as work:
        yield pathlib.Path(work)
