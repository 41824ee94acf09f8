"""Fixtures of the service tests: a sandbox, and in it a real Dovecot that asks PAM, a system log and some users.

The environment variable ASP_LAYER names a folder with an unpacked Dovecot, for machines that have none installed.
"""

import dataclasses
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import time

import pytest
from support.run import BIN, ENVIRONMENT, TREE, execute

SANDBOX = BIN / "sandbox"

PORT = 143
PRIMARY = {"alice": "correct horse", "bob": "battery staple"}
LOG_LINE = re.compile(r"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d (\S+?)(?:\[\d+\])?: pam_asp\((.*?)\): (.*)")

IMAPLIB = """
import imaplib, sys
imap = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
try:
    imap.login(sys.argv[2], sys.stdin.read())
except imaplib.IMAP4.error as refusal:
    sys.exit("refused" if "AUTHENTICATIONFAILED" in str(refusal) else f"broken: {refusal}")
status, count = imap.select("INBOX")
assert status == "OK", (status, count)
imap.logout()
print("in")
"""


class Sandbox:
    """A sandbox that stays until it is closed; `run` runs a command in it."""

    def __init__(self, layer=None):
        words = [SANDBOX, *(["--layer", layer] if layer else [])]
        self.process = subprocess.Popen(
            [*words, "sh", "-c", "echo ready; exec sleep infinity"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"
        child = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.prefix = [
            "nsenter",
            f"--target={child.read_text().split()[0]}",
            "--mount",
            "--net",
            "--pid",
            "--wd=/",
            "--",
        ]

    def run(self, *words, **options):
        return execute(*self.prefix, *words, **options)

    def start(self, *words, **options):
        """Starts a command in it and does not wait."""
        return subprocess.Popen(
            [os.fspath(word) for word in [*self.prefix, *words]], env=ENVIRONMENT, cwd="/", text=True, **options
        )

    def shell(self, script, *words, **options):
        return self.run("bash", "-euo", "pipefail", "-c", script, "bash", *words, **options)

    def write(self, path, text):
        self.shell('mkdir -p "${1%/*}" && cat >"$1"', path, input=text).done()

    def read(self, path):
        return self.run("cat", path).done().out

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@dataclasses.dataclass(frozen=True)
class Line:
    """A line that the module logged: its severity (6 info, 5 notice, 3 error), who spoke, and what."""

    severity: int
    facility: int
    stack: str
    text: str

    def word(self, name):
        return re.search(rf'(?:^| ){name}=("(?:[^"\\]|\\.)*"|\S+)', self.text)[1].strip('"')


class Mail:
    """Dovecot in a sandbox, with the module's default configuration and store: nobody else's are in there."""

    def __init__(self, sandbox, build, folder):
        self.sandbox = sandbox
        self.build = build
        self.folder = folder
        self.heard = 0

    def reset(self):
        """As a test finds it: no store, no configuration, the users' own passwords, nothing yet in the log."""
        self.sandbox.shell("rm -rf /var/lib/asp /etc/asp; rm -f /etc/pam.d/{imap,pop3,radicale,dovecot,sshd}")
        for user, password in PRIMARY.items():
            self.set_primary(user, password)
        self.heard = len(self._messages())

    def set_primary(self, user, password):
        self.sandbox.run("chpasswd", input=f"{user}:{password}\n").done()

    def stack(self, name, *services):
        """Puts the shipped stack of that name before the services, with the module where it was built."""
        shipped = (TREE / "conf" / "pam.d" / name).read_text()
        text = re.sub(r"(?m)^(?!#)(.*)pam_asp\.so", rf"\1{self.build}/pam_asp/pam_asp.so", shipped)
        for service in services or ["imap", "pop3", "radicale", "sshd"]:
            self.sandbox.write(f"/etc/pam.d/{service}", text)

    def asp_admin(self, *words, **options):
        return self.sandbox.run(self.build / "asp-admin" / "asp-admin", *words, **options)

    def json(self, *words):
        return json.loads(self.asp_admin("--json", *words).done().out)

    def create(self, user="alice", label="Phone", *more):
        """A new app password; its id is the first two characters."""
        return self.asp_admin("create", user, "--label", label, "--quiet", *more).done().out.strip()

    def entry(self, id, user="alice"):
        (found,) = [entry for entry in self.json("list", user, "--all") if entry["id"] == id]
        return found

    def curl(self, user, password, port=PORT):
        """Whether curl gets at the mail over IMAP."""
        run = self.sandbox.run(
            *shlex.split("curl -q --silent --show-error --noproxy * --max-time 30 --config -"),
            f"imap://127.0.0.1:{port}/INBOX",
            input=f'user = "{user}:{password}"\n',
        )
        assert run.code in (0, 67), run  # 67: the login was refused
        return run.code == 0

    def imaplib(self, user, password, port=PORT):
        """Whether Python's client does."""
        run = self.sandbox.run("/usr/bin/python3", "-c", IMAPLIB, str(port), user, input=password)
        assert (run.code, run.out) == (0, "in\n") or run.err == "refused\n", run
        return run.code == 0

    def auth(self, user, password, service="imap", rhost="192.0.2.7"):
        """Whether Dovecot's own test of a login, for any protocol and any client's address, succeeds."""
        run = self.sandbox.run(
            *("doveadm", "-c", f"{self.folder}/dovecot.conf", "auth", "test"),
            *("-x", f"service={service}", "-x", f"rip={rhost}", user, password),
        )
        assert run.code in (0, 77), run  # 77: the login was refused
        return run.code == 0

    def _messages(self):
        return self.sandbox.read("/run/messages").split("\n")[:-1]

    def log(self, count):
        """The module's lines since last asked. There must be `count` of them, and soon."""
        deadline = time.monotonic() + 5
        while True:
            messages = self._messages()
            found = [line for line in map(LOG_LINE.fullmatch, messages[self.heard :]) if line]
            if len(found) >= count or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        lines = [Line(int(m[1]) % 8, int(m[1]) // 8, m[3], m[4]) for m in found]
        assert len(lines) == count, messages[self.heard :]
        self.heard = len(messages)
        return lines

    def verdict(self):
        """The verdict of the one decision since last asked."""
        return self.log(1)[0].word("verdict")


@pytest.fixture(scope="session")
def layer():
    return os.environ.get("ASP_LAYER") or None


@pytest.fixture(scope="session")
def sandboxes():
    """Skips where this machine can't have a sandbox."""
    probe = execute(SANDBOX, "true")
    if probe.code != 0:
        pytest.skip(f"no sandbox on this machine: {probe.err.strip()}")


@pytest.fixture
def sandbox(sandboxes):
    """A sandbox for one test alone."""
    box = Sandbox()
    yield box
    box.close()


@pytest.fixture
def folder():
    """A short and empty folder: names of sockets are short."""
    with tempfile.TemporaryDirectory(prefix="asp-", dir="/tmp") as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        yield path


def quick_refusals(box):
    """Dovecot 2.3 waits half a second before it tells a refusal, whatever auth_failure_delay says. For what PAM has
    refused it comes to this passdb, which lets nobody in and asks for haste."""
    if not box.run("dovecot", "--version").out.startswith("2.3."):
        return []
    return ["passdb {", "driver = static", "args = nopassword nodelay", "result_success = continue-fail", "}"]


@pytest.fixture(scope="session")
def dovecot_box(sandboxes, layer):
    """A sandbox with Dovecot's programs and users, two people, and a log; shared by all tests that ask for `mail`."""
    box = Sandbox(layer)
    if box.run("sh", "-c", "command -v dovecot doveadm && test -x /usr/lib/dovecot/imap").code != 0:
        box.close()
        pytest.skip("no Dovecot: neither installed nor unpacked in ASP_LAYER")
    box.run(BIN / "dovecot", "users").done()
    box.run(BIN / "syslogd", "/run/messages").done()
    for user in PRIMARY:
        box.shell('getent passwd "$1" >/dev/null || useradd --create-home --home-dir "/run/$1" "$1"', user).done()
    box.run(BIN / "dovecot", "start", "/run/d", str(PORT), "%s", *quick_refusals(box)).done()
    yield box
    box.run(BIN / "dovecot", "stop", "/run/d").done()
    box.close()


@pytest.fixture
def mail(dovecot_box, build):
    """Dovecot with the stack that takes app passwords only, before anybody has one."""
    service = Mail(dovecot_box, build, "/run/d")
    service.reset()
    service.stack("asp-only")
    return service
