"""What all processes of a sandbox are started with: the bytes of arguments and environments."""

import contextlib
import os
import pathlib
import stat
import threading


PAUSE = 0.003  # seconds, in which others get on; no program is over as soon


class Looker(threading.Thread):
    """Reads arguments and environment of all processes in the network of a sandbox, again and again, until it is closed."""

    def __init__(self, box):
        super().__init__(daemon=True)
        self.network = os.readlink(f"/proc/{box.first}/ns/net")
        self.over = threading.Event()
        self.seen = {}  # the bytes, by what they are and of whom

    def processes(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/ns/net") == self.network:
                    yield pid

    def look(self):
        for pid in self.processes():
            for what in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    data = pathlib.Path(f"/proc/{pid}/{what}").read_bytes()
                    self.seen[what, pid, data] = data

    def run(self):
        while not self.over.wait(PAUSE):
            self.look()

    def close(self):
        self.over.set()
        self.join()

    def commands(self):
        seen = dict(self.seen)  # more may come meanwhile
        return {data.replace(b"\0", b" ").decode("utf-8", "replace") for (what, *_), data in seen.items() if what == "cmdline"}

    def open_files(self):
        """The bytes of every plain file that one of them has open, by the name that it has there."""
        found = {}
        for pid in self.processes():
            for path in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
                with contextlib.suppress(OSError):
                    if stat.S_ISREG(path.stat().st_mode):
                        found[pid, os.readlink(path)] = path.read_bytes()
        return found
