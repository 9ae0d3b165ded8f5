"""Starting Thresh on ranks, and looking at what came out. Shared by the tests under tests/mpi and tests/faults."""

import atexit
import ctypes
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

WORDS = ("the of and to a in that it is was he for on are with as his they be at one have this from or had by hot but "
         "some what there we can out other were all your when up use word how said an each she").split()

# Where mpirun keeps its session: one that is killed leaves it behind, and here it goes with the test. Of two mpiruns of
# Open MPI 5 that make the directory of this user at the same time one may fail.
SESSIONS = tempfile.mkdtemp(prefix="thresh-mpi.")
atexit.register(shutil.rmtree, SESSIONS, ignore_errors=True)


class Piece(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def memory_can_be_read():
    """Whether the system lets a process read the memory of another one."""
    with subprocess.Popen(["sleep", "60"]) as other:
        with open(f"/proc/{other.pid}/maps", encoding="ascii") as maps:
            there = int(maps.readline().split("-")[0], 16)
        here = ctypes.create_string_buffer(16)
        to, of = Piece(ctypes.addressof(here), 16), Piece(there, 16)
        read = ctypes.CDLL(None).process_vm_readv(other.pid, ctypes.byref(to), 1, ctypes.byref(of), 1, 0)
        other.kill()
    return read == 16


def environment():
    env = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_", "PMIX_", "SLURM_"))}
    env["OMPI_MCA_orte_tmpdir_base"] = env["PRTE_MCA_prte_tmpdir_base"] = SESSIONS
    # Where there is no other network Open MPI 5 complains.
    env["OMPI_MCA_btl_tcp_if_include"] = "lo"
    if os.getuid() == 0:
        env.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", PRTE_ALLOW_RUN_AS_ROOT="1",
                   PRTE_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    if "LSAN_OPTIONS" in env:
        # Open MPI leaks, and telling its leaks from ours takes seconds a rank: leaks are the unit tests' business.
        env["ASAN_OPTIONS"] = ":".join(filter(None, [env.get("ASAN_OPTIONS"), "detect_leaks=0"]))
    return env


def start(ranks, *command, all_work=True, **more):
    """Starts `command` on `ranks` ranks; its output is kept in pipes unless `more` says otherwise. `all_work`: also where
    there are fewer CPUs, so that a test is the same on any machine."""
    launcher = [*more.pop("launcher", ["mpirun", "--oversubscribe"]), "-np", str(ranks)] if ranks else []
    words = [str(word) for word in command]
    if ranks and all_work and words[0] in (Case.thresh, Case.poison):
        words.insert(2, "--oversubscribe")
    return subprocess.Popen([*launcher, *words], env=environment(), stdin=subprocess.DEVNULL,
                            stdout=more.pop("stdout", subprocess.PIPE), stderr=more.pop("stderr", subprocess.PIPE),
                            bufsize=0, start_new_session=True, **more)  # wait_for_line leaves the rest to finish


def session(leader):
    """What the processes of this session do, thread by thread: for a run that does not end."""
    lines = []
    for stat in sorted(pathlib.Path("/proc").glob("[0-9]*/task/*/stat")):
        try:
            name, rest = stat.read_text().split("(", 1)[1].rsplit(")", 1)
            state, parent, _, of = rest.split()[:4]
            if int(of) != leader:
                continue
            waits = stat.with_name("wchan").read_text()
            command = (stat.parents[2] / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            lines.append(f"{stat.parts[2]}/{stat.parts[4]} of {parent}: {name} {state} in {waits}: {command[:80]}")
        except OSError:
            continue  # it has ended
    return "\n".join(lines)


def finish(process, timeout=120):
    """Waits; a run that takes longer is killed with all its ranks and is an error."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        doing = session(process.pid)
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"still running after {timeout} s:\n{doing}\nstderr so far:\n"
                             f"{err.decode(errors='replace')}") from None
    # The mpirun of Open MPI 5 ends what it says with NUL.
    return subprocess.CompletedProcess(process.args, process.returncode, out, err and err.replace(b"\0", b""))


def run(ranks, *command, timeout=120, **more):
    """ranks=0: without mpirun."""
    return finish(start(ranks, *command, **more), timeout)


def at_work(output):
    """Process ids of the ranks that write to this directory, by rank."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            environ = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            rank = [int(v.split(b"=")[1]) for v in environ if v.startswith(b"OMPI_COMM_WORLD_RANK=")]
            if rank and os.fsencode(output) in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                found[rank[0]] = int(pid)
        except OSError:
            continue  # it has ended
    return found


def children(launcher):
    """Ids of the ranks that this mpirun started on this host."""
    listed = pathlib.Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children")
    return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []


def stopped(word):
    """Ids of the stopped (SIGSTOP) processes with this word in their command lines."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)[1].split()[0]
            if state == b"T" and os.fsencode(word) in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(int(pid))
        except OSError:
            continue  # it has ended
    return found


def wait_for_line(process, phrase, timeout=60):
    """Reads stderr up to the line with this phrase, which must come in time; returns what it read."""
    end = time.monotonic() + timeout
    said = b""
    while not (said.endswith(b"\n") and phrase in said):
        if not select.select([process.stderr], [], [], max(0, end - time.monotonic()))[0]:
            doing = session(process.pid)
            os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError(f"did not say {phrase} in {timeout} s:\n{doing}\nstderr so far:\n"
                                 f"{said.decode(errors='replace')}")
        byte = process.stderr.read(1)
        if not byte:
            raise AssertionError(f"the run ended and did not say {phrase}:\n{said.decode(errors='replace')}")
        said += byte
    return said


def wait_for_file(path):
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"{path} does not appear"
        time.sleep(0.01)


def pauses(step, visits, *workers):
    """Half a second at each of these visits of a step, for --fault."""
    return ";".join(f"pause:worker={worker},at={step}:{visit}" for worker in workers for visit in visits)


def parts(output):
    """The published parts by name."""
    return {path.name: path.read_bytes() for path in sorted(pathlib.Path(output).glob("part-*"))}


def quick_directory():
    """Where no fsync waits for a disk, if there is room."""
    place = "/dev/shm"
    return place if os.access(place, os.W_OK) and shutil.disk_usage(place).free > 1 << 30 else None


class Case(unittest.TestCase):
    """A test with a directory of its own, which is gone afterwards."""

    # Whether it sets time limits of few seconds: an fsync beside a test that writes gigabytes may take longer.
    time_is_short = False

    thresh = None
    oracle = None
    poison = None  # thresh with a job that dies of some records

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="thresh-test.", dir=quick_directory() if self.time_is_short else None))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def write(self, name, content):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def job(self, ranks, *arguments, out="out", **more):
        """Runs a job; returns (result, output directory)."""
        output = self.dir / out
        return run(ranks, self.thresh, *arguments, "-o", output, **more), output

    def assert_done(self, result, output):
        self.assertEqual(result.returncode, 0, result.stderr.decode(errors="replace"))
        self.assertTrue((output / "_SUCCESS").is_file())

    def assert_nothing_published(self, output):
        self.assertFalse((output / "_SUCCESS").exists())
        self.assertEqual(parts(output), {})

    def expected(self, job, partitions, files, *flags):
        """What the sequential oracle makes of the files."""
        where = self.dir / "oracle"
        shutil.rmtree(where, ignore_errors=True)
        subprocess.run([self.oracle, job, "-p", str(partitions), "-o", where, *flags, *files], check=True, timeout=120)
        return parts(where)


def text(rng, lines, words=WORDS, longest=12):
    """Random lines of words."""
    return "".join(" ".join(rng.choices(words, k=rng.randrange(longest))) + "\n" for _ in range(lines)).encode()


def main(arguments):
    """arguments: sys.argv, with the paths of thresh and the oracle in front of unittest's own."""
    Case.thresh = arguments.pop(1)
    Case.oracle = arguments.pop(1)
    if len(arguments) > 1 and not arguments[1].startswith("-") and os.path.isfile(arguments[1]):
        Case.poison = arguments.pop(1)
    unittest.main(argv=arguments, verbosity=2)
