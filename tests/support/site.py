"""asp-admin with a store and a configuration of its own, run plainly or on a terminal."""

import contextlib
import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import termios
import threading

from support.folders import restore, snapshot
from support.run import ENVIRONMENT, Result, execute, text

# What a person's shell has besides.
PERSON = {"TERM": "xterm-256color", "TZ": "UTC"}


class Site:
    """A store and a configuration of its own. No test sees another's."""

    prefix = ()  # the words before each command, if any

    def __init__(self, folder, build):
        self.folder = folder
        self.build = build
        self.admin = build / "asp-admin" / "asp-admin"
        self.conf = folder / "asp.conf"
        self.place = folder / "store"
        self.configure("virtual_users = true;")

    @property
    def store(self):
        """The folder with its files."""
        return self.place

    @store.setter
    def store(self, place):
        self.place = place

    def first_line(self):
        return f'store = "{self.place}";'

    def configure(self, *lines):
        """Writes the configuration: the store of this site on line 1, then the lines given."""
        self.conf.write_text("\n".join([self.first_line(), *lines, ""]))
        self.conf.chmod(0o644)

    @contextlib.contextmanager
    def logins(self, prefix=(), env=None):
        """Gives the configuration for the module, which is answered for as long. Where that takes another program it is
        started behind a prefix, in this environment."""
        yield self.conf

    # What is kept

    def texts(self):
        """The bytes of each account, by the name that it is kept under."""
        found = {}
        for path in (self.place / "users").glob("*"):
            # One that is being written may have taken its place meanwhile.
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    found[path.name] = path.read_bytes()
        return found

    def text(self, user):
        """Of an account that is kept under the user's name."""
        return text(self.texts()[user])

    def put(self, name, data):
        """These bytes are the account that is kept under that name; None: there is none."""
        if data is None:
            self.account(name).unlink()
            return
        self.account(name).write_bytes(data)
        self.account(name).chmod(0o600)

    def put_all(self, texts):
        """The same of many, by name."""
        for name, data in texts.items():
            self.put(name, data)

    def used(self):
        """What is kept of last uses, by the same names."""
        return {path.name: path.read_bytes() for path in (self.place / "used").glob("*")}

    def hear(self, prefix=()):
        """Hooks of what a command has revoked were run."""

    def hooks_due(self, user):
        """How many of her app passwords have a mark that their hook is still to run."""
        return self.text(user).count(" hook=due ")

    def expired_until(self):
        """Up to when a watch has looked for what has expired, and has run the hooks for it."""
        return (self.place / "locks" / ".watch").stat().st_mtime

    def everything(self):
        """Whatever a write would change; {} where there is no store."""
        return snapshot(self.place) if self.place.exists() else {}

    def kept(self):
        """The same of all that is kept of users: a refused update may have taken a lock."""
        locks = str(self.place / "locks")
        return {path: seen for path, seen in self.everything().items() if not path.startswith(locks)}

    def clear(self):
        """There is no store."""
        shutil.rmtree(self.place)

    def saved(self):
        """Gives what puts back all that is kept now, and nothing else."""
        copy = self.folder / "saved"
        shutil.copytree(self.place, copy)
        return lambda: restore(copy, self.place)

    def folders(self):
        """Those of the store that are not in the site's own."""
        return ()

    def strays(self):
        """What is kept and belongs to no account."""
        users = set(self.texts())
        kept = [path for name in ("users", "used", "due") for path in (self.place / name).glob("*")]
        return [path for path in kept if path.name not in users]

    def account(self, user):
        """The file of a user whose name stands for itself."""
        return self.store / "users" / user

    def execute(self, *words, env=None, **options):
        return execute(*words, env={**PERSON, **(env or {})}, **options)

    def argv(self, *words):
        return [self.admin, "--config", self.conf, *words]

    def run(self, *words, prefix=(), **options):
        """Runs asp-admin with this configuration; prefix is the command that starts it, if any."""
        return self.execute(*self.prefix, *prefix, *self.argv(*words), **options)

    def wait_for_asked(self):
        """What a command has asked others for is done, or is not."""

    def start(self, *words, prefix=()):
        """Starts asp-admin and does not wait."""
        return subprocess.Popen(
            [os.fspath(word) for word in [*self.prefix, *prefix, *self.argv(*words)]],
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
                [os.fspath(word) for word in [*self.prefix, *prefix, *self.argv(*words)]],
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
