"""What is asked of daemons by others than root, on a machine of their own: users at asp-broker, a proxy at asp-web."""

import contextlib
import http.client
import os
import pathlib
import re
import signal

from daemons import Served
from logins import LOGINS, before_of
from on_database import SiteInDatabase
from points import FEW
from rules import DONE, NO, NOT_FOUND, STORE
from support.account_page import CONFIGURATION
from support.page_user import PageUser
from support.passwords import PRIMARY
from support.run import Result
from support.self_service import EXPLAINED
from support.site import Site
from support.wait import LONG, wait_until
from support.web_sign_in import CONF, WEB
from trial import LAPTOP, OLD, PHONE, SPARE, nothing_before, revoked


class SiteOfMachine(Site):
    """The store of a machine in a sandbox."""

    def __init__(self, machine, folder):
        self.machine, self.folder, self.build, self.admin = machine, folder, machine.build, machine.admin
        self.place = pathlib.Path(f"/proc/{machine.sandbox.first}/root/var/lib/asp")

    def argv(self, *words):
        return [self.admin, *words]

    def execute(self, *words, **options):
        return self.machine.sandbox.run(*words, **options)


class JoinedSite(SiteOfMachine, SiteInDatabase):
    """The store of one that has joined one in a database."""

    def __init__(self, machine, folder):
        super().__init__(machine, folder)
        self.database = machine.joining.taken[machine.sandbox]


class OnMachine(Served):
    """Its paths are as seen from outside: those of mounts begin at each."""

    own = ("/asp/", "asp.conf")

    def __init__(self, machine, library, folder, name, new, before=nothing_before):
        self.machine = machine
        site = SiteOfMachine if machine.joining is None else JoinedSite
        super().__init__(site(machine, folder), library, name, new, before)


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

    def __init__(self, machine, library, folder, name):
        self.asked, alices = self.commands[name]
        super().__init__(machine, library, folder, name, {"alice": alices})

    def prepare(self):
        self.begin()

    def begin(self):
        """A broker that remembers nobody."""
        self.machine.again(prefix=self.words)
        self.pids = [self.machine.serves.listener()]
        self.refusals = 0

    def end(self):
        self.machine.serves.close()
        self.machine.serves = None

    def has_ended(self):
        return self.machine.serves.process.poll() is not None

    def has_changed(self):
        """Also where she would soon have to wait: after three wrong answers."""
        return self.has_ended() or self.machine.serves.workers()[-1:] != self.pids or self.refusals > 1

    def ask(self):
        return self.command(*self.asked)

    def ask_next(self):
        return self.command("list")

    def command(self, *words):
        """What she is asked before is no error. PAM may not let her in for a call of the conversation's or of its own, and
        she is told of that."""
        run = self.machine.run("alice", *words, input=f"{PRIMARY['alice']}\n")
        self.machine.serves.no_sessions()
        is_told = run.code == NO and re.search("asp-admin: (you were not let in: |there was no answer\n)", run.err)
        self.refusals += bool(is_told)
        code = STORE if is_told else run.code
        return Result(code, run.out, run.err.removeprefix(f"{EXPLAINED}Password: "))


def end_web(web):
    """What entered the sandbox ends with what it has started there."""
    if web.process is None:
        return
    with contextlib.suppress(ProcessLookupError, AssertionError):
        os.kill(web.pid(), signal.SIGKILL)
    web.process.wait(LONG)
    web.process = None


