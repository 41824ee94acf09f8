"""Logins; and those of a host of root's, in which calls of the module go wrong: it decides them itself, or where accounts
are in a database a broker does that answers it."""

import contextlib
import dataclasses
import typing

from points import FEW, KILL
from power_operations import CHANGE
from rules import DONE, NOT_FOUND, STORE
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, BUF_ERR, SERVICE_ERR, SUCCESS, SYSTEM_ERR
from support.primaries import Shadow
from support.run import BIN, Result
from support.tracing import STRACE, injecting, look_at_configuration, read_calls
from trial import LAPTOP, OLD, PHONE, SPARE, Trial, nothing_before, revoked


def with_another_primary(site):
    """Alice has one once there are accounts."""
    shadow = Shadow(site)
    shadow.say({"alice": "one", "bob": "two", "carol": "three"})
    return lambda: shadow.say({"alice": "another", "bob": "two", "carol": "three"})


def before_of(login, change=with_another_primary):
    return change if login.is_after_change else nothing_before


class Login(typing.NamedTuple):
    """By which of alice's app passwords, or "wrong"; the verdict; what is made of her account; whether her primary password
    has become another one before."""

    label: str
    verdict: str
    alices: list
    is_after_change: bool = False

    @property
    def is_accepted(self):
        return self.verdict == "accepted"

    def is_answered(self, verdict):
        """Also where she comes again."""
        return verdict == self.verdict or (self.is_after_change and verdict == "revoked")


LOGINS = {
    "first use": Login("Spare", "accepted", [LAPTOP, PHONE, ("Spare", "active", "mail")]),
    "accepted": Login("Phone", "accepted", OLD["alice"]),
    "wrong": Login("wrong", "wrong-secret", OLD["alice"]),
    "primary changed": Login("Phone", "primary-changed", revoked(LAPTOP, PHONE, SPARE), is_after_change=True),
}
# The last one is of libpam itself, which tells the kernel of each login for its audit.
UNAVAILABLE = (AUTHINFO_UNAVAIL, SERVICE_ERR, BUF_ERR, SYSTEM_ERR)


class HostLogin(Trial):
    """Of a program that has the module loaded, see tests/pam/driver.c. What it is told it has masked."""

    lines = None
    some = FEW
    title = "login, {}"

    def __init__(self, site, name):
        self.login = LOGINS[name]
        self.promises = self.login.is_accepted
        with contextlib.ExitStack() as stack:
            self.stack = stack
            super().__init__(site, self.title.format(name), {"alice": self.login.alices}, before_of(self.login))
            self.stack = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def prepare(self):
        conf = self.stack.enter_context(self.site.logins(prefix=self.site.prefix))
        self.look = look_at_configuration(conf)
        self.folder = self.site.folder / "pam.d"
        self.folder.mkdir()
        module = f"{self.site.build / 'pam_asp' / 'pam_asp.so'} config={conf}\n"
        (self.folder / "imap").write_text(f"auth required {module}")
        (self.folder / "passwd").write_text(f"password required {module}")

    def log_in(self, *prefix):
        masked = bytes(byte ^ 0x80 for byte in self.passwords[self.login.label].encode()).decode("utf-8", "surrogateescape")
        asked = f"imap alice 192.0.2.7 {masked}\n"
        program = self.site.build / "tests" / "pam" / "driver"
        run = self.site.execute(*self.site.prefix, *prefix, program, "asked", self.folder, input=asked)
        code = int(run.out.split()[1]) if run.out.startswith("code ") else None
        is_expected = code == (SUCCESS if self.login.is_accepted else AUTH_ERR)
        return Result(DONE if is_expected else STORE if code in (None, *UNAVAILABLE) else NOT_FOUND, run.out, run.err)

    run = log_in

    def clean_run(self):
        """What is done before it says how it ended, if it does, is the operation."""
        log = self.site.folder / "calls"
        self.run(*STRACE, "-y", "-o", log, "-e", "trace=all").done()
        calls = read_calls(log, self.look)
        said = [at for at, call in enumerate(calls) if call.name == "write" and "code " in call.line]
        return calls[: said[0]] if said else calls

    def attempt(self, point):
        action = "signal=SIGKILL" if point.action == KILL else f"error={point.action}"
        return self.run(*injecting(self.site.folder, point.call, action))

    def following(self):
        """She comes again first."""
        run = self.log_in()
        return run if run.code != DONE else super().following()


class PasswordStack(HostLogin):
    """Alice's primary password has just been set, which never fails for what the module does. Who comes then finds it
    changed, whatever was done."""

    title = "password stack"

    def __init__(self, site):
        super().__init__(site, "primary changed")

    def run(self, *prefix):
        run = self.site.execute(*self.site.prefix, *prefix, "/usr/bin/python3", "-c", CHANGE, BIN, self.folder)
        return dataclasses.replace(run, code={SUCCESS: DONE, SYSTEM_ERR: STORE}.get(run.code, NOT_FOUND))
