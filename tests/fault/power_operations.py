"""The operations that are recorded for the power to fail in them."""

import dataclasses
from typing import Callable, NamedTuple

from power_judge import PowerSite
from power_recording import record
from support.broker import LOGIN, message
from support.pam_codes import AUTH_ERR
from support.run import BIN

# pam_chauthtok of root's, for alice.
CHANGE = """
import sys
sys.path.insert(0, sys.argv[1])
from libpam import Transaction, libpam
transaction = Transaction(sys.argv[2], "passwd", "alice", "", b"")
assert transaction.code == 0
sys.exit(libpam.pam_chauthtok(transaction.handle, 0))
"""
# A broker, which is asked one thing, and told to end once it has answered.
ASK = """
import socket, subprocess, sys, time
broker = subprocess.Popen(sys.argv[3:])
one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
while one.connect_ex(sys.argv[1]) != 0:
    assert broker.poll() is None
    time.sleep(0.02)
one.send(bytes.fromhex(sys.argv[2]))
print(one.recv(9000).hex(), flush=True)
broker.terminate()
sys.exit(broker.wait())
"""
# A watch, which is told to end once it has written an account, and run a hook where there is one that notes it.
WATCH = """
import pathlib, subprocess, sys, time
account, note = map(pathlib.Path, sys.argv[1:3])
before = account.read_bytes()
watch = subprocess.Popen(sys.argv[3:])
while account.read_bytes() == before or not note.exists() or b" hook=due " in account.read_bytes():
    assert watch.poll() is None
    time.sleep(0.02)
watch.terminate()
sys.exit(watch.wait())
"""
BEFORE = {"alice": "one", "bob": "two", "carol": "three"}
CHANGED = {**BEFORE, "alice": "another"}


class Password(NamedTuple):
    """An app password, and whether it works before the operation and after it."""

    user: str
    label: str
    text: str
    before: bool = True
    after: bool = True
    service: str = "imap"


@dataclasses.dataclass
class Operation:
    """`begin` makes what is there before, and returns the words of the run and its standard input; `shown` finds in what
    it has said the app passwords that work from then on."""

    name: str
    begin: Callable
    shown: Callable = lambda out: []
    site: dict = dataclasses.field(default_factory=dict)
    after: dict = dataclasses.field(default_factory=lambda: BEFORE)
    code: int = 0
    passwords: list = dataclasses.field(default_factory=list)
    active: set = dataclasses.field(default_factory=set)

    def record(self, folder, build):
        """What it does, and the hooks that it has run."""
        site = PowerSite(folder, build, **self.site)
        site.say(BEFORE)
        made = Made(site)
        words, text = self.begin(made)
        self.active = site.active() if site.place.exists() else set()
        ran = len(site.runs_of_hook())
        site.say(self.after)
        recording = record(site.disk, folder / "trace", words, hook=site.hook, prefix=site.prefix, input=text)
        assert recording.result.code == self.code, recording.result
        self.passwords = made.passwords + self.shown(recording.result.out)
        return recording, site.runs_of_hook()[ran:]


class Made:
    """What is there before an operation."""

    def __init__(self, site):
        self.site, self.passwords = site, []

    def create(self, user, label, *more, after=True, service="imap"):
        """An app password, and whether it works after the operation. Returns its id."""
        made = self.site.json("create", user, "--label", label, *more)
        self.passwords.append(Password(user, label, made["password"], True, after, service))
        return made["id"]

    def some(self, after=True):
        """Alice has two, and Bob has one that may lie unused for some time. Returns the ids of hers."""
        ids = [self.create("alice", label, "--app", "mail", after=after) for label in ("Phone", "Laptop")]
        self.create("bob", "Phone", "--app", "mail", "--unused", "30d")
        return ids

    def stack(self, service, kind):
        """The folder with the PAM file of a service that asks the module alone."""
        folder = self.site.folder / "pam.d"
        folder.mkdir(exist_ok=True)
        module = self.site.build / "pam_asp" / "pam_asp.so"
        (folder / service).write_text(f"{kind} required {module} config={self.site.conf}\n")
        return folder

    def login(self, user, rhost="192.0.2.1"):
        """The words of a login, whose app password is read from standard input."""
        return [BIN / "pam_login", self.stack("imap", "auth"), "imap", user, rhost]

    def asks(self, user, password, rhost=b""):
        """The words of a login that a broker is asked for."""
        conf, path = self.site.folder / "broker.conf", self.site.folder / "sock"
        more = [f'broker: {{ socket = "{path}"; workers = 1; }};', "self_service: { enabled = false; };"]
        conf.write_text("\n".join([self.site.conf.read_text(), *more, ""]))
        question = message(LOGIN, user.encode() + b"\0", b"imap\0", b"", rhost, password.encode())
        program = self.site.build / "asp-broker" / "asp-broker"
        return ["/usr/bin/python3", "-c", ASK, path, question.hex(), program, "--config", conf]


def shown(user, label, service="imap"):
    """Finds the one app password on the last line that was said."""
    return lambda out: [Password(user, label, out.split()[-1], False, True, service)]


def first(made):
    return made.site.argv("create", "alice", "--label", "Phone", "--quiet"), ""


