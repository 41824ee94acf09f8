"""Web servers in a sandbox with asp-broker in it, for they ask PAM as www-data; and clients that speak HTTP."""

import contextlib
import json
import subprocess

from support.broker import Broker
from support.run import MORTAL
from support.sandbox import open_installed
from support.service import Service

# A client that is not of this machine, as the server sees it: loopback has all of 127.0.0.0/8.
CLIENT = "127.0.0.9"

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


class Web(Service):
    """A web server in a sandbox, by the name `host`, which asks PAM for the service `service` as www-data."""

    host = service = None
    port = 443

    def __init__(self, box, build):
        super().__init__(box, build)
        self.broker = None
        self.ca = f"/etc/letsencrypt/live/{self.host}/fullchain.pem"

    def stack(self, name="asp-only"):
        self.install(f"pam.d/{name}", f"/etc/pam.d/{self.service}")

    def is_counted(self, line):
        return line.is_decision

    def start_broker(self):
        self.broker = Broker(self.sandbox, self.build / "asp-broker" / "asp-broker")

    @contextlib.contextmanager
    def without_broker(self):
        self.broker.stop()
        try:
            yield
        finally:
            self.start_broker()

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
    """A sandbox with a certificate and the group asp; a skipped test when a program, or its module, is missing."""
    box = open_installed(layer, build, "openssl", "curl", *programs)
    box.shell(CERTIFICATE, host).done()
    box.shell(GROUP).done()
    return box