class WebRequest(OnMachine):
    """A proxy asks asp-web whether a login is right, which asks the broker."""

    configuration = (
        'broker: { clients = ( { user = "asp-authorize"; services = [ "imap" ]; } ); };',
        'web: { address_header = "X-Real-IP"; };',
        "virtual_users = true;",
    )

    def __init__(self, machine, library, folder, name):
        self.login = LOGINS[name]
        self.promises = self.login.is_accepted
        before = before_of(self.login, lambda site: lambda: machine.set_primary("alice", "another"))
        super().__init__(machine, library, folder, f"asp-web, {name}", {"alice": self.login.alices}, before)

    def prepare(self):
        self.machine.start_broker()
        self.begin()

    def begin(self):
        self.end()
        self.machine.begin(prefix=self.words)
        self.pids = [self.machine.web.pid()]

    def end(self):
        end_web(self.machine.web)

    def has_ended(self):
        return self.machine.web.process.poll() is not None

    has_changed = has_ended

    def ask(self):
        """No answer is one too: what asks takes it for an error."""
        answer = None
        with contextlib.suppress(OSError):
            answer = self.machine.ask(f"alice:{self.passwords[self.login.label]}", "imap")
        status, expected = answer.status if answer else 0, 200 if self.login.is_accepted else 401
        code = DONE if status == expected else STORE if status in (0, 500, 503) else NOT_FOUND
        return Result(code, str(status), "")


# What comes of an answer that is none, or not whole.
NO_ANSWER = (OSError, AttributeError, LookupError, ValueError, AssertionError, http.client.HTTPException)


class PageRequest(OnMachine):
    """What the account page asks of asp-web for a user, who has signed in; and the sign-in. The broker does it."""

    some = FEW

    requests = {
        "sign in": (None, OLD["alice"]),
        "list": (("list", "--json"), OLD["alice"]),
        "create": (
            ("create", "--label", "New", "--app", "mail", "--json"),
            [LAPTOP, ("New", "active", "mail"), PHONE, SPARE],
        ),
        "revoke all": (("revoke", "--all", "--json"), revoked(LAPTOP, PHONE, SPARE)),
    }
    configuration = (CONF, CONFIGURATION, "virtual_users = true;")

    def __init__(self, machine, page, library, folder, name):
        self.page = page
        self.asked, alices = self.requests[name]
        super().__init__(machine, library, folder, f"account page, {name}", {"alice": alices})

    def prepare(self):
        self.begin()

    def begin(self):
        self.machine.again(prefix=self.words)
        wait_until(lambda: self.machine.listens(WEB), f"nobody listens at {WEB}")
        end_web(self.page)
        self.page.start(prefix=self.words)
        self.pids = [self.page.pid(), self.machine.serves.listener()]
        self.sign_ins = 0

    def end(self):
        end_web(self.page)
        self.machine.serves.close()
        self.machine.serves = None

    def has_ended(self):
        return self.page.process.poll() is not None or self.machine.serves.process.poll() is not None

    def has_changed(self):
        """Also where it is not sure that she has signed out: she may be signed in five times."""
        is_same = not self.has_ended() and self.machine.serves.workers()[-1:] == self.pids[1:]
        return not is_same or self.sign_ins > 2

    def get_ready(self):
        self.user = self.new_user()
        if self.asked is not None:
            self.user.signs_in()

    def new_user(self):
        self.sign_ins += 1
        return PageUser(self.page)

    def ask(self):
        if self.asked is None:
            return self.sign_in(self.user)
        return self.run(self.user, *self.asked)

    def ask_next(self):
        """Who has signed in need not be any more."""
        self.sign_out(self.user)
        user = self.new_user()
        run = self.sign_in(user)
        if run.code == DONE:
            run = self.run(user, "list", "--json")
        self.sign_out(user)
        return run

    def sign_out(self, user):
        answer = self.answer(lambda: {"status": user.browser.post("/api/sign-out").status})
        self.sign_ins -= answer.get("status") == 200

    def sign_in(self, user):
        answer = self.answer(lambda: user.tries("alice", PRIMARY["alice"]))
        return Result(DONE if answer.get("outcome") == "signed-in" else STORE, str(answer), "")

    def run(self, user, *words):
        answer = self.answer(lambda: user.run(*words))
        return Result(answer.get("code", STORE), answer.get("out", ""), answer.get("err", str(answer)))

    @staticmethod
    def answer(ask):
        """None is one too, and what is no document, or not the one that was asked for: the page says that it went wrong."""
        with contextlib.suppress(*NO_ANSWER):
            return ask()
        return {}