def create(made):
    made.some()
    return made.site.argv("create", "alice", "--label", "Tablet", "--quiet"), ""


def create_account(made):
    made.some()
    return made.site.argv("create", "carol", "--label", "Phone", "--quiet"), ""


def rotate(made):
    old = made.create("alice", "Phone", "--app", "mail", after=False)
    made.create("bob", "Phone", "--app", "mail")
    return made.site.argv("rotate", "alice", old, "--quiet"), ""


def revoke(made):
    old = made.create("alice", "Lost", "--app", "mail", after=False)
    made.some()
    return made.site.argv("revoke", "alice", old), ""


def revoke_all(made):
    made.some(after=False)
    return made.site.argv("revoke", "alice", "--all"), ""


def label(made):
    return made.site.argv("label", "alice", made.some()[0], "Telephone"), ""


def remove(made):
    made.some(after=False)
    return made.site.argv("remove", "alice"), ""


def import_replace(made):
    """Of what was exported before there was the third."""
    made.some()
    text = made.site.run("export", "alice").done().out
    made.create("alice", "Third", "--app", "mail", after=False)
    return made.site.argv("import", "--replace"), text


def batch(made):
    made.some()
    return made.site.argv("create", "--batch"), "alice\tTablet\nbob\tTablet\ncarol\tPhone\n"


def shown_by_batch(out):
    rows = [line.split("\t") for line in out.splitlines()]
    return [Password(user, label, text, False, True) for user, label, text in rows]


def first_use(made):
    made.some()
    made.create("alice", "Tablet")
    return made.login("alice"), made.passwords[-1].text


def used_again(made):
    """The slot of the second is written over, and what is new in it, a long address, lies in two sectors (asp/usage.c)."""
    for label in ("Phone", "Laptop", "Tablet"):
        made.create("alice", label, "--app", "mail", "--unused", "30d")
    for one in made.passwords:
        made.site.execute(*made.login("alice"), input=one.text).done()
    return made.login("alice", "2001:db8:1234:5678:9abc:def0:1234:5678"), made.passwords[1].text


def broker_first_use(made):
    made.some()
    made.create("alice", "Tablet")
    return made.asks("alice", made.passwords[-1].text), ""


def broker_used(made):
    words, text = used_again(made)
    return made.asks("alice", text, words[-1].encode() + b"\0"), ""


def broker_login_after_change(made):
    refused_already(made)
    return made.asks("alice", made.passwords[0].text), ""


def running_watch(made):
    made.some(after=False)
    site = made.site
    words = ["/usr/bin/python3", "-c", WATCH, site.account("alice"), site.runs if site.hook else site.conf]
    return [*words, *site.argv("watch")], ""


def watch(made):
    made.some(after=False)
    return made.site.argv("watch", "--once"), ""


def refused_already(made):
    """Alice's primary password has changed in /etc/shadow, and check sees it."""
    made.some()
    made.passwords = [one._replace(before=one.user != "alice", after=one.user != "alice") for one in made.passwords]


def login_after_change(made):
    refused_already(made)
    return made.login("alice"), made.passwords[0].text


def password_stack(made):
    """What passwd makes of its stack when the password is set."""
    refused_already(made)
    return ["/usr/bin/python3", "-c", CHANGE, BIN, made.stack("passwd", "password")], ""


HOOKS = {"hooks": True}
SHADOW = {"shadow": True}
NO_HISTORY = {"hooks": True, "lines": ("history = 0;",)}
OPERATIONS = (
    Operation("first", first, shown("alice", "Phone")),
    Operation("create", create, shown("alice", "Tablet")),
    Operation("create-account", create_account, shown("carol", "Phone")),
    Operation("rotate", rotate, shown("alice", "Phone")),
    Operation("revoke", revoke),
    Operation("revoke-all", revoke_all),
    Operation("label", label),
    Operation("remove", remove),
    Operation("import", import_replace),
    Operation("batch", batch, shown_by_batch),
    Operation("first-use", first_use),
    Operation("used", used_again, site={"lines": ("usage_interval = 0;",)}),
    Operation("watch", watch, after=CHANGED),
    Operation("login-after-change", login_after_change, site=SHADOW, after=CHANGED, code=AUTH_ERR),
    Operation("broker-first-use", broker_first_use),
    Operation("broker-used", broker_used, site={"lines": ("usage_interval = 0;",)}),
    Operation("broker-login-after-change", broker_login_after_change, site=SHADOW, after=CHANGED),
    Operation("running-watch", running_watch, after=CHANGED),
    Operation("running-watch-hook", running_watch, site=HOOKS, after=CHANGED),
    Operation("password-stack", password_stack, site=SHADOW, after=CHANGED),
    Operation("revoke-hook", revoke, site=HOOKS),
    Operation("rotate-hook", rotate, shown("alice", "Phone"), site=HOOKS),
    Operation("remove-hook", remove, site=HOOKS),
    Operation("import-hook", import_replace, site=HOOKS),
    Operation("watch-hook", watch, site=HOOKS, after=CHANGED),
    Operation("revoke-hook-no-history", revoke, site=NO_HISTORY),
)
