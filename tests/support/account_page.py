"""asp-web in a sandbox, a browser that says what a test wants said, and one who says the broker's part."""

import contextlib
import dataclasses
import http.client
import json
import os
import queue
import signal
import socket
import struct
import threading

from support.broker import message
from support.processes import child_of
from support.run import MORTAL
from support.self_service import ASK, COMMAND, OVER, REFUSED, REPLY, SAID, SAY, fields
from support.system_log import SystemLog
from support.wait import LONG, wait_until

SOCKET = "/run/asp/web.sock"
BROKER = "/run/asp/self-web.sock"
HOST = "passwords.example.org"
ORIGIN = f"https://{HOST}"
SIGN_IN = 13
CONFIGURATION = f'web: {{ origin = "{ORIGIN}"; address_header = "X-Real-IP"; }};'
PAGE = "/usr/share/asp/page"

PREPARE = """
getent passwd asp-web >/dev/null || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin asp-web
getent passwd www-data >/dev/null || useradd --system --user-group www-data
install -d /run/asp "$1"
echo '<!DOCTYPE html><title>App passwords</title>' >"$1/index.html"
echo '"use strict";' >"$1/page.js"
echo 'p {}' >"$1/page.css"
echo secret >"$1/notes"
"""


@dataclasses.dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def cookie(self):
        """The value that is set, or None."""
        for line in self.headers.get("set-cookie", []):
            return line.partition("=")[2].partition(";")[0]
        return None


