"""Requests to asp-broker, in each of whose processes calls go wrong while one is served."""

import collections
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from logins import LOGINS, before_of
from on_database import is_listening
from points import KILL, SHORT, Point
from rules import BOUND, DONE, NOT_FOUND, STORE
from short import Shortener
from support.broker import LOGIN, OUTCOME, REFUSED, message
from support.processes import children, lives, state
from support.run import ENVIRONMENT, MORTAL, Result
from support.self_service import fields
from support.tracing import read_calls
from support.wait import LONG, wait_until
from trial import Trial

# A call of one of the processes that serve: which of them; None: of one that is made for a request. Where several are, the
# call of that number goes wrong in each that comes so far; and whether one of those becomes another program.
Call = collections.namedtuple("Call", "name occurrence line process is_of_program", defaults=[False])
# Seconds after an answer in which what belongs to it is brought to its end.
AFTER = 0.05
# And in which strace lets go of all.
ENDING = 10


class Gone(Exception):
    """One that was to be looked at has ended."""


def end_tracer(tracer):
    """Where a process was made in the moment in which it lets go, strace waits for it without end, and it for strace."""
    tracer.terminate()
    try:
        tracer.communicate(timeout=ENDING)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.communicate()


@contextlib.contextmanager
def traced(pids, *words):
    """strace looks at these processes."""
    attached = [word for pid in pids for word in ("-p", str(pid))]
    with subprocess.Popen(["strace", *words, *attached], stderr=subprocess.PIPE, env=ENVIRONMENT, text=True) as tracer:
        if not all("attached" in tracer.stderr.readline() for _ in pids):
            tracer.terminate()
            raise Gone
        try:
            yield
            time.sleep(AFTER)
        finally:
            end_tracer(tracer)


def until_exec(calls):
    """What a process does until it is another program, and whether it is ever."""
    names = [call.name for call in calls]
    return (calls[: names.index("execve") + 1], True) if "execve" in names else (calls, False)


def calls_of(log, pids):
    """What each of the processes did, from a log of strace -ff; and those that they made, taken together."""
    logs = {path: path.suffix.removeprefix(".") for path in sorted(log.parent.glob(f"{log.name}.*"))}
    places = {str(pid): at for at, pid in enumerate(pids)}
    found = {}
    for path, pid in logs.items():
        calls, is_of_program = until_exec(read_calls(path))
        path.unlink()
        for call in calls:
            key = places.get(pid), call.name, call.occurrence
            is_lent = is_of_program or (key in found and found[key].is_of_program)
            found[key] = Call(call.name, call.occurrence, call.line, places.get(pid), is_lent)
    return list(found.values())


class Served(Trial):
    """What is asked of a daemon. Others say what `pids` are looked at, how it is begun, behind its `words`, and ended, and
    what comes when it is asked: a Result by whose code it is judged."""

    lines = None

    def __init__(self, site, library, *rest):
        self.short, self.words = Shortener(site.folder, library), ()
        super().__init__(site, *rest)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def clean_run(self):
        log = self.site.folder / "calls"
        self.back()
        self.get_ready()
        with traced(self.pids, "-ff", "-y", "-o", log):
            assert self.ask().code == DONE
        return calls_of(log, self.pids)

    def points(self):
        return [*super().points(), *(Point(call, SHORT) for call in self.writes())]

    def writes(self):
        """Those that may be short while it is asked."""
        self.begin_behind(self.short.words)
        self.back()
        self.get_ready()
        self.short.begin()
        assert self.ask().code == DONE
        time.sleep(AFTER)
        found = self.short.written()
        self.back()
        places = {pid: at for at, pid in enumerate(self.pids)}
        calls = {(places.get(pid), number): Call("write", number, what, places.get(pid)) for pid, number, what in found}
        return list(calls.values())

    def begin_behind(self, words):
        if words != self.words:
            self.end()
            self.words = words
            self.begin()

    def attempt(self, point):
        try:
            return self.attempt_once(point)
        except Gone:  # since it was looked at, of what went wrong before
            return self.attempt_once(point)

    def attempt_once(self, point):
        call = point.call
        self.begin_behind(self.short.words if point.action == SHORT else ())
        self.renew()
        self.get_ready()
        if point.action == SHORT:
            self.short.begin(call.occurrence, 0 if call.process is None else self.pids[call.process])
            return self.ask()
        pids = self.pids if call.process is None else [self.pids[call.process]]
        action = "signal=SIGKILL" if point.action == KILL else f"error={point.action}"
        inject = f"inject={call.name}:{action}:when={call.occurrence}"
        words = ["-f"] if call.process is None else []
        # What is a program of its own is looked at no more: calls are counted until then.
        words += ["-b", "execve"] if call.name != "execve" else []
        with traced(pids, *words, "-o", self.site.folder / "injected", "-e", f"trace={call.name}", "-e", inject):
            return self.ask()

    def get_ready(self):
        """Before anything goes wrong."""

    def ask_next(self):
        """After one in which something went wrong."""
        return self.ask()

    def following(self):
        """Another one is answered too: of a daemon of which a process has ended by another process, and where all of it has
        by another daemon."""
        if self.has_ended():
            self.begin()
        run = self.ask_next()
        return run if run.code != DONE else super().following()

    def renew(self):
        if self.has_changed():
            self.end()
            self.begin()


