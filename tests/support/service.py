"""What the tests of single services share: a sandbox where the module is installed as on a machine of its users, with
the shipped recipes put where their text says; and programs that ask on a terminal.
"""

import contextlib
import os
import pty
import re
import select
import subprocess
import termios
import time

from conftest import PRIMARY, Mail, Sandbox
from support.run import BIN, ENVIRONMENT, MORTAL, TREE

KNOCK = "for i in {1..200}; do (: </dev/tcp/$1/$2) 2>/dev/null && exit; sleep 0.05; done; exit 1"


def conf(name):
    return TREE / "conf" / name


def wrong(password):
    """The same id with another secret."""
    return password[:-1] + ("y" if password[-1] == "x" else "x")


def open_box(layer, build):
    """A sandbox with a system log, alice and bob, and the module in libpam's own folder: PAM files need no path."""
    box = Sandbox(layer)
    box.run(BIN / "syslogd", "/run/messages").done()
    for user in PRIMARY:
        box.shell('useradd --create-home --home-dir "/run/$1" --shell /bin/bash "$1"; chmod 755 "/run/$1"', user).done()
    box.shell(
        "modules=$(find /usr/lib /lib -name pam_unix.so -print -quit);"
        'install -m 644 "$1/pam_asp/pam_asp.so" "${modules%/*}/";'
        # Tests must not be slow.
        "sed -i 's/pam_unix.so/& nodelay/' /etc/pam.d/common-auth",
        build,
    ).done()
    return box


class Door(Mail):
    """A service in a sandbox of open_box."""

    def __init__(self, box, build):
        super().__init__(box, build, None)

    def reset(self, *configuration):
        """No store, this configuration, the users' own passwords, nothing yet in the log."""
        primaries = "".join(f"{user}:{password}\n" for user, password in PRIMARY.items())
        self.sandbox.shell("rm -rf /var/lib/asp /etc/asp; chpasswd", input=primaries).done()
        if configuration:
            self.sandbox.write("/etc/asp/asp.conf", "\n".join([*configuration, ""]))
        self.heard = len(self._messages())

    def install(self, shipped, path):
        """Puts a shipped file where its text says, as it is."""
        self.sandbox.run("install", "-D", "-m", "644", conf(shipped), path).done()

    def recipe(self, shipped, path, *changes):
        """The same with (pattern, text) changed; each must match."""
        text = conf(shipped).read_text()
        for pattern, by in changes:
            text, count = re.subn(pattern, by, text)
            assert count > 0, (shipped, pattern)
        self.sandbox.write(path, text)

    def knock(self, port, host="127.0.0.1"):
        """Waits until somebody listens."""
        self.sandbox.shell(KNOCK, host, str(port)).done()

    def verdicts(self, count):
        return [line.word("verdict") for line in self.log(count)]


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

    def until(self, pattern, seconds=20):
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

    def answer(self, text):
        os.write(self.master, text.encode() + b"\n")

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
