"""Secrets that go in and out by every door of a machine whose users act on their own accounts, while all of its programs are
at work; and the search for what is left of them in memory, files, logs, arguments and environments."""

import codecs
import contextlib
import json
import os
import pathlib
import plistlib
import secrets
import signal
import string
import subprocess
import time

from support.account_page import CONFIGURATION as PAGE
from support.account_page import ORIGIN, AspWeb
from support.authorize import AUTHORIZE, USERS, ask
from support.long import EVERYTHING
from support.looker import Looker
from support.memory import memory_of
from support.page_user import PageUser, account_page
from support.pam_codes import AUTH_ERR, SUCCESS
from support.passwords import PASSWORD, swap_character
from support.processes import child_of
from support.qr import read_drawn
from support.recipes import AT_ONCE, recipe
from support.run import MORTAL, as_user, ended, tool_works
from support.self_service import ADMIN, DONE, NO
from support.terminal import terminal
from support.traces import Search
from support.wait import LONG, wait_until
from support.watch import Manager, running_watch
from support.web_sign_in import WEB

HOOK, TOLD = "/etc/asp/hook", "/run/told"
# Of another store, whose primary passwords a program prints.
OTHER, PRIMARIES = "/etc/asp/other.conf", "/etc/asp/primaries"
DRIVER = "/usr/local/libexec/driver"
HIDDEN = "Password: "
# Of asp.conf, besides the store.
LINES = (
    "usage_interval = 0;",
    'self_service: { web_user = "asp-web"; };',
    PAGE,
    'profile: { mail: { address = "%u@example.org";'
    ' imap = "imaps://imap.example.org"; smtp = "submissions://smtp.example.org"; }; };',
    'broker: { clients = ( { user = "asp-authorize"; services = [ "wiki" ]; },'
    ' { user = "www-data"; services = [ "imap" ]; } ); };',
    f'hooks: {{ created = "{HOOK}"; revoked = "{HOOK}"; }};',
)
OTHER_LINES = f"""store = "/var/lib/asp-other"; virtual_users = true;
primary: {{ source = "command"; command = "{PRIMARIES}"; }};
"""
# What is run for us says what it was told.
TELLS = f"""#!/bin/sh
{{ env; tr '\\0' ' ' </proc/$$/cmdline; }} >>{TOLD}
"""
PREPARE = """
getent passwd asp-web >/dev/null || useradd --system asp-web
install -D -m 755 "$1/tests/pam/driver" /usr/local/libexec/driver
echo 'password optional pam_asp.so' >>/etc/pam.d/common-password
"""
# What is at work when all is over: so many of each at least.
AT_WORK = {"asp-broker": 10, "asp-web": 2, "asp-admin": 2, "driver": 2}


def new_primary():
    """Letters that occur nowhere else, and signs that some write in another way."""
    words = ["".join(secrets.choice(string.ascii_letters) for _ in range(12)) for _ in range(3)]
    return f"{words[0]}&{words[1]} {words[2]}"


def end(process):
    """A daemon that was started in a sandbox."""
    os.kill(child_of(process), signal.SIGTERM)
    assert process.wait(LONG) == 0


def can_trace():
    return tool_works("strace", "-o", "/dev/null", "true")


def tracer(processes, calls):
    """Writes down with which arguments and environment whatever these start, or what they have started, is started."""
    traced = [pid for pid, name in processes.items() if name in AT_WORK]
    words = ["strace", "-f", "-qq", "-v", "-s", "65536", "-e", "trace=execve,execveat", "-o", calls]
    process = subprocess.Popen([*words, *(word for pid in traced for word in ("-p", pid))], stdin=subprocess.DEVNULL)
    wait_until(lambda: all(map(is_traced, traced)), "they are not traced")
    return process


def is_traced(pid):
    return "TracerPid:\t0\n" not in pathlib.Path(f"/proc/{pid}/status").read_text()


class LongHost:
    """A program that has the module loaded and lives on. What it is told it has masked, see tests/pam/driver.c."""

    def __init__(self, box, user):
        words = [*MORTAL, *(as_user(user) if user else ()), DRIVER, "asked", "/etc/pam.d"]
        self.process = box.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def login(self, password, service="imap", user="alice"):
        masked = bytes(byte ^ 0x80 for byte in password.encode())
        self.process.stdin.buffer.write(f"{service} {user} 192.0.2.7 ".encode() + masked + b"\n")
        self.process.stdin.buffer.flush()
        return int(self.process.stdout.readline().split()[1])

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(LONG) == 0


