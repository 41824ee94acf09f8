"""Programs that ask on a terminal."""

import contextlib
import os
import pty
import re
import select
import subprocess
import termios
import time

from support.run import ENVIRONMENT, MORTAL
from support.wait import LONG


class Terminal:
    """A program of the sandbox on a terminal of its own."""

    def __init__(self, box, *words, prefix=()):
        self.master, self.slave = pty.openpty()
        settings = termios.tcgetattr(self.slave)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(self.slave, termios.TCSANOW, settings)
        self.seen = ""
        self.process = subprocess.Popen(
            [os.fspath(word) for word in [*box.prefix, "setsid", "--ctty", "--wait", *MORTAL, *prefix, *words]],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env={**ENVIRONMENT, "TERM": "dumb"},
            cwd="/",
        )

    def until(self, pattern, seconds=LONG):
        """Waits for the pattern in what is shown from now on; None when the program ended or was silent."""
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end() :]
                return found
            over = self.process.poll() is not None
            ready, _, _ = select.select([self.master], [], [], 0 if over else 0.05)
            if ready:
                with contextlib.suppress(OSError):
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
            elif over or time.monotonic() > deadline:
                return None

    def press(self, text):
        os.write(self.master, text.encode())

    def answer(self, text):
        self.press(text + "\n")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@contextlib.contextmanager
def terminal(box, *words, prefix=()):
    screen = Terminal(box, *words, prefix=prefix)
    try:
        yield screen
    finally:
        screen.close()
