"""Hosts of our own on this machine: namespaces with a network, a name, processes, a /tmp and a /dev/shm each, and a
switch between them. To lose a host is to end one process, to cut a link is to set it down. Takes root."""

import os
import pathlib
import signal
import subprocess

# The first process of a host: it waits for orphans, as init does.
FIRST = """\
set -e
hostname "$1"
ip link set lo up
mount -t tmpfs -o mode=1777 none /tmp
mount -t tmpfs -o mode=1777 none /dev/shm
mount --bind "$2/hosts" /etc/hosts
echo up
exec >/dev/null 2>&1
while :; do sleep 1000 & wait; done
"""

# What mpirun runs instead of ssh: the host's name and a command for its shell, in a session of its own as ssh's.
AGENT = """\
#!/bin/sh
dir=$(dirname "$0")
host=$1
shift
pid=$(cat "$dir/$host.pid") || exit 255
exec nsenter --target "$pid" --net --uts --mount --pid --root --wd -- setsid sh -c "$*"
"""


def allowed():
    """Whether this machine lets us make hosts."""
    try:
        probe = ["unshare", "--net", "--uts", "--mount", "--pid", "--fork", "--mount-proc", "ip", "link", "set", "lo", "up"]
        return os.getuid() == 0 and subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


class Hosts:
    """`switch` is the host with the switch; whoever is on it sees the processes of all."""

    def __init__(self, directory, names):
        """directory: seen by all hosts, so not below /tmp."""
        self.dir = pathlib.Path(directory)
        self.holders = {}
        self.inside = {}
        every = ["switch", *names]
        lines = [f"10.78.0.{at + 1} {name}\n" for at, name in enumerate(every)]
        (self.dir / "hosts").write_text("127.0.0.1 localhost\n" + "".join(lines))
        self.agent = self.dir / "agent"
        self.agent.write_text(AGENT)
        self.agent.chmod(0o755)
        try:
            for at, name in enumerate(every):
                self._add(name, f"10.78.0.{at + 1}/24")
        except BaseException:
            self.close()
            raise

    def _add(self, name, address):
        own = [] if name == "switch" else ["--pid", "--fork", "--kill-child", "--mount-proc"]
        # With the test they end as well, whatever ends that.
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--uts", "--mount", *own]
        holder = subprocess.Popen([*command, "bash", "-c", FIRST, "host", name, self.dir],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
        self.holders[name] = holder
        self.inside[name] = holder.pid
        if holder.stdout.readline() != b"up\n":
            raise AssertionError(f"host {name} does not come up")
        if own:
            self.inside[name] = int(pathlib.Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text())
        pid = self.inside[name]
        (self.dir / f"{name}.pid").write_text(f"{pid}\n")
        if name == "switch":
            self._do("switch", "ip", "link", "add", "br0", "type", "bridge")
            self._do("switch", "ip", "address", "add", address, "dev", "br0")
            self._do("switch", "ip", "link", "set", "br0", "up")
            return
        self._do("switch", "ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", str(pid))
        self._do("switch", "ip", "link", "set", f"to-{name}", "master", "br0", "up")
        self._do(name, "ip", "address", "add", address, "dev", "eth0")
        self._do(name, "ip", "link", "set", "eth0", "up")

    def command(self, name, *words):
        """The words as a command on this host."""
        own = [] if name == "switch" else ["--pid"]
        return ["nsenter", "--target", str(self.inside[name]), "--net", "--uts", "--mount", *own, "--root", "--wd", "--",
                *map(str, words)]

    def _do(self, name, *words):
        # The processes of switch are those of this test, so that ids mean the same.
        subprocess.run(self.command(name, *words), check=True)

    def settings(self):
        """What mpirun reads from the environment to reach these hosts: Open MPI 4 and 5."""
        return {"OMPI_MCA_plm_rsh_agent": str(self.agent), "PRTE_MCA_plm_ssh_agent": str(self.agent)}

    def cut(self, name):
        self._do("switch", "ip", "link", "set", f"to-{name}", "down")

    def mend(self, name):
        self._do("switch", "ip", "link", "set", f"to-{name}", "up")

    def lose(self, name):
        """As by a power cut: nobody on it says goodbye."""
        self.cut(name)
        (self.dir / f"{name}.pid").unlink()
        self._end(name)

    def freeze(self, name):
        """As a virtual machine that is paused: nobody on it does anything, or is heard, until thaw()."""
        self.cut(name)
        for pid in self._processes(name):
            os.kill(pid, signal.SIGSTOP)

    def thaw(self, name):
        self.mend(name)
        for pid in self._processes(name):
            os.kill(pid, signal.SIGCONT)

    def at_work(self, name, word):
        """How many processes of this host have the word in their command lines."""
        count = 0
        for pid in self._processes(name):
            try:
                count += os.fsencode(word) in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue  # it has ended
        return count

    def _processes(self, name):
        namespace = os.readlink(f"/proc/{self.inside[name]}/ns/net")
        own = (self.inside[name], self.holders[name].pid)
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/ns/net") == namespace and int(pid) not in own:
                    found.append(int(pid))
            except OSError:
                continue  # it has ended
        return found

    def _end(self, name):
        holder = self.holders.pop(name)
        if self.inside[name] == holder.pid:
            os.killpg(holder.pid, signal.SIGKILL)
        else:  # with the first process all of the host end, and the holder waits for that
            os.kill(self.inside[name], signal.SIGKILL)
        holder.wait(10)
        holder.stdout.close()

    def close(self):
        for name in list(self.holders):
            self._end(name)