class Doors:
    """`machine` is a SelfService that has its store. `secrets` are what was typed and what was made, right or wrong."""

    def __init__(self, machine, folder):
        self.machine, self.box, self.folder = machine, machine.sandbox, folder
        self.secrets = []
        self.search = Search()
        self.tracer, self.calls = None, folder / "calls"
        self.began = time.time()
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.box.shell(PREPARE, self.machine.build).done()
        self.box.shell(USERS).done()
        for path in (HOOK, PRIMARIES):
            self.box.write(path, TELLS, mode="755")
        self.box.write(OTHER, OTHER_LINES)
        self.box.write("/etc/pam.d/asp-web", recipe("pam.d/asp-web", *AT_ONCE))
        self.machine.ask_for()
        with self.stack:
            self.begin()
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def begin(self):
        """All programs, each as it is started on a machine."""
        self.looker = Looker(self.box)
        self.looker.start()
        self.stack.callback(self.looker.close)
        self.page = self.stack.enter_context(account_page(self.box, self.machine.build))
        self.machine.configure(*LINES)
        self.machine.again()
        wait_until(lambda: self.machine.listens(WEB), f"nobody listens at {WEB}")
        self.page.start()
        authorizer = AspWeb(self.box, self.machine.build)
        authorizer.begin("--authorize", "--group", "www-data", ready=AUTHORIZE)
        self.stack.callback(authorizer.stop)
        self.where = authorizer.inside(AUTHORIZE)
        self.stack.enter_context(running_watch(self.box, self.machine.admin, self.folder))
        self.hosts = [self.stack.enter_context(contextlib.closing(LongHost(self.box, user))) for user in (None, "www-data")]
        if EVERYTHING and can_trace():
            self.tracer = self.stack.enter_context(ended(tracer(self.processes(), self.calls)))

    # What is said

    def new_primary(self):
        self.secrets.append(new_primary())
        return self.secrets[-1]

    def made(self, text):
        """The app password in a text."""
        self.secrets.append(PASSWORD.search(text)[0])
        return self.secrets[-1]

    def wrong(self, password):
        """Of the same id."""
        self.secrets.append(swap_character(password, 9))
        return self.secrets[-1]

    def at_terminal(self, user, *words, answers=()):
        """What asp-admin shows her, or root; answers are (what is asked, answer)."""
        shown = ""
        with terminal(self.box, ADMIN, *words, prefix=as_user(user) if user else ()) as screen:
            for question, answer in answers:
                found = screen.until(question)
                assert found, (words, question, shown, screen.seen)
                shown += found.string[: found.end()]
                screen.answer(answer)
            screen.until("there is nothing of the kind")  # to the end
            return shown + screen.seen

    # The doors

    def all(self):
        self.primary = self.new_primary()
        self.machine.set_primary("alice", self.primary)
        opens_all = self.root()
        self.logins(opens_all)
        self.authorize(opens_all)
        self.search.look_in_all(self.memory())  # what comes later would lie over it
        self.self_service()
        self.web()
        self.search.look_in_all(self.memory())
        self.command()
        self.password_stack()

    def root(self):
        """asp-admin of root, at a terminal and off it, in each form that it shows an app password in. One that opens all."""
        machine = self.machine
        made = self.made(machine.create("alice", "Pipe", "--app", "any"))
        self.made(self.at_terminal(None, "create", "alice", "--label", "Shown", "--app", "mail"))
        drawn = self.at_terminal(None, "create", "alice", "--label", "Drawn", "--app", "mail", "--qr")
        self.made(read_drawn(drawn))
        self.made(machine.json("create", "alice", "--label", "Json", "--app", "mail", "--qr", "--profile=json")["password"])
        self.profile()
        batch = machine.asp_admin("create", "--batch", input="alice\tBatch\nbob\tBatch\n").done().out
        for line in batch.splitlines():
            self.made(line)
        made = self.made(machine.asp_admin("rotate", "alice", made[:2], "--quiet").done().out)
        for typed, code in ((made, DONE), (self.wrong(made), NO), (self.primary, NO)):
            words = ("check", "alice", "--service", "imap")
            assert machine.asp_admin(*words, input=f"{typed}\n").code == code
            shown = self.at_terminal(None, *words, answers=[("of alice: ", typed)])
            assert ("accepted" in shown) == (code == DONE)
        return made

    def profile(self):
        """A file, which is removed as a user would."""
        path = "/run/phone.mobileconfig"
        self.machine.create("alice", "File", "--app", "mail", "--profile", path)
        (payload,) = plistlib.loads(self.box.read(path).encode())["PayloadContent"]
        self.made(payload["IncomingPassword"])
        self.box.run("rm", path).done()

    def logins(self, password):
        """The module in a program of root's, and in one that is not root's, which asks the broker."""
        for host in self.hosts:
            assert host.login(password) == SUCCESS
            assert host.login(self.wrong(password)) == AUTH_ERR
            for typed in (password.upper(), f"{password} ", self.primary, self.new_primary()):
                host.login(typed)

    def authorize(self, password):
        for typed, status in ((password, 200), (self.wrong(password), 401), (self.primary, 401)):
            assert ask(self.where, f"alice:{typed}").status == status

    def self_service(self):
        """A user, at a terminal and off it."""
        machine = self.machine
        words = ("create", "--app", "mail", "--label")
        assert machine.run("alice", *words, "No", input=f"{self.new_primary()}\n").code != DONE
        made = self.made(machine.run("alice", *words, "Hers", input=f"{self.primary}\n").done().out)
        machine.run("alice", "check", "--service", "imap", input=f"{made}\n").done()
        self.made(self.at_terminal("alice", *words, "At hers", answers=[(HIDDEN, self.primary)]))
        machine.serves.no_sessions()

    def web(self):
        """At the page: who is signed out then, and one who stays."""
        assert PageUser(self.page, "192.0.2.8").tries("alice", self.new_primary())["outcome"] == "refused"
        alice = PageUser(self.page).signs_in("alice", self.primary)
        made = alice.run("create", "--qr", "--profile=json", "--label=Web", "--app=mail", "--", "alice")
        document = json.loads(made["out"])
        phone = self.page.browser(address="203.0.113.9")
        path = made["once"]["address"].removeprefix(ORIGIN)
        taken = phone.say("POST", path, Content_Type="application/x-www-form-urlencoded")
        assert self.made(document["password"]).encode() in taken.body
        made = alice.run("create", "--qr", "--profile=json", "--label=Untaken", "--app=mail", "--", "alice")
        self.made(json.loads(made["out"])["password"])
        self.made(json.loads(alice.run("rotate", "--", "alice", document["id"])["out"])["password"])
        assert alice.browser.post("/api/sign-out").status == 200
        stays = PageUser(self.page).signs_in("alice", self.primary)
        self.made(json.loads(stays.run("create", "--label=Stays", "--app=mail", "--", "alice")["out"])["password"])

    def command(self):
        """A program that knows what the users' primary passwords are, as some directory would, and a watch that asks it."""
        self.secrets.append(new_primary())
        self.box.write("/run/known", codecs.encode(f"bob\t{self.secrets[-1]}\n", "rot13"))
        self.box.write(PRIMARIES, f"{TELLS}tr a-zA-Z n-za-mN-ZA-M </run/known\n", mode="755")
        there = (ADMIN, "--config", OTHER)
        self.made(self.box.run(*there, "create", "bob", "--label", "Of a directory").done().out)
        text = self.machine.asp_admin("export", "bob").done().out
        self.box.run(*there, "import", "--replace", input=text).done()
        with Manager(self.folder) as manager:
            words = [*MORTAL, *manager.prefix, *there, "watch"]
            self.stack.callback(end, self.box.start(*words, stdin=subprocess.DEVNULL))
            manager.wait_ready()

    def password_stack(self):
        """She changes it: of all that is hers nothing is good any more."""
        after = self.new_primary()
        passwd = self.box.start(*as_user("alice"), "passwd", stdin=-1, stdout=-1, stderr=-1)
        passwd.communicate(f"{self.primary}\n{after}\n{after}\n", timeout=LONG)
        assert passwd.returncode == 0
        wait_until(lambda: {entry["state"] for entry in self.machine.entries()} == {"revoked"}, "something is left")

    # What is left

    def processes(self):
        """All that are in the sandbox, by their numbers: what they are called."""
        found = {}
        for pid in self.looker.processes():
            with contextlib.suppress(OSError):
                found[pid] = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
        return found

    def memory(self):
        """Of each of them, when no login and no command is on its way: until then libpam has its PAM_AUTHTOK, a client what it
        was given, and whoever shows a new password that. Those clients have ended, and the browsers are this process, which
        is not looked at."""
        found, shared = {}, set()
        for pid, name in self.processes().items():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that has ended since
                found[f"the memory of {name} ({pid})"] = memory_of(pid, shared)
        return found

    def files(self):
        """All that was written in the sandbox, and in the machine's /tmp: meanwhile, but for what is small."""
        new = ("-newerct", f"@{self.began:.0f}", "-size", "-64M", "-print0")
        run = self.box.run("find", "/run", "/dev/shm", "-type", "f", "(", "-size", "-256k", "-print0", "-o", *new, ")").done().out
        run += self.box.run("find", "/tmp", "-maxdepth", "2", "-type", "f", *new).out
        found = {}
        for path in filter(None, run.split("\0")):
            with contextlib.suppress(OSError):
                found[path] = pathlib.Path(f"/proc/{self.box.first}/root{path}").read_bytes()
        return found

    def log(self):
        self.machine.log_file.settle()
        return {"the log": "\n".join(self.machine.log_file.messages()).encode()}

    def started(self):
        """With what each program was started that anyone has started."""
        seen = dict(self.looker.seen)  # more may come meanwhile
        if self.tracer is None:
            return seen
        self.tracer.send_signal(signal.SIGINT)  # it lets go
        self.tracer.wait(LONG)
        calls = self.calls.read_bytes()
        assert HOOK.encode() in calls, "the hook's start was not seen"
        return {**seen, "what was started": calls}

    def search_all(self):
        """The search, when it has looked at all that, and at what the broker has written when it ends."""
        names = list(self.processes().values())
        assert all(names.count(name) >= count for name, count in AT_WORK.items()), names
        for places in (self.started(), self.memory(), self.files(), self.log()):
            self.search.look_in_all(places)
        _, *said = self.machine.serves.stop()
        self.search.look_in("what the broker writes", "".join(said).encode())
        return self.search
