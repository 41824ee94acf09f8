"""Users on their own accounts: the real broker with the shipped /etc/pam.d/asp-admin, users at terminals of their own
and without one, and hostile clients, who are no program of ours, at the users' socket."""

import contextlib
import errno
import json
import os
import re
import shlex
import subprocess

from support.broker import SOCKET, Broker, BrokerMachine, message
from support.passwords import PRIMARY
from support.processes import children
from support.recipes import AT_ONCE, recipe
from support.run import BIN, MORTAL, as_user
from support.system_log import parsed
from support.terminal import Terminal
from support.wait import LONG, wait_until

SELF = "/run/asp/self.sock"
ADMIN = "/usr/local/bin/asp-admin"
ALICES, BOBS = PRIMARY["alice"], PRIMARY["bob"]
DONE, NO, USAGE, NOT_FOUND, TAKEN, STORE, CONF = range(7)
ASKED = [("Password: ", ALICES)]
EXPLAINED = "Say who you are: your login password (not an app password).\n"

# The types of messages, as far as users go.
REFUSED, COMMAND, SAY, SAID, ASK, REPLY, OVER = 1, *range(4, 10)
MARK = "<<{}>>"

# As it is installed, with nobody's app password in it.
STORE_OF_NONE = "install -d -m 700 /var/lib/asp /var/lib/asp/users /var/lib/asp/used /var/lib/asp/locks"
INSTALL = """
install -m 755 "$1/asp-admin/asp-admin" /usr/local/bin/
install -D -m 755 "$1/asp-broker/asp-broker" -t /usr/local/libexec
"""
HOOK = "/etc/asp/hook"
TYPIST = 'while read -r line; do eval "$line"; echo "<<$?>>"; done'


def fields(answer):
    """The type and the fields of a message."""
    count, at, found = answer[5], 8, []
    for _ in range(count):
        length = int.from_bytes(answer[at : at + 2], "little")
        found.append(answer[at + 2 : at + 2 + length])
        at += 2 + length
    assert at == len(answer)
    return answer[4], found


def command(*words):
    """What asp-admin says first, off a terminal."""
    return message(COMMAND, b"", b"", *(os.fsencode(word) + b"\0" for word in ("asp-admin", *words)))


def reply(text):
    return message(REPLY, os.fsencode(text), b"typed\0")


class Typist(Terminal):
    """A shell at a terminal, in which all commands are of one session."""

    def __init__(self, own, user):
        super().__init__(own.sandbox, "bash", "-c", TYPIST, prefix=as_user(user))

    def type(self, line, *answers):
        """Types a line, and an answer to each question, which is given as (what is shown before it, answer). Its exit
        code, and all that was shown."""
        self.answer(line)
        shown = ""
        for question, answer in answers:
            found = self.until(question)
            assert found, (line, question, shown, self.seen)
            shown += found.string[: found.end()]
            self.answer(answer)
        found = self.until(MARK.format(r"(\d+)"))
        assert found, (line, shown, self.seen)
        return int(found[1]), (shown + found.string[: found.start()]).replace("\r\n", "\n")

    def admin(self, *words, answers=()):
        return self.type(shlex.join([ADMIN, *words]), *answers)


