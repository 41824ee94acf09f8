"""asp-admin with a store and a configuration of its own, run plainly or on a terminal."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import threading

from support.run import ENVIRONMENT, Result, execute, text

# What a person's shell has besides.
PERSON = {"TERM": "xterm-256color", "TZ": "UTC"}


class Site:
    """A store and a configuration of its own. No test sees another's."""

    def __init__(self, folder, build):
        self.folder = folder
        self.build = build
        self.admin = build / "asp-admin" / "asp-admin"
        self.conf = folder / "asp.conf"
        self.store = folder / "store"
        self.configure("virtual_users = true;")

    def configure(self, *lines):
        """Writes the configuration: the store of this site on line 1, then the lines given."""
        self.conf.write_text("\n".join([f'store = "{self.store}";', *lines, ""]))
        self.conf.chmod(0o644)

    def account(self, user):
        """The file of a user whose name stands for itself."""
        return self.store / "users" / user

    def execute(self, *words, env=None, **options):
        return execute(*words, env={**PERSON, **(env or {})}, **options)

    def argv(self, *words):
        return [self.admin, "--config", self.conf, *words]

    def run(self, *words, prefix=(), **options):
        """Runs asp-admin with this configuration; prefix is the command that starts it, if any."""
        return self.execute(*prefix, *self.argv(*words), **options)

    def start(self, *words, prefix=()):
        """Starts asp-admin and does not wait."""
        return subprocess.Popen(
            [os.fspath(word) for word in [*prefix, *self.argv(*words)]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**ENVIRONMENT, **PERSON},
        )

    def json(self, *words, **options):
        return self.run("--json", *words, **options).document()

    def create(self, user="alice", label="Phone", *more, **options):
        return self.json("create", user, "--label", label, *more, **options)

    def entries(self, user="alice", *more, **options):
        return self.json("list", user, *more, **options)

    def entry(self, id, user="alice", **options):
        """One entry as list shows it, revoked or not."""
        (found,) = [entry for entry in self.entries(user, "--all", **options) if entry["id"] == id]
        return found

    def states(self, user="alice", **options):
        """Each entry of a user by label and state."""
        return sorted((e["label"], e["state"]) for e in self.entries(user, "--all", **options))

    def check(self, password, user="alice", service="imap", *more, **options):
        """The verdict; that the exit code agrees with it is asserted here, once for all."""
        run = self.run("--json", "check", user, "--service", service, *more, input=password, **options)
        verdict = json.loads(run.out)["verdict"]
        assert run.code in {"accepted": [0], "unavailable": [1, 5]}.get(verdict, [1]), run
        return verdict

    def terminal(self, *words, columns=100, env=None, input=None, errors=False, prefix=()):
        """Runs asp-admin with a pseudo-terminal for standard input and output; its lines end in \\n here. `input` is a
        short text for a standard input that is a pipe; with `errors` standard error is the terminal too."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        try:
            child = subprocess.Popen(
                [os.fspath(word) for word in [*prefix, *self.argv(*words)]],
                stdin=slave if input is None else subprocess.PIPE,
                stdout=slave,
                stderr=slave if errors else subprocess.PIPE,
                env={**ENVIRONMENT, **PERSON, **(env or {})},
                start_new_session=True,
            )
        finally:
            os.close(slave)
        watchdog = threading.Timer(30, child.kill)
        watchdog.start()
        if input is not None:
            child.stdin.write(input.encode())
            child.stdin.close()
        with child, open(master, "rb", buffering=0) as screen:
            seen = b"".join(iter(lambda: _read_screen(screen), b""))
            said = b"" if errors else child.stderr.read()
        watchdog.cancel()
        return Result(child.returncode, text(seen).replace("\r\n", "\n"), text(said))


def _read_screen(screen):
    try:
        return screen.read(4096)
    except OSError:  # EIO: the last one who had the terminal open is gone
        return b""
