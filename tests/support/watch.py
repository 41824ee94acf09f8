"""A running asp-admin watch in a sandbox, for the tests that have one."""

import contextlib
import re
import signal
import socket
import subprocess
import time


@contextlib.contextmanager
def running_watch(sandbox, admin, folder):
    """Waits until it is ready. Gives a function that sends it a signal by name, and sees that SIGTERM ends it well."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        path = folder / f"ready{time.monotonic_ns()}"
        manager.bind(str(path))
        manager.settimeout(40)
        words = ["setpriv", "--pdeathsig", "KILL", "env", f"NOTIFY_SOCKET={path}", admin, "watch"]
        process = sandbox.start(*words, stdin=subprocess.DEVNULL)
        assert manager.recv(4096) == b"READY=1"
    pid = sandbox.read("/var/lib/asp/locks/.watch").strip()

    def kill(name):
        sandbox.run("kill", f"-{name}", pid).done()
        if name == "CONT":
            process.send_signal(signal.SIGCONT)  # nsenter stops with what it runs

    try:
        yield kill
    finally:
        kill("TERM")
        assert process.wait(10) == 0


def wait_for(sandbox, pattern, seconds):
    """Waits until the log of the sandbox has it."""
    deadline = time.monotonic() + seconds
    while not re.search(pattern, sandbox.read("/run/messages")):
        assert time.monotonic() < deadline, sandbox.read("/run/messages")
        time.sleep(0.02)
