"""What every Python suite shares: where the build lies, a private store and configuration in a temporary folder, and
asp-admin run against them, plainly or on a terminal.

The build folder is the environment variable ASP_BUILD, else `build` at the top of the tree.
"""

import dataclasses
import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import termios
import threading

import pytest

TREE = pathlib.Path(__file__).resolve().parent.parent

# Nothing of the caller's environment changes what a test sees, but the settings of a sanitizer are the caller's.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "TERM": "xterm-256color",
    "TZ": "UTC",
    **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")},
}


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes long; tests/run leaves it out without --all")


@dataclasses.dataclass(frozen=True)
class Result:
    """How a run ended; bytes that are no UTF-8 are kept as surrogates."""

    code: int
    out: str
    err: str

    def refused(self, code):
        """Asserts an error: the code, and one printable line on standard error alone."""
        assert (self.code, self.out) == (code, ""), self
        assert re.fullmatch(r"[^\n]+\n", self.err), self
        assert self.err[:-1].isprintable(), self
        return self

    def done(self):
        assert self.code == 0, self
        return self

    def document(self, code=0):
        """The one JSON document on standard output."""
        assert self.code == code, self
        assert self.err == "", self
        return json.loads(self.out)


def text(data):
    return data.decode("utf-8", "surrogateescape")


def execute(argv, input="", env=None, timeout=30, **options):
    """Runs argv to its end in the clean environment (env adds to it)."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    run = subprocess.run(
        [os.fspath(word) for word in argv],
        input=None if input is None else input.encode("utf-8", "surrogateescape"),
        env={**ENVIRONMENT, **(env or {})},
        timeout=timeout,
        check=False,
        **options,
    )
    return Result(run.returncode, text(run.stdout or b""), text(run.stderr or b""))


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

    execute = staticmethod(execute)

    def argv(self, *words):
        return [self.admin, "--config", self.conf, *words]

    def run(self, *words, prefix=(), **options):
        """Runs asp-admin with this configuration; prefix is the command that starts it, if any."""
        return execute([*prefix, *self.argv(*words)], **options)

    def start(self, *words, prefix=()):
        """Starts asp-admin and does not wait."""
        return subprocess.Popen(
            [os.fspath(word) for word in [*prefix, *self.argv(*words)]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
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

    def terminal(self, *words, columns=100, env=None):
        """Runs asp-admin with a pseudo-terminal for standard input and output; its lines end in \\n here."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        try:
            child = subprocess.Popen(
                [os.fspath(word) for word in self.argv(*words)],
                stdin=slave,
                stdout=slave,
                stderr=subprocess.PIPE,
                env={**ENVIRONMENT, **(env or {})},
                start_new_session=True,
            )
        finally:
            os.close(slave)
        watchdog = threading.Timer(30, child.kill)
        watchdog.start()
        with child, open(master, "rb", buffering=0) as screen:
            seen = b"".join(iter(lambda: _read_screen(screen), b""))
            errors = child.stderr.read()
        watchdog.cancel()
        return Result(child.returncode, text(seen).replace("\r\n", "\n"), text(errors))


def _read_screen(screen):
    try:
        return screen.read(4096)
    except OSError:  # EIO: the last one who had the terminal open is gone
        return b""


@pytest.fixture(scope="session")
def build():
    """The build folder, with the tool and the module in it."""
    folder = pathlib.Path(os.environ.get("ASP_BUILD", TREE / "build")).resolve()
    for product in ("asp-admin/asp-admin", "pam_asp/pam_asp.so"):
        assert (folder / product).is_file(), f"{folder / product} is not built; set ASP_BUILD to the build folder"
    return folder


@pytest.fixture
def site(tmp_path, build):
    return Site(tmp_path, build)


@pytest.fixture
def make_site(build):
    """Makes further sites, each in a folder that is there."""
    return lambda folder: Site(folder, build)