AGAIN = 1  # second


class BrokerRequest(Served):
    """A login, said to the broker as the module says it."""

    def __init__(self, site, library, name):
        self.login = LOGINS[name]
        self.promises = self.login.is_accepted
        self.folder = tempfile.mkdtemp(prefix="asp-broker-")  # names of sockets are short
        self.socket = f"{self.folder}/sock"
        super().__init__(site, library, f"broker, {name}", {"alice": self.login.alices}, before_of(self.login))

    def __exit__(self, *_):
        self.end()
        shutil.rmtree(self.folder)

    def prepare(self):
        self.conf = self.site.folder / "broker.conf"
        more = [f'broker: {{ socket = "{self.socket}"; workers = 1; }};', "self_service: { enabled = false; };"]
        self.conf.write_text("\n".join([self.site.conf.read_text(), *more, ""]))
        self.begin()

    def begin(self):
        program = self.site.build / "asp-broker" / "asp-broker"
        words = [*MORTAL, *self.site.prefix, *self.words, program, "--config", self.conf]
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(words, stdin=null, stdout=null, stderr=null, env=ENVIRONMENT, cwd="/")
        pid = self.process.pid
        wait_until(lambda: is_listening(self.socket) and children(pid) and state(pid) == "S", "no broker is there")
        self.pids = children(pid)
        self.say("wrong")  # who answers has from then on what it keeps

    def end(self):
        """With all of its processes: no other broker begins before."""
        left = {*self.pids, *children(self.process.pid)}
        self.process.kill()
        self.process.wait(LONG)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(lives, left)), "a process of the broker is left")

    def ask_next(self):
        """A database that one was not answered by is asked again five times a second, and nobody else meanwhile."""
        until = time.monotonic() + (AGAIN if hasattr(self.site, "database") else 0)
        run = self.ask()
        while run.code != DONE and time.monotonic() < until:
            time.sleep(0.05)
            run = self.ask()
        return run

    def has_ended(self):
        return self.process.poll() is not None

    def has_changed(self):
        return self.has_ended() or children(self.process.pid) != self.pids

    def ask(self):
        verdict = self.say(self.login.label)
        code = DONE if self.login.is_answered(verdict) else STORE if verdict in ("", "unavailable") else NOT_FOUND
        return Result(code, verdict, "")

    def say(self, label):
        """The verdict. No answer is one too: the module says that it is unavailable then."""
        verdict = ""
        question = message(LOGIN, b"alice\0", b"imap\0", b"", b"", self.passwords[label].encode())
        with contextlib.suppress(ConnectionError, TimeoutError), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as one:
            one.settimeout(2 * BOUND)
            one.connect(self.socket)
            one.send(question)
            kind, found = fields(one.recv(9000) or message(REFUSED, b"\0"))
            verdict = found[0].rstrip(b"\0").decode() if kind == OUTCOME else ""
        return verdict
