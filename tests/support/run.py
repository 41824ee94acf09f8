"""Runs commands, and says how they ended."""

import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import re
import subprocess

from support import sanitizers

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
# Programs of the tests' own, for sandboxes mostly.
BIN = TREE / "tests" / "support" / "bin"

# Nothing of the caller's environment changes what a test sees, but the settings of a sanitizer are the caller's.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")},
    **sanitizers.environment(),
}

# What is started with these words ends with the test: to kill the program that entered a sandbox is not enough.
MORTAL = ("setpriv", "--pdeathsig", "KILL")


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


def execute(*words, input="", timeout=60, env=None, **options):
    """Runs a command to its end in the clean environment (env adds to it)."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": "/", **options}
    run = subprocess.run(
        [os.fspath(word) for word in words],
        input=None if input is None else input.encode("utf-8", "surrogateescape"),
        env={**ENVIRONMENT, **(env or {})},
        timeout=timeout,
        check=False,
        **options,
    )
    return Result(run.returncode, text(run.stdout or b""), text(run.stderr or b""))


def as_user(user):
    """The words before a command of that user's."""
    return ("setpriv", "--reuid", user, "--regid", user, "--init-groups")


@functools.cache
def commit():
    """That of the tree, which chooses what a plain run takes of many; where it is no repository, or git is not there, always
    the same."""
    with contextlib.suppress(FileNotFoundError):
        run = subprocess.run(["git", "-C", TREE, "rev-parse", "HEAD"], capture_output=True, check=False)
        return run.stdout if run.returncode == 0 else b""
    return b""


@contextlib.contextmanager
def ended(process):
    """Sees to it that a process that a test started is gone at the end."""
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def tool_works(*words):
    """Whether a tool is there and allowed to do its work."""
    with contextlib.suppress(OSError):
        return subprocess.run(words, capture_output=True, check=False, timeout=60).returncode == 0
    return False
