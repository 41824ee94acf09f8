"""Users who sign in by a web server: the real broker with the shipped /etc/pam.d/asp-web, and what a web server says to
it for them, one connection for each."""

import contextlib
import errno

from support.broker import message
from support.recipes import AT_ONCE, recipe
from support.self_service import (
    ALICES,
    ASK,
    COMMAND,
    OVER,
    REFUSED,
    SAID,
    SAY,
    HostileClient,
    fields,
    reply,
)
from support.wait import LONG, wait_until

WEB = "/run/asp/self-web.sock"
SIGN_IN = 13
HERE = "192.0.2.7"
CONF = 'self_service: { web_user = "asp-web"; };'
WORDS = (b"", b"", b"asp-admin\0")


def text(value):
    return value.encode() + b"\0"


def sign_in(user, address=HERE):
    return message(SIGN_IN, text(user), text(address) if address else b"")


class WebServer(HostileClient):
    """It says what it is told to."""

    def __init__(self, box, user="asp-web"):
        super().__init__(box, user, WEB)

    def begin(self, user, address=HERE):
        number = self.open()
        assert self.send(number, sign_in(user, address)) in (0, errno.EPIPE, errno.ECONNRESET)
        return number

    def ends(self, number, seconds=LONG):
        """Whether she is let in, and what she was told on the way; or why she was refused."""
        told = []
        while True:
            kind, found = fields(self.receive(number, seconds))
            if kind == REFUSED:
                return found[0].rstrip(b"\0").decode()
            if kind == OVER:
                return found[0] == b"0\0", told
            assert kind == SAY, (kind, found)
            told.append((found[0].rstrip(b"\0").decode(), found[1].decode()))
            self.send(number, message(SAID, b"0\0"))

    def tries(self, user, *answers, address=HERE):
        """Signs in. Its connection, and how that ended."""
        number = self.begin(user, address)
        for answer in answers:
            kind, found = fields(self.receive(number))
            if kind == REFUSED:
                return number, found[0].rstrip(b"\0").decode()
            assert kind == ASK, (kind, found)
            self.send(number, reply(answer))
        return number, self.ends(number)

    def try_together(self, users, answer, address=HERE):
        """All of them sign in at once, with this answer. How that ended for each."""
        numbers = [self.begin(user, address) for user in users]
        for number in numbers:
            self.asked(number)
            self.send(number, reply(answer))
        return [self.ends(number) for number in numbers]

    def signs_in(self, user="alice", *answers, address=HERE):
        number, ended = self.tries(user, *(answers or (ALICES,)), address=address)
        assert ended == (True, []), ended
        return number

    def does(self, number, *words):
        """A command. Its exit code, and what went to which stream; or why it was refused."""
        self.says(number, *words)
        kind, found = fields(self.receive(number))
        streams = {"out": "", "err": ""}
        while kind == SAY:
            streams[found[0].rstrip(b"\0").decode()] += found[1].decode()
            self.send(number, message(SAID, b"0\0"))
            kind, found = fields(self.receive(number))
        if kind == REFUSED:
            return found[0].rstrip(b"\0").decode()
        assert kind == OVER, (kind, found)
        return int(found[0].rstrip(b"\0")), streams["out"], streams["err"]

    def says(self, number, *words):
        return self.send(number, message(COMMAND, *WORDS, *(text(word) for word in words)))

    def is_closed(self, number, seconds=LONG):
        return self.receive(number, seconds) == b""


def serve_web(own, *configuration, stack=None):
    """A machine of users on their own accounts at which a web server signs them in. Its PAM service is the shipped one,
    which does not wait; unless another one is given."""
    own.sandbox.shell("getent passwd asp-web >/dev/null || useradd --system asp-web").done()
    own.configure(*(configuration or (CONF,)))
    own.sandbox.write("/etc/pam.d/asp-web", stack or recipe("pam.d/asp-web", *AT_ONCE))
    own.again()
    wait_until(lambda: own.listens(WEB), f"nobody listens at {WEB}")
    return own


@contextlib.contextmanager
def web_server(own, user="asp-web"):
    one = WebServer(own.sandbox, user)
    try:
        yield one
    finally:
        one.close()
