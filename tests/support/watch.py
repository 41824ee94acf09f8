"""A running asp-admin watch, and what it counts."""

import contextlib
import signal
import socket
import subprocess
import time

from support.run import MORTAL
from support.wait import LONG

COUNTS = ["accounts", "changed", "revoked", "unknown", "held"]


def counts(**given):
    """The document of a pass: what is not given is 0."""
    return {**dict.fromkeys(COUNTS, 0), **given}


def once(site, *more, **options):
    """The document of a pass."""
    document = site.json("watch", "--once", *more, **options)
    assert list(document) == COUNTS
    return document


class Manager:
    """Receives what a service manager is told. The folder must be a short name."""

    def __init__(self, folder):
        path = folder / f"notify{time.monotonic_ns()}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(2 * LONG)
        self.prefix = ("env", f"NOTIFY_SOCKET={path}")  # of the command of a service

    def receive(self):
        return self.socket.recv(4096)

    def wait_ready(self):
        assert self.receive() == b"READY=1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@contextlib.contextmanager
def running_watch(sandbox, admin, folder, prefix=()):
    """`prefix` are words before the command. Waits until it is ready. Gives a function that sends it a signal by name, and sees that SIGTERM ends it well."""
    with Manager(folder) as manager:
        process = sandbox.start(*MORTAL, *manager.prefix, *prefix, admin, "watch", stdin=subprocess.DEVNULL)
        manager.wait_ready()
    pid = sandbox.read("/var/lib/asp/locks/.watch").strip()

    def kill(name):
        sandbox.run("kill", f"-{name}", pid).done()
        if name == "CONT":
            process.send_signal(signal.SIGCONT)  # nsenter stops with what it runs

    try:
        yield kill
    finally:
        kill("TERM")
        assert process.wait(LONG) == 0


def stop(process):
    process.terminate()
    assert process.wait(LONG) == 0