class HostileClient:
    """See bin/hostile_client."""

    def __init__(self, box, user=None, path=SELF):
        self.process = box.start(
            *MORTAL,
            "setsid",
            *(as_user(user) if user else ()),
            *(BIN / "hostile_client", path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, *what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def open(self, *uids):
        return self.ask("open", *uids)

    def send(self, number, data, descriptors=0):
        return self.ask("send", number, data.hex(), descriptors)

    def receive(self, number, seconds=LONG):
        """What is said, b"" when the other end has closed; None when it is silent."""
        received = self.ask("receive", number, seconds)
        return None if received is None else bytes.fromhex(received)

    def leave(self, *numbers):
        self.ask("leave", *numbers)

    def answer(self, number, text):
        """To the one question that comes."""
        self.asked(number)
        self.send(number, reply(text))

    def begin(self, *words):
        """A command of its own. Who is refused at once may have no time to say it."""
        number = self.open()
        assert self.send(number, command(*words)) in (0, errno.EPIPE, errno.ECONNRESET)
        return number

    def expect(self, number, expected, seconds=LONG):
        """The fields of the message that comes, which must be of that type."""
        kind, found = fields(self.receive(number, seconds))
        assert kind == expected, (kind, found)
        return found

    def asked(self, number):
        """The style and the text of the question that comes."""
        style, text = self.expect(number, ASK)
        return style.rstrip(b"\0").decode(), text.rstrip(b"\0").decode()

    def told(self, number):
        """What is said next, which is not answered."""
        stream, text = self.expect(number, SAY)
        return stream.rstrip(b"\0").decode(), text.decode()

    def end(self, number):
        """Receives all that is said to the end, and writes it. The exit code, and what went to which stream."""
        streams = {b"out\0": "", b"err\0": ""}
        while True:
            kind, found = fields(self.receive(number))
            if kind == OVER:
                return int(found[0].rstrip(b"\0")), streams[b"out\0"], streams[b"err\0"]
            assert kind == SAY, (kind, found)
            streams[found[0]] += found[1].decode()
            self.send(number, message(SAID, b"0\0"))

    def refused(self, number, seconds=LONG):
        """Why."""
        (why,) = self.expect(number, REFUSED, seconds)
        assert self.receive(number) == b""
        return why.rstrip(b"\0").decode()

    def close(self):
        self.process.kill()
        self.process.communicate()


class SelfBroker(Broker):
    """The broker, whose last process listens to users."""

    def listener(self):
        return self.workers()[-1]

    def sessions(self):
        return children(self.listener())

    def have_sessions(self, count, seconds=LONG):
        """A session counts among the three of a user until its process is gone: that is later than its client knows."""
        wait_until(lambda: len(self.sessions()) == count, lambda: f"not {count} sessions: {self.sessions()}", seconds)

    def no_sessions(self, seconds=LONG):
        self.have_sessions(0, seconds)


class SelfService(BrokerMachine):
    """A machine whose users act on their own accounts."""

    def __init__(self, layer, build):
        super().__init__(layer, build)
        self.broker = "/usr/local/libexec/asp-broker"
        self.serves = None
        self.sandbox.shell(INSTALL, build).done()

    def reset(self, *configuration):
        super().reset(*configuration)
        self.sandbox.shell(STORE_OF_NONE).done()
        self.ask_for()

    def ask_for(self, *changes, facility_first=""):
        """The shipped stack, which refuses at once here."""
        self.sandbox.write("/etc/pam.d/asp-admin", facility_first + recipe("pam.d/asp-admin", *AT_ONCE, *changes))

    def close(self):
        if self.serves:
            self.serves.close()
        super().close()

    def begin(self):
        """As a test finds it: nobody has an app password, and nobody was asked."""
        self.reset()
        self.again()
        return self

    def again(self, **options):
        """A broker that remembers nothing."""
        if self.serves:
            self.serves.close()
        self.serves = self.serve(**options)
        wait_until(lambda: self.listens(SELF), f"nobody listens at {SELF}")

    @contextlib.contextmanager
    def without_logins(self):
        """No program but the users' finds the broker."""
        self.sandbox.run("mv", SOCKET, f"{SOCKET}.away").done()
        try:
            yield
        finally:
            self.sandbox.run("mv", f"{SOCKET}.away", SOCKET).done()

    def serve(self, *words, **options):
        """Another broker."""
        return SelfBroker(self.sandbox, self.broker, *words, **options)

    @contextlib.contextmanager
    def hostile_client(self, user=None, **how):
        one = HostileClient(self.sandbox, user, **how)
        try:
            yield one
        finally:
            one.close()

    def run(self, user, *words, input="", **options):
        """asp-admin of a user who has no terminal, in a session of its own."""
        return self.sandbox.run("setsid", "--wait", *as_user(user), ADMIN, *words, input=input, **options)

    def start(self, user, *words, **streams):
        """The same, and does not wait."""
        return self.sandbox.start("setsid", "--wait", *as_user(user), *MORTAL, ADMIN, *words, **streams)

    @contextlib.contextmanager
    def typist(self, user):
        one = Typist(self, user)
        try:
            yield one
        finally:
            one.close()

    def makes(self, user, label, *more, app="mail"):
        """What she makes herself."""
        words = ("create", "--label", label, "--quiet", *(("--app", app) if app else ()), *more)
        return self.run(user, *words, input=f"{PRIMARY[user]}\n").done().out.strip()

    def states(self, user="alice"):
        return sorted((entry["label"], entry["state"]) for entry in self.entries(user))

    def hook(self, script):
        """Runs it after all that is made or revoked."""
        self.sandbox.write(HOOK, f"#!/bin/bash\n{script}\n", mode="755")
        self.sandbox.run("rm", "-f", "/run/hooked").done()
        self.configure(f'hooks: {{ created = "{HOOK}"; revoked = "{HOOK}"; }};')

    def uid(self, user):
        return int(self.sandbox.run("id", "-u", user).done().out)

    def events(self):
        """The changes that asp-admin has logged since last asked, here or by said()."""
        lines = [line for line in parsed(self.log_file.take()) if line.by == "asp-admin"]
        return [line.text for line in lines if line.text.startswith("event=")]


def refused(run, code, why):
    """One line, and no question before it."""
    assert (run.code, run.out) == (code, ""), run
    assert re.fullmatch(f"asp-admin: [^\n]*{why}[^\n]*\n", run.err), run
