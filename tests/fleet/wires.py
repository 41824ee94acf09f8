"""Machines and servers, each in a network namespace of its own, at two switches with a cable between them: real networks
that are cut. What is taken off its switch gets no answer and no error, as with a partition; its link stays up."""

import contextlib
import subprocess

import pytest
from support.run import ENVIRONMENT, MORTAL, execute

LEFT, RIGHT = "left", "right"
TRUNK = "trunk"  # the end of the cable at the left
WIDTH = 24


class Namespace:
    """A network without anybody in it, until it is closed. `first` is a process that is there."""

    def __init__(self):
        self.process = subprocess.Popen(
            [*MORTAL, "unshare", "--net", "--", "sh", "-c", "ip link set lo up; echo; exec sleep infinity"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        assert self.process.stdout.readline() == b"\n"
        self.first = self.process.pid

    def close(self):
        self.process.kill()
        self.process.communicate()


def ip(pid, *words):
    return execute("nsenter", f"--target={pid}", "--net", "--", "ip", *words)


class Wires:
    def __init__(self):
        self.room = Namespace()
        self.places = []
        self.switch_of = {TRUNK: LEFT}
        try:
            for switch in (LEFT, RIGHT):
                self._link("add", switch, "type", "bridge")
                self._link("set", switch, "up")
            self._link("add", TRUNK, "type", "veth", "peer", "name", "other-end")
            self._link("set", "other-end", "master", RIGHT, "up")
            self.heal(TRUNK)
        except AssertionError as failed:
            self.close()
            pytest.skip(f"this machine has no bridge or no veth: {failed}")

    def _link(self, *words):
        return ip(self.room.first, "link", *words).done()

    def place(self):
        """A further namespace, for a server."""
        self.places.append(Namespace())
        return self.places[-1]

    def plug(self, pid, switch, port, address):
        """Gives the namespace of a process this address, by a cable to this port of that switch."""
        self._link("add", port, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
        ip(pid, "address", "add", f"{address}/{WIDTH}", "dev", "eth0").done()
        ip(pid, "link", "set", "eth0", "up").done()
        self.switch_of[port] = switch
        self.heal(port)

    def cut(self, port):
        self._link("set", port, "nomaster")

    def heal(self, port):
        self._link("set", port, "master", self.switch_of[port], "up")

    def close(self):
        for one in (*self.places, self.room):
            one.close()


@contextlib.contextmanager
def wired():
    with contextlib.closing(Wires()) as wires:
        yield wires
