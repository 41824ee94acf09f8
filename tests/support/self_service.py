"""What the tests of self-service share: the real broker with the shipped /etc/pam.d/asp-admin, users at terminals of their
own and without one, and strangers at the broker's socket who are no program of ours."""

import contextlib
import errno
import json
import os
import pathlib
import re
import shlex
import subprocess
import time

from support.broker import Broker, Site, message, wait_until
from support.run import BIN, MORTAL, as_user
from support.service import Terminal, conf

SELF = "/run/asp/self.sock"
ADMIN = "/usr/local/sbin/asp-admin"
ALICES, BOBS = "correct horse", "battery staple"
DONE, NO, USAGE, NOT_FOUND, TAKEN, STORE, CONF = range(7)
REFUSED, COMMAND, SAY, SAID, ASK, REPLY, OVER = 1, *range(4, 10)
PASSWORD = re.compile(r"[0-9a-hjkmnp-tv-z]{5}(?:-[0-9a-hjkmnp-tv-z]{5}){4}")
EVENT = re.compile(r"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d asp-admin\[\d+\]: (event=.*)")
MARK = "<<{}>>"

# As it is installed, with nobody's app password in it.
STORE_OF_NONE = "install -d -m 700 /var/lib/asp /var/lib/asp/users /var/lib/asp/used /var/lib/asp/locks"
INSTALL = """
install -m 755 "$1/asp-admin/asp-admin" /usr/local/sbin/
install -D -m 755 "$1/asp-broker/asp-broker" -t /usr/local/libexec
"""
HOOK = "/etc/asp/hook"
WRITE_HOOK = """
mkdir -p "${1%/*}"
printf '#!/bin/bash\\n%s\\n' "$2" >"$1"
chmod 755 "$1"
rm -f /run/hooked
"""
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


class Stranger:
    """See the program of that name."""

    def __init__(self, own, user=None, path=SELF):
        self.process = own.sandbox.start(
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

    def hear(self, number, seconds=5):
        """What is said, b"" when the other end has closed; None when it is silent."""
        heard = self.ask("hear", number, seconds)
        return None if heard is None else bytes.fromhex(heard)

    def leave(self, *numbers):
        self.ask("leave", *numbers)

    def answer(self, number, text):
        """To the one question that comes."""
        self.asked(number)
        self.send(number, reply(text))

    def begin(self, *words):
        """A command of its own. Who is refused at the door may have no time to say it."""
        number = self.open()
        assert self.send(number, command(*words)) in (0, errno.EPIPE, errno.ECONNRESET)
        return number

    def asked(self, number):
        """The style and the text of the question that comes."""
        kind, (style, text) = fields(self.hear(number))
        assert kind == ASK
        return style.rstrip(b"\0").decode(), text.rstrip(b"\0").decode()

    def told(self, number):
        """What is said next, which is not answered."""
        kind, (stream, text) = fields(self.hear(number))
        assert kind == SAY
        return stream.rstrip(b"\0").decode(), text.decode()

    def end(self, number):
        """Hears all that is said to the end, and writes it. The exit code, and what went to which stream."""
        streams = {b"out\0": "", b"err\0": ""}
        while True:
            kind, found = fields(self.hear(number))
            if kind == OVER:
                return int(found[0].rstrip(b"\0")), streams[b"out\0"], streams[b"err\0"]
            assert kind == SAY, (kind, found)
            streams[found[0]] += found[1].decode()
            self.send(number, message(SAID, b"0\0"))

    def refused(self, number, seconds=5):
        """Why."""
        kind, (why,) = fields(self.hear(number, seconds))
        assert kind == REFUSED
        assert self.hear(number) == b""
        return why.rstrip(b"\0").decode()

    def close(self):
        self.process.kill()
        self.process.communicate()


class SelfBroker(Broker):
    """The broker, of which the last process keeps the users' door."""

    def door(self):
        return self.workers()[-1]

    def sessions(self):
        door = self.door()
        return [int(pid) for pid in pathlib.Path(f"/proc/{door}/task/{door}/children").read_text().split()]

    def have_sessions(self, count, seconds=5):
        wait_until(lambda: len(self.sessions()) == count, f"there are not {count} sessions", seconds)

    def no_sessions(self, seconds=5):
        self.have_sessions(0, seconds)


class Own(Site):
    """Users on their own accounts."""

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
        text = conf("pam.d/asp-admin").read_text()
        for pattern, by in ((r"delay=\d+", "delay=0"), (r"(?m)^(auth .*pam_unix.so)$", r"\1 nodelay"), *changes):
            text, count = re.subn(pattern, by, text)
            assert count == 1, pattern
        self.sandbox.write("/etc/pam.d/asp-admin", facility_first + text)

    def close(self):
        if self.serves:
            self.serves.close()
        super().close()

    def begin(self):
        """As a test finds it: nobody has an app password, and nobody was asked."""
        self.reset()
        self.again()
        return self

    def again(self):
        """A broker that remembers nothing."""
        if self.serves:
            self.serves.close()
        self.serves = SelfBroker(self)
        wait_until(lambda: self.listens(SELF), f"nobody listens at {SELF}")

    @contextlib.contextmanager
    def hostile_client(self, user=None, **how):
        one = Stranger(self, user, **how)
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
        primary = {"alice": ALICES, "bob": BOBS}[user]
        words = ("create", "--label", label, "--quiet", *(("--app", app) if app else ()), *more)
        return self.run(user, *words, input=f"{primary}\n").done().out.strip()

    def states(self, user="alice"):
        return sorted((entry["label"], entry["state"]) for entry in self.json("list", user, "--all"))

    def entry_of(self, label, user="alice"):
        (found,) = [entry for entry in self.json("list", user, "--all") if entry["label"] == label]
        return found

    def hook(self, script):
        """Runs it after all that is made or revoked."""
        self.sandbox.shell(WRITE_HOOK, HOOK, script).done()
        self.sandbox.write("/etc/asp/asp.conf", f'hooks: {{ created = "{HOOK}"; revoked = "{HOOK}"; }};\n')

    def uid(self, user):
        return int(self.sandbox.run("id", "-u", user).done().out)

    def events(self):
        """The changes that asp-admin has logged since last asked, here or by said()."""
        heard = self.heard
        self.said()
        return [m[2] for m in map(EVENT.fullmatch, self._messages()[heard : self.heard]) if m]


def last_child(pid, name, seconds=5):
    """The process of that name below another, as this machine numbers it."""

    def find():
        seen = [pid]
        for one in seen:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                base = pathlib.Path(f"/proc/{one}")
                if (base / "comm").read_text().strip() == name:
                    return one
                seen += [int(child) for child in (base / f"task/{one}/children").read_text().split()]
        return None

    return wait_until(find, f"{name} does not run", seconds)


def seconds_of(call):
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


def refused(run, code, why):
    """One line, and no question before it."""
    assert (run.code, run.out) == (code, ""), run
    assert re.fullmatch(f"asp-admin: [^\n]*{why}[^\n]*\n", run.err), run
