"""The program that logs in and runs others in many threads, in a sandbox; and what it was answered."""

import dataclasses
import json
import os
import socket

from support.processes import child_of
from support.run import MORTAL, as_user, text


@dataclasses.dataclass(frozen=True)
class Answer:
    """When it was asked and when that ended, in seconds of the monotonic clock; how."""

    begin: float
    end: float
    code: int


@dataclasses.dataclass(frozen=True)
class LoginAnswer(Answer):
    """`verdict` is "" where another process has said it to the log."""

    verdict: str


@dataclasses.dataclass(frozen=True)
class RunAnswer(Answer):
    out: str
    err: str

    @property
    def was_killed(self):
        return self.code < 0

    def document(self):
        """The one on standard output; None where it is not there, or not whole."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None

    def documents(self):
        """Those on lines of their own, as far as they are whole."""
        found = []
        for line in self.out.splitlines(keepends=True):
            if line.endswith("\n"):
                found.append(json.loads(line))
        return found


class Lane:
    """One of its threads: does one thing after the other."""

    def __init__(self, connection):
        self.connection = connection
        self.file = connection.makefile("rw", encoding="ascii", newline="\n")

    def ask(self, *words):
        self.file.write("\t".join(words) + "\n")
        self.file.flush()
        begin, end, code, *rest = self.file.readline().rstrip("\n").split("\t")
        return int(begin) / 1e9, int(end) / 1e9, int(code), rest

    def login(self, service, user, host, password):
        *times, (verdict,) = self.ask("login", service, user, host, password)
        return LoginAnswer(*times, verdict)

    def run(self, *words, input="", kill_after=0):
        """`kill_after`: ms; 0: it is not killed."""
        *times, written = self.ask("run", str(kill_after), input.encode().hex(), *map(os.fspath, words))
        return RunAnswer(*times, *(text(bytes.fromhex(digits)) for digits in written))

    def close(self):
        self.file.close()
        self.connection.close()


class Racer:
    """A process with so many threads, of that user. It ends with the test."""

    def __init__(self, box, build, threads, user=None, env=None):
        pairs = [socket.socketpair() for _ in range(threads)]
        its = [other.fileno() for _, other in pairs]
        drop = as_user(user) if user else ()
        settings = [f"{name}={value}" for name, value in (env or {}).items()]
        words = [*MORTAL, *drop, "env", *settings, build / "tests" / "races" / "racer", *map(str, its)]
        self.process = box.start(*words, pass_fds=its)
        for _, other in pairs:
            other.close()
        self.pid = child_of(self.process)
        self.lanes = [Lane(mine) for mine, _ in pairs]

    def close(self):
        for lane in self.lanes:
            lane.close()
        assert self.process.wait(60) == 0, "what it says is on standard error"
