"""Requests to asp-broker, in each of whose processes calls go wrong while one is served."""

import collections
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from on_database import is_listening
from points import KILL, is_of_libc, points_of
from rules import BOUND, DONE, NOT_FOUND, STORE
from support.broker import LOGIN, OUTCOME, REFUSED, message
from support.passwords import wrong
from support.processes import children, state
from support.run import ENVIRONMENT, MORTAL, Result
from support.self_service import fields
from support.tracing import read_calls
from support.wait import LONG, wait_until
from trial import LAPTOP, OLD, PHONE, Trial

# A call of one of the processes that serve: which of them; None: of one that is made for a request. Where several are, the
# call of that number goes wrong in each that comes so far.
Call = collections.namedtuple("Call", "name occurrence line process")
# Seconds after an answer in which what belongs to it is brought to its end.
AFTER = 0.05


@contextlib.contextmanager
def traced(pids, *words):
    """strace looks at these processes."""
    attached = [word for pid in pids for word in ("-p", str(pid))]
    with subprocess.Popen(["strace", *words, *attached], stderr=subprocess.PIPE, env=ENVIRONMENT, text=True) as tracer:
        for _ in pids:
            assert "attached" in tracer.stderr.readline()
        yield
        time.sleep(AFTER)
        tracer.terminate()
        tracer.communicate()


def before_exec(calls):
    """What a process does until it is another program, if it is."""
    names = [call.name for call in calls]
    return calls[: names.index("execve") + 1] if "execve" in names else calls


def calls_of(log, pids):
    """What each of the processes did, from a log of strace -ff; and those that they made, taken together."""
    logs = {path: path.suffix.removeprefix(".") for path in sorted(log.parent.glob(f"{log.name}.*"))}
    places = {str(pid): at for at, pid in enumerate(pids)}
    found = [
        Call(call.name, call.occurrence, call.line, places.get(pid))
        for path, pid in logs.items()
        for call in before_exec(read_calls(path))
    ]
    for path in logs:
        path.unlink()
    return list({(call.process, call.name, call.occurrence): call for call in found}.values())


class Served(Trial):
    """What is asked of a daemon. Others say what `pids` are looked at, how it is begun and ended, and what comes when it is
    asked: a Result by whose code it is judged."""

    lines = None
    own = ()  # what is in the paths that are the operation's, besides those of the site

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def clean_run(self):
        log = self.site.folder / "calls"
        self.back()
        with traced(self.pids, "-ff", "-y", "-o", log):
            assert self.ask().code == DONE
        return calls_of(log, self.pids)

    def points(self):
        own = (self.site.folder, *self.site.folders(), *self.own)
        return points_of([call for call in self.calls if not is_of_libc(call, own)])

    def attempt(self, point):
        self.renew()
        call = point.call
        pids = self.pids if call.process is None else [self.pids[call.process]]
        action = "signal=SIGKILL" if point.action == KILL else f"error={point.action}"
        inject = f"inject={call.name}:{action}:when={call.occurrence}"
        words = ["-f"] if call.process is None else []
        with traced(pids, *words, "-o", self.site.folder / "injected", "-e", f"trace={call.name}", "-e", inject):
            return self.ask()

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
# What is asked with which app password, and what is made of alice.
REQUESTS = {
    "broker, first use": ("Spare", "accepted", [LAPTOP, PHONE, ("Spare", "active", "mail")]),
    "broker, accepted": ("Phone", "accepted", OLD["alice"]),
    "broker, wrong": ("wrong", "wrong-secret", OLD["alice"]),
}


class BrokerRequest(Served):
    """A login, said to the broker as the module says it."""

    def __init__(self, site, name):
        self.label, self.expected, alices = REQUESTS[name]
        self.folder = tempfile.mkdtemp(prefix="asp-broker-")  # names of sockets are short
        self.socket = f"{self.folder}/sock"
        super().__init__(site, name, {"alice": alices})

    def __exit__(self, *_):
        self.end()
        shutil.rmtree(self.folder)

    def prepare(self):
        self.passwords["wrong"] = wrong(self.passwords["Phone"])
        self.conf = self.site.folder / "broker.conf"
        more = [f'broker: {{ socket = "{self.socket}"; workers = 1; }};', "self_service: { enabled = false; };"]
        self.conf.write_text("\n".join([self.site.conf.read_text(), *more, ""]))
        self.begin()

    def begin(self):
        words = [*MORTAL, self.site.build / "asp-broker" / "asp-broker", "--config", self.conf]
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(words, stdin=null, stdout=null, stderr=null, env=ENVIRONMENT, cwd="/")
        pid = self.process.pid
        wait_until(lambda: is_listening(self.socket) and children(pid) and state(pid) == "S", "no broker is there")
        self.pids = children(pid)
        self.ask()  # who answers has from then on what it keeps

    def end(self):
        """With all of its processes, which end once they see that it has: no other broker begins before."""
        left = {*self.pids, *children(self.process.pid)}
        self.process.kill()
        self.process.wait(LONG)
        wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in left), "a process of the broker is left")

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
        """No answer is one too: the module says that it is unavailable then."""
        verdict = ""
        question = message(LOGIN, b"alice\0", b"imap\0", b"", b"", self.passwords[self.label].encode())
        with contextlib.suppress(ConnectionError, TimeoutError), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as one:
            one.settimeout(2 * BOUND)
            one.connect(self.socket)
            one.send(question)
            kind, found = fields(one.recv(9000) or message(REFUSED, b"\0"))
            verdict = found[0].rstrip(b"\0").decode() if kind == OUTCOME else ""
        code = DONE if verdict == self.expected else STORE if verdict in ("", "unavailable") else NOT_FOUND
        return Result(code, verdict, "")
