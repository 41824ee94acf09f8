"""What the tests of asp-broker share: a sandbox in which www-data is in the group asp, the real broker, hosts that ask
PAM as somebody, and what both have logged."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import time
import uuid

from support.run import BIN, ENVIRONMENT, MORTAL, as_user
from support.service import Door, open_box

SOCKET = "/run/asp/broker.sock"
SUCCESS, AUTH_ERR, CRED_INSUFFICIENT, AUTHINFO_UNAVAIL, USER_UNKNOWN = 0, 7, 8, 9, 10
SOON = 1.5  # seconds that no host is held longer
MESSAGE = re.compile(r"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d (\S+?)(?:\[\d+\])?: (?:pam_asp\((\S+)\): )?(.*)")

ACCOUNTS = """
groupadd --system asp
getent passwd www-data >/dev/null || useradd --system www-data
usermod --append --groups asp www-data
for user in mallory proxied; do useradd --system "$user"; done
usermod --append --groups asp proxied
"""


@dataclasses.dataclass(frozen=True)
class Said:
    """A line in the log: its severity (6 info, 5 notice, 3 error), whose it is, and what."""

    severity: int
    by: str  # asp-broker, or the stack of the module
    text: str

    def word(self, name):
        return re.search(rf'(?:^| ){name}=("(?:[^"\\]|\\.)*"|\S+)', self.text)[1].strip('"')


@dataclasses.dataclass(frozen=True)
class Answer:
    code: int
    account: int
    environment: dict
    seconds: float


def child_of(process, deadline=10):
    """The one child of a program that entered the sandbox, as this machine numbers it."""
    path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    end = time.monotonic() + deadline
    while not (children := path.read_text().split()):
        assert process.poll() is None and time.monotonic() < end, "it did not start"
        time.sleep(0.01)
    return int(children[0])


def wait_until(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found


def message(type, *fields, version=1, count=None):
    """What is said to the broker and by it, as bytes; a count that lies is one to try."""
    body = b"".join(struct.pack("<H", len(field)) + field for field in fields)
    head = struct.pack("<BBBH", version, type, len(fields) if count is None else count, 8 + len(body))
    return b"asp" + head + body


class Broker:
    """asp-broker, from its start to its end. It is killed with the test."""

    def __init__(self, site, *words, prefix=(), socket=SOCKET):
        self.process = site.sandbox.start(
            *MORTAL, *prefix, site.broker, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.pid = child_of(self.process)
        try:
            wait_until(lambda: self.process.poll() is not None or site.listens(socket), f"nobody listens at {socket}")
        except AssertionError:
            self.close()
            raise

    def workers(self):
        return [int(pid) for pid in pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def processes(self):
        return [self.pid, *self.workers()]

    def stop(self):
        """Ends it as a service is ended; its exit code and what it wrote."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    def close(self):
        for pid in self.processes() if self.process.poll() is None else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def in_its_place(site, how, *, user="root"):
    """A stand-in for the broker, see no_broker, that is another user's or root's."""
    site.sandbox.run("chown", user, "/run/asp").done()
    process = site.sandbox.start(*MORTAL, *as_user(user), BIN / "no_broker", SOCKET, how)
    pid = child_of(process)
    try:
        site.sandbox.shell("until [[ -S $1 ]]; do sleep 0.02; done", SOCKET, timeout=10).done()
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        process.wait()


class Host:
    """A service that asks PAM as `user`, in one process that lives on."""

    def __init__(self, site, user, prefix=()):
        words = [*site.sandbox.prefix, *MORTAL, *prefix, *as_user(user), BIN / "pam_host", "/etc/pam.d"]
        self.process = subprocess.Popen(
            [os.fspath(word) for word in words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
            text=True,
        )

    def begin(self, *logins):
        """Has it ask all of them at once, each (password, service, user, rhost) or the first of these; and goes on."""
        lines = [(*login, *("", "nginx", "alice", "192.0.2.7")[len(login) :]) for login in logins]
        self.process.stdin.write(json.dumps([[*line[1:], line[0]] for line in lines]) + "\n")
        self.process.stdin.flush()

    def answers(self):
        return [Answer(*answer) for answer in json.loads(self.process.stdout.readline())]

    def login(self, *words):
        self.begin(words)
        (answer,) = self.answers()
        return answer

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Site(Door):
    """The module, hosts and brokers in one sandbox."""

    def __init__(self, layer, build):
        super().__init__(open_box(layer, build), build)
        self.broker = build / "asp-broker" / "asp-broker"
        self.hosts = {}
        self.sandbox.shell(ACCOUNTS).done()
        # The module alone: what pam_unix answers to a host that is not root is not looked at here.
        for service in ("nginx", "apache2", "imap", "wiki", "blog"):
            argument = "app=calendar" if service == "blog" else ""
            self.sandbox.write(
                f"/etc/pam.d/{service}", f"auth required pam_asp.so {argument}\naccount required pam_asp.so\n"
            )

    def host(self, user="www-data"):
        """One host for each user, kept for all tests: what a worker of a server has in memory stays there."""
        if user not in self.hosts:
            self.hosts[user] = Host(self, user)
        return self.hosts[user]

    @contextlib.contextmanager
    def serving(self, *words, **options):
        broker = Broker(self, *words, **options)
        try:
            yield broker
        finally:
            broker.close()

    def listens(self, path=SOCKET):
        """Whether somebody listens there, which no connection is made for."""
        return f" {path}\n" in self.sandbox.shell("grep ' 00010000 ' /proc/net/unix || true").done().out

    def reset(self, *configuration):
        super().reset(*configuration)
        self.sandbox.shell("rm -rf /run/asp").done()
        self.said()

    def said(self):
        """All that module and broker have logged since last asked: a mark of ours in the log ends it."""
        mark = uuid.uuid4().hex
        self.sandbox.run("logger", "--tag", "mark", mark).done()
        wait_until(lambda: any(mark in line for line in self._messages()[self.heard :]), "the log does not come")
        new = self._messages()[self.heard :]
        self.heard += len(new)
        found = [match for match in map(MESSAGE.fullmatch, new) if match and (match[3] or match[2] == "asp-broker")]
        return [Said(int(line[1]) % 8, line[3] or line[2], line[4]) for line in found]

    def said_one(self):
        (line,) = self.said()
        return line

    def close(self):
        for host in self.hosts.values():
            host.close()
        self.sandbox.close()