class Line:
    """One connection, over which bytes go as they are."""

    def __init__(self, where, seconds=LONG):
        family = socket.AF_INET if isinstance(where, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        # Where as many wait as may, one with a timeout of Python's is refused, and others wait.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", seconds, 0))
        self.socket.connect(where)
        self.socket.settimeout(seconds)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def answer(self, method="GET"):
        """The next answer; None when the connection has ended."""
        status = self.file.readline()
        if status == b"":
            return None
        if status.split()[1] == b"100":
            self.file.readline()
            return self.answer(method)
        head = http.client.parse_headers(self.file)
        headers = {}
        for name, value in head.items():
            headers.setdefault(name.lower(), []).append(value)
        length = 0 if method == "HEAD" else int(headers.get("content-length", ["0"])[0])
        return Answer(int(status.split()[1]), headers, self.file.read(length))

    def ended(self):
        """Whether the server has closed it."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.file.close()
        self.socket.close()


def request(method, path, headers, body=b"", version="HTTP/1.1"):
    lines = [f"{method} {path} {version}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Browser:
    """Says what a browser says for the page, with one thing or another changed."""

    def __init__(self, where, address="192.0.2.7"):
        self.where = where
        self.address = address
        self.cookie = self.token = None
        self.host, self.origin = HOST, ORIGIN

    def headers(self, method, body, changes):
        """`changes`: by name a value, None to leave it out, or a list."""
        said = {"Host": self.host, "Sec-Fetch-Site": "same-origin", "X-Real-IP": self.address}
        if self.cookie is not None:
            said["Cookie"] = f"__Host-asp={self.cookie}"
        if self.token is not None:
            said["X-Asp-Token"] = self.token
        if method == "POST":
            said |= {"Origin": self.origin, "Content-Type": "application/json", "Content-Length": str(len(body))}
        said |= changes
        pairs = [(name, value if isinstance(value, list) else [value]) for name, value in said.items()]
        return [(name, one) for name, values in pairs for one in values if one is not None]

    def bytes(self, method, path, body=b"", version="HTTP/1.1", **changes):
        changes = {name.replace("_", "-"): value for name, value in changes.items()}
        return request(method, path, self.headers(method, body, changes), body, version)

    def say(self, method, path, document=None, *, body=None, **changes):
        """One request, over a connection of its own. Nothing of the answer is kept."""
        if body is None:
            body = b"" if document is None else json.dumps(document).encode()
        line = Line(self.where)
        try:
            line.send(self.bytes(method, path, body, **changes))
            return line.answer(method)
        finally:
            line.close()

    def take(self, answer):
        """Does what the answer says of cookie and token."""
        if answer.cookie is not None:
            self.cookie = answer.cookie or None
        if answer.status == 200 and answer.body:
            self.token = answer.json.get("token", self.token)
        return answer

    def get(self, path, **changes):
        return self.take(self.say("GET", path, **changes))

    def post(self, path, document=None, **changes):
        return self.take(self.say("POST", path, {} if document is None else document, **changes))

    def open(self):
        """As the page does first."""
        assert self.get("/api/session").status == 200
        return self

    def sign_in(self, user="alice"):
        answer = self.open().post("/api/sign-in", {"user": user})
        assert answer.status == 200, answer
        return answer

    def messages(self, after=0):
        return self.get(f"/api/wait?after={after}").json["messages"]


class Said:
    """The broker's end of one session."""

    def __init__(self, connection):
        self.connection = connection
        self.connection.settimeout(LONG)
        self.account = None  # of who signs in, until she is signed in

    def receive(self, expected):
        """The fields of what comes, which must be of that type."""
        kind, found = fields(self.connection.recv(8192))
        assert kind == expected, (kind, found)
        return found

    def gone(self):
        """Whether asp-web has hung up."""
        return self.connection.recv(8192) == b""

    def send(self, kind, *what):
        self.connection.send(message(kind, *what))

    def ask(self, text="Password: ", style="hidden"):
        self.send(ASK, style.encode() + b"\0", text.encode() + b"\0")

    def reply(self):
        """What was typed."""
        return self.receive(REPLY)[0]

    def tell(self, text, stream="out"):
        self.send(SAY, stream.encode() + b"\0", text.encode())

    def told(self, text, stream="out"):
        self.tell(text, stream)
        return int(self.receive(SAID)[0].rstrip(b"\0"))

    def done(self, code=0):
        account, self.account = self.account, None
        told = () if account is None or code != 0 else (account.encode() + b"\0",)
        self.send(OVER, f"{code}\0".encode(), *told)

    def refuse(self, why):
        self.send(REFUSED, why.encode() + b"\0")
        self.connection.close()

    def words(self):
        """Those of the command that comes."""
        width, colour, *words = self.receive(COMMAND)
        assert (width, colour) == (b"", b"")
        return [word.rstrip(b"\0").decode() for word in words]


class BrokerPart:
    """Listens where the broker would, and says what a test says. The real broker has tests of its own with asp-web."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(512)
        self.listener.settimeout(LONG)
        self.sessions = []

    def accept(self):
        """The next session: who, from where, and its other end."""
        connection, _ = self.listener.accept()
        said = Said(connection)
        self.sessions.append(said)
        user, address = (field.rstrip(b"\0").decode() for field in said.receive(SIGN_IN))
        said.account = user
        return user, address, said

    def close(self):
        self.listener.close()
        for session in self.sessions:
            session.connection.close()


class PageAt:
    """The page of an asp-web that somebody else has started, at this socket."""

    def __init__(self, where):
        self.where = where

    def browser(self, **how):
        return Browser(self.where, **how)


class AspWeb:
    """asp-web, started as on a machine without systemd."""

    def __init__(self, box, build):
        self.box = box
        self.program = build / "asp-web" / "asp-web"
        self.process = None

    def inside(self, path):
        """A path of the sandbox, from outside."""
        return f"/proc/{self.box.first}/root{path}"

    def logged(self):
        """All that is in the system's log of the sandbox, and what is on its way there."""
        log = SystemLog(self.box)
        log.settle()
        return "\n".join(log.messages())

    def begin(self, *words, ready=None, prefix=()):
        """Starts it with these words, and waits until it listens at the path `ready`; `prefix` are words before the
        program."""
        self.stop()
        self.process = self.box.start(*MORTAL, *prefix, self.program, *words)
        if ready:
            wait_until(lambda: self.listens(ready), "asp-web does not listen")

    def listens(self, path):
        with contextlib.suppress(OSError), contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
            probe.connect(self.inside(path))
            return True
        return False

    def pid(self):
        return child_of(self.process)

    def stop(self):
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid(), signal.SIGTERM)
            assert self.process.wait(LONG) == 0
            self.process = None

    def run(self, *words, **options):
        return self.box.run(self.program, *words, **options)


class AccountPage(AspWeb):
    """The page, with files of its own."""

    def __init__(self, box, build, *configuration):
        super().__init__(box, build)
        box.shell(PREPARE, PAGE).done()
        self.configure(*configuration, CONFIGURATION)

    def configure(self, *lines):
        self.box.write("/etc/asp/asp.conf", "\n".join([*lines, ""]))

    def start(self, *words, ready=SOCKET, **options):
        self.begin("--page", PAGE, *(words or ("--group", "www-data")), ready=ready, **options)

    def browser(self, **how):
        return Browser(self.inside(SOCKET), **how)

    def line(self):
        return Line(self.inside(SOCKET))


class Later:
    """Does something beside the test, and hands over what came of it."""

    def __init__(self, what):
        self.answers = queue.Queue()
        threading.Thread(target=lambda: self.answers.put(what()), daemon=True).start()

    def result(self, seconds=LONG):
        return self.answers.get(timeout=seconds)
