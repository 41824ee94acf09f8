"""What is asked of daemons by others than root, on a machine of their own: users at asp-broker, a proxy at asp-web."""

import contextlib
import os
import pathlib
import re
import signal

from daemons import Served
from rules import DONE, NO, NOT_FOUND, STORE
from support.passwords import PRIMARY, wrong
from support.run import Result
from support.self_service import EXPLAINED
from support.site import Site
from support.wait import LONG
from trial import LAPTOP, OLD, PHONE, SPARE, revoked


class SiteOfMachine(Site):
    """The store of a machine in a sandbox."""

    def __init__(self, machine, folder):
        self.machine, self.folder, self.build, self.admin = machine, folder, machine.build, machine.admin
        self.place = pathlib.Path(f"/proc/{machine.sandbox.first}/root/var/lib/asp")

    def argv(self, *words):
        return [self.admin, *words]

    def execute(self, *words, **options):
        return self.machine.sandbox.run(*words, **options)


class OnMachine(Served):
    """Its paths are as seen from outside: those of mounts begin at each."""

    own = ("/asp/", "asp.conf")

    def __init__(self, machine, folder, name, new):
        self.machine = machine
        super().__init__(SiteOfMachine(machine, folder), name, new)


class SelfRequest(OnMachine):
    """A user makes an app password, or revokes one: said to the broker, which asks PAM who she is."""

    lines = 1
    commands = {
        "self-service, create": (
            ("create", "--label", "New", "--app", "mail", "--quiet"),
            [LAPTOP, ("New", "active", "mail"), PHONE, SPARE],
        ),
        "self-service, revoke all": (("revoke", "--all"), revoked(LAPTOP, PHONE, SPARE)),
    }

    def __init__(self, machine, folder, name):
        self.words, alices = self.commands[name]
        super().__init__(machine, folder, name, {"alice": alices})

    def prepare(self):
        self.begin()

    def begin(self):
        """A broker that remembers nobody."""
        self.machine.again()
        self.pids = [self.machine.serves.listener()]

    def end(self):
        self.machine.serves.close()
        self.machine.serves = None

    def has_ended(self):
        return self.machine.serves.process.poll() is not None

    def has_changed(self):
        return self.has_ended() or self.machine.serves.workers()[-1:] != self.pids

    def ask(self):
        return self.command(*self.words)

    def ask_next(self):
        return self.command("list")

    def command(self, *words):
        """What she is asked before is no error. PAM may not let her in for a call of the conversation's or of its own, and
        she is told of that."""
        run = self.machine.run("alice", *words, input=f"{PRIMARY['alice']}\n")
        self.machine.serves.no_sessions()
        is_told = run.code == NO and re.search("asp-admin: (you were not let in: |there was no answer\n)", run.err)
        code = STORE if is_told else run.code
        return Result(code, run.out, run.err.removeprefix(f"{EXPLAINED}Password: "))


class WebRequest(OnMachine):
    """A proxy asks asp-web whether a login is right, which asks the broker."""

    logins = {
        "asp-web, first use": ("Spare", 200, [LAPTOP, PHONE, ("Spare", "active", "mail")]),
        "asp-web, accepted": ("Phone", 200, OLD["alice"]),
        "asp-web, wrong": ("wrong", 401, OLD["alice"]),
    }
    configuration = (
        'broker: { clients = ( { user = "asp-authorize"; services = [ "imap" ]; } ); };',
        'web: { address_header = "X-Real-IP"; };',
        "virtual_users = true;",
    )

    def __init__(self, machine, folder, name):
        self.label, self.expected, alices = self.logins[name]
        super().__init__(machine, folder, name, {"alice": alices})

    def prepare(self):
        self.passwords["wrong"] = wrong(self.passwords["Phone"])
        self.machine.start_broker()
        self.begin()

    def begin(self):
        if self.machine.web.process is not None:
            self.end()
        self.machine.begin()
        self.pids = [self.machine.web.pid()]

    def end(self):
        """What entered the sandbox ends with what it has started there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pids[0], signal.SIGKILL)
        self.machine.web.process.wait(LONG)
        self.machine.web.process = None

    def has_ended(self):
        return self.machine.web.process.poll() is not None

    has_changed = has_ended

    def ask(self):
        """No answer is one too: what asks takes it for an error."""
        answer = None
        with contextlib.suppress(OSError):
            answer = self.machine.ask(f"alice:{self.passwords[self.label]}", "imap")
        status = answer.status if answer else 0
        code = DONE if status == self.expected else STORE if status in (0, 500, 503) else NOT_FOUND
        return Result(code, str(status), "")
