"""Runs a command and says what it took."""

import dataclasses
import os
import signal
import subprocess
import tempfile
import threading
import time

import common


@dataclasses.dataclass
class Sample:
    """What one run took."""
    wall: float         # seconds
    cpu: float          # seconds, user and system, of the process and all descendants that were waited for
    memory: int         # bytes: the largest of these processes, unless a contender knows better


def kill_group(process):
    """The process has a session of its own, so what it started goes with it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def measure(words, limit_seconds):
    """A Sample of one run of a command, or None if it took longer than the limit. Ends the benchmark if it fails."""
    with tempfile.TemporaryFile() as errors:
        begin = time.monotonic()
        try:
            process = subprocess.Popen([str(word) for word in words], env=common.environment(),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                                       start_new_session=True)
        except OSError as error:
            common.stop(f"{words[0]}: {error.strerror}")
        late = threading.Event()
        timer = threading.Timer(limit_seconds, lambda: (late.set(), kill_group(process)))
        timer.daemon = True
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:
            kill_group(process)
            raise
        finally:
            timer.cancel()
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if late.is_set():
            return None
        if process.returncode != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            common.stop(f"exit code {process.returncode}: {' '.join(map(str, words))}\n{said}")
        return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
