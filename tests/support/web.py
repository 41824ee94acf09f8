"""What the tests of web servers share: a sandbox with asp-broker in it, for the servers ask PAM as www-data, and
clients that speak HTTP."""

import contextlib
import json
import re
import subprocess
import time

import pytest
from conftest import Line
from support.run import MORTAL
from support.service import Door, open_box

# A client that is not of this machine, as the server sees it: loopback has all of 127.0.0.0/8.
CLIENT = "127.0.0.9"

# What the module logs, or the broker for it. nginx calls itself "nginx: worker process".
DECISION = re.compile(
    r"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d (?:(asp-broker)\[\d+\]|\w[\w: -]*: pam_asp\((\S+?)\)): (verdict=.*)"
)

# One connection, and a request over it for each line of standard input, which is answered with a line.
KEPT = """
import base64, http.client, json, ssl, sys, time
port, ca = int(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context(cafile=ca) if ca else None
client = http.client.HTTPSConnection(sys.argv[3], port, context=context, timeout=30) if ca else (
    http.client.HTTPConnection(sys.argv[3], port, timeout=30))
client.connect()
socket = client.sock
for line in sys.stdin:
    ask = json.loads(line)
    user = base64.b64encode(ask["login"].encode()).decode()
    begin = time.perf_counter()
    client.request(ask["method"], ask["path"], headers={"Authorization": f"Basic {user}", "Depth": "0"})
    answer = client.getresponse()
    answer.read()
    seconds = time.perf_counter() - begin
    assert client.sock is socket, "the server has closed the connection"
    print(json.dumps([answer.status, seconds]), flush=True)
"""

CERTIFICATE = """
mkdir -p "/etc/letsencrypt/live/$1"
cd "/etc/letsencrypt/live/$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
    -addext "subjectAltName=DNS:$1" -keyout privkey.pem -out fullchain.pem 2>/dev/null
echo "127.0.0.1 $1" >>/etc/hosts
"""

# As the recipes say it.
GROUP = "groupadd --system asp; usermod --append --groups asp www-data"


def wrong(password):
    """The same id with another secret."""
    return password[:-1] + ("y" if password[-1] == "x" else "x")


class Broker:
    """asp-broker in a sandbox, standing alone."""

    SOCKET = "/run/asp/broker.sock"

    def __init__(self, box, build):
        self.box = box
        self.program = build / "asp-broker" / "asp-broker"
        self.process = None

    def start(self):
        # A group of its own, which can be stopped as a whole; what entered the sandbox would stop with its child.
        script = 'setsid "$1" & echo $! >/run/broker.pid; wait'
        words = [*MORTAL, "sh", "-c", script, "sh", self.program]
        self.process = self.box.start(*words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.box.shell('until [[ -S "$1" ]]; do sleep 0.02; done', self.SOCKET, timeout=20).done()

    def stop(self):
        self.box.shell("kill -TERM $(cat /run/broker.pid)").done()
        self.process.wait(timeout=20)

    @contextlib.contextmanager
    def away(self):
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextlib.contextmanager
    def hung(self):
        """It is there, and does not answer."""
        self.box.shell("kill -STOP -- -$(cat /run/broker.pid)").done()
        try:
            yield
        finally:
            self.box.shell("kill -CONT -- -$(cat /run/broker.pid)").done()


class Web(Door):
    """A web server in a sandbox, by the name `host`, which asks PAM for the service `service` as www-data."""

    host = service = None
    port = 443

    def __init__(self, box, build):
        super().__init__(box, build)
        self.broker = Broker(box, build)
        self.ca = f"/etc/letsencrypt/live/{self.host}/fullchain.pem"

    def stack(self, name="asp-only"):
        self.install(f"pam.d/{name}", f"/etc/pam.d/{self.service}")

    def log(self, count):
        """What was decided since last asked. There must be `count` decisions, and soon."""
        deadline = time.monotonic() + 5
        while True:
            messages = self._messages()
            found = [line for line in map(DECISION.fullmatch, messages[self.heard :]) if line]
            if len(found) >= count or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        lines = [Line(int(m[1]) % 8, int(m[1]) // 8, m[2] or m[3], m[4]) for m in found]
        assert len(lines) == count, messages[self.heard :]
        self.heard = len(messages)
        return lines

    def logged(self, pattern):
        """The first message since last asked in which the pattern is found, which must come soon."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for message in self._messages()[self.heard :]:
                if re.search(pattern, message):
                    return message
            time.sleep(0.05)
        raise AssertionError(f"{pattern}: not in {self._messages()[self.heard :]}")

    def curl(self, login, path, *more, port=None, input=""):
        """The status of the answer, and its body."""
        run = self.sandbox.run(
            *("curl", "-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--path-as-is"),
            *("--cacert", self.ca, "--interface", CLIENT, "--write-out", "\n%{http_code}"),
            *(["--user", login] if login is not None else []),
            *(*more, f"https://{self.host}:{port or self.port}{path}"),
            input=input,
        ).done()
        body, _, status = run.out.rpartition("\n")
        return int(status), body

    @contextlib.contextmanager
    def connection(self, tls=True, port=None):
        """One connection that is kept: each call of what comes is a request over it, answered with its status and how
        long it took."""
        words = ["/usr/bin/python3", "-c", KEPT, str(port or self.port), self.ca if tls else "", self.host]
        client = self.sandbox.start(*MORTAL, *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def request(login, path, method="GET"):
            client.stdin.write(json.dumps({"login": login, "path": path, "method": method}) + "\n")
            client.stdin.flush()
            return json.loads(client.stdout.readline())

        yield request
        client.stdin.close()
        client.stdout.close()
        assert client.wait(timeout=30) == 0


def open_web(layer, build, host, *programs):
    """A sandbox of open_box with a certificate and the group asp; a skipped test when a program is missing."""
    box = open_box(layer, build)
    for program in ("openssl", "curl", *programs):
        # Of a program's module, the file.
        if box.run("sh", "-c", 'command -v "$1" || test -e "$1"', "sh", program).code != 0:
            box.close()
            pytest.skip(f"no {program}: neither installed nor unpacked in ASP_LAYER")
    box.shell(CERTIFICATE, host).done()
    box.shell(GROUP).done()
    return box
