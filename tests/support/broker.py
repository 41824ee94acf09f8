"""asp-broker in a sandbox: the real one, a stand-in for it, what is said to it, and hosts that ask PAM as somebody."""

import contextlib
import dataclasses
import json
import os
import signal
import struct
import subprocess

from support import sanitizers
from support.processes import child_of, children, state
from support.run import BIN, ENVIRONMENT, MORTAL, as_user
from support.sandbox import open_installed
from support.service import Service
from support.wait import wait_until

SOCKET = "/run/asp/broker.sock"
SOON = 1.5  # seconds that no host is held longer

# The types of messages: those of logins.
REFUSED, LOGIN, OUTCOME = 1, 2, 3
# Those of the password stack.
DONE, PASSWORD, ACCEPTED = 9, 10, 11

ACCOUNTS = """
groupadd --force --system asp
getent passwd www-data >/dev/null || useradd --system www-data
usermod --append --groups asp www-data
getent passwd asp-broker >/dev/null || useradd --system --user-group --no-create-home asp-broker
for user in mallory proxied; do useradd --system "$user"; done
usermod --append --groups asp proxied
"""


def message(type, *fields, version=1, count=None):
    """What is said to the broker and by it, as bytes; a count that lies is one to try."""
    body = b"".join(struct.pack("<H", len(field)) + field for field in fields)
    head = struct.pack("<BBBH", version, type, len(fields) if count is None else count, 8 + len(body))
    return b"asp" + head + body


def processes_for(workers):
    """How many serve hosts: those, others for questions and for slow hashes, and one for who has not spoken."""
    return workers + max(1, workers // 4) + max(1, workers // 2) + 1


def listens(box, path=SOCKET):
    """Whether somebody listens there, which no connection is made for."""
    return f" {path}\n" in box.shell("grep ' 00010000 ' /proc/net/unix || true").done().out


def connections(box, path=SOCKET):
    """How many there are to it, with those that wait in the queue."""
    lines = box.shell("cat /proc/net/unix").done().out.splitlines()
    return len([line for line in lines if line.endswith(f" {path}") and line.split()[3] != "00010000"])


# Seconds that one which may hang gets to end by itself.
PATIENCE = 1


class Broker:
    """asp-broker, from its start to its end. It is killed with the test."""

    def __init__(self, box, program, *words, prefix=(), socket=SOCKET):
        self.process = box.start(*MORTAL, *prefix, program, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pid = child_of(self.process)
        no_broker = f"no broker is there for {socket}"
        try:
            wait_until(lambda: self.process.poll() is not None or (listens(box, socket) and self.waits()), no_broker)
        except AssertionError:
            self.close()
            raise

    def waits(self):
        """Whether it has begun all workers: it listens before, and sleeps only after."""
        return state(self.pid) == "S"

    def workers(self):
        return children(self.pid)

    def processes(self):
        return [self.pid, *self.workers()]

    def signal(self, number):
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):  # some end with the first
                os.kill(pid, number)

    @contextlib.contextmanager
    def hung(self):
        """It is there, and does not answer."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)
            # nsenter, which waits for it, stops with it.
            self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """Ends it as a service is ended; its exit code and what it wrote."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err

    def close(self):
        """It is asked to end before it is killed: a build that counts which lines run writes its counts then."""
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            if self.process.poll() is None:
                os.kill(self.pid, signal.SIGTERM)
                self.process.wait(PATIENCE)
        self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def serving(box, program, *words, **options):
    broker = Broker(box, program, *words, **options)
    try:
        yield broker
    finally:
        broker.close()


@contextlib.contextmanager
def in_its_place(box, how, *, user="root"):
    """A stand-in for the broker, see bin/no_broker, that is another user's or root's."""
    box.run("chown", user, "/run/asp").done()
    process = box.start(*MORTAL, *as_user(user), BIN / "no_broker", SOCKET, how)
    pid = child_of(process)
    try:
        box.wait_for_socket(SOCKET)
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        process.wait()


@dataclasses.dataclass(frozen=True)
class Answer:
    code: int
    account: int
    environment: dict
    seconds: float


class Host:
    """A service that asks PAM as `user`, or as whom the prefix says, in one process that lives on."""

    def __init__(self, box, user, prefix=()):
        words = [*box.prefix, *MORTAL, *prefix, *(as_user(user) if user else ())]
        words += [*sanitizers.host(), BIN / "pam_host", "/etc/pam.d"]
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


class BrokerMachine(Service):
    """A sandbox in which www-data is in the group asp, with the module, hosts that ask it, and brokers."""

    brings_broker = True

    def __init__(self, layer, build):
        super().__init__(open_installed(layer, build), build)
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
            self.hosts[user] = Host(self.sandbox, user)
        return self.hosts[user]

    def serving(self, *words, **options):
        return serving(self.sandbox, self.broker, *words, **options)

    def listens(self, path=SOCKET):
        return listens(self.sandbox, path)

    def reset(self, *configuration):
        super().reset(*configuration)
        self.sandbox.shell("rm -rf /run/asp").done()
        self.said()

    def close(self):
        for host in self.hosts.values():
            host.close()
        self.sandbox.close()
