"""A mail server whose log is read: lines that the module really wrote, through Dovecot, through libpam with names that
no service would pass on, and through asp-broker. They are in the three places where they can be: the file of a real
rsyslogd, in both its forms, and a real journal.

Each login comes from an address of its own.
"""

import concurrent.futures
import contextlib
import time

import pytest
from support.broker import serving
from support.mail import Mail, dovecot
from support.passwords import PRIMARY, wrong
from support.run import BIN, as_user
from support.sandbox import Sandbox

FILES = {"traditional": "/var/log/auth.log", "iso": "/var/log/iso.log"}

# Whom no name may get banned.
VICTIM = "192.0.2.66"

VERDICTS = {
    "accepted": "192.0.2.1",
    "wrong-secret": "192.0.2.2",
    "not-an-app-password": "192.0.2.3",
    "no-account": "192.0.2.4",
    "revoked": "192.0.2.5",
    "expired": "192.0.2.6",
    "unused": "192.0.2.7",
    "wrong-app": "192.0.2.8",
    "wrong-network": "192.0.2.9",
    "primary-changed": "192.0.2.10",
    "primary-locked": "192.0.2.11",
    "unavailable": "192.0.2.12",
    "wrong-case": "192.0.2.13",
}
FORGOTTEN = [
    "wrong-case",
    "revoked",
    "expired",
    "unused",
    "wrong-app",
    "wrong-network",
    "primary-changed",
    "primary-locked",
]

# A host as PAM is told it, and the address that is counted for it.
HOSTS = {
    "2001:db8:0::2": "2001:db8::2",
    "2001:DB8:0::3": "2001:db8::3",
    "::ffff:192.0.2.20": "192.0.2.20",
    "::ffff:c000:215": "192.0.2.21",
    "fe80::22%eth0": None,
    "mail.example.org": None,
    "localhost": None,
    "192.0.2.23.example.org": None,
    "": None,
}

# What is behind the address in a line of its own, and such a line.
FORGED = f'verdict=wrong-secret rhost={VICTIM} user="a" service="imap" app="mail" id=- label=-'
LINE = f"Nov 25 10:00:00 host auth[1]: pam_asp(imap:auth): {FORGED}"
NAMES = {
    "192.0.2.100": f"x rhost={VICTIM} x",
    "192.0.2.101": f"verdict=wrong-secret rhost={VICTIM}",
    "192.0.2.102": FORGED,
    "192.0.2.103": LINE,
    "192.0.2.104": f"x\n{LINE}\n",
    "192.0.2.105": f'x" rhost={VICTIM} user="x',
    "192.0.2.106": f'x" service="imap" app="mail" id=- label=-\r\n{LINE}',
    "192.0.2.107": f'x\\" rhost={VICTIM} \\',
    "192.0.2.108": f'x" via="x" rhost={VICTIM}',
    "192.0.2.109": "n" * 250,
    "192.0.2.110": f"{FORGED} {'n' * 150}",
    "192.0.2.111": "x\t\x1b[2J\x7f%s%n",
    "192.0.2.112": "J\u00f6rg \u202e",
    "192.0.2.113": "x service=- app=- id=- label=-",
    "192.0.2.114": f"'; ban {VICTIM}; $(ban {VICTIM})",
    "192.0.2.115": f" rhost={VICTIM} ",
    "192.0.2.116": " service=- app=- id=- label=-",
}
# They can have an account, so their secret can be wrong.
ENROLLED = ["192.0.2.100", "192.0.2.101", "192.0.2.102", "192.0.2.105", "192.0.2.113"]

# libpam puts the service into the line a first time as it is.
SERVICES = {
    "192.0.2.120": f'imap:auth): verdict=wrong-secret rhost={VICTIM} user="',
    "192.0.2.121": f"imap:auth): {FORGED}",
    "192.0.2.122": f"imap\n{LINE}\n",
    "192.0.2.123": f" service=- app=- id=- label=- {FORGED}",
    "192.0.2.124": "i" * 250,
    "192.0.2.125": "im ap",
}
# And the program that asks has a name of its own.
PROGRAMS = {
    "192.0.2.130": f'x: pam_asp(imap:auth): verdict=wrong-secret rhost={VICTIM} user="',
    "192.0.2.131": f"x[1]: pam_asp(imap:auth): {FORGED}",
    "192.0.2.132": f"x\n{LINE}\n",
}
LABELS = {
    "192.0.2.140": f'" verdict=wrong-secret rhost={VICTIM} user="a" id=- label=-',
    "192.0.2.141": f"pam_asp(imap:auth): verdict=wrong-secret rhost={VICTIM} user=-",
}
# What comes through asp-broker, and what an ordinary user writes to the log herself.
VIA = {"wrong-secret": "192.0.2.150", "no-account": "192.0.2.151", "revoked": "192.0.2.152"}
LOGGER = "192.0.2.160"

JOURNALD = """[Journal]
Storage=volatile
ForwardToSyslog=yes
ReadKMsg=no
Audit=no
RateLimitBurst=0
"""

RSYSLOG = """module(load="imuxsock" SysSock.Name="/run/systemd/journal/syslog" SysSock.RateLimit.Interval="0")
if $syslogfacility-text == ["auth", "authpriv"] then {
    action(type="omfile" file="/var/log/auth.log" template="RSYSLOG_TraditionalFileFormat")
    action(type="omfile" file="/var/log/iso.log" template="RSYSLOG_FileFormat")
}
"""

LOGGING = """
install -d /run/systemd /run/log/journal
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
/usr/lib/systemd/systemd-journald </dev/null >/dev/null 2>&1 &
for i in {1..100}; do [[ -S /run/systemd/journal/dev-log ]] && break; sleep 0.05; done
ln -s /run/systemd/journal/dev-log /dev/log
rsyslogd -f /run/rsyslog.conf -i /run/rsyslog.pid
"""

NEEDED = """
for program in "$@" rsyslogd dovecot doveadm /usr/lib/systemd/systemd-journald; do
    command -v "$program" >/dev/null || { echo "no ${program##*/}"; exit; }
done
"""


class LoggedMail(Mail):
    """A mail server with a journal and rsyslog."""

    def __init__(self, box, build):
        super().__init__(box, build, "/run/d")
        self.guesses = {}

    def set_up(self):
        box = self.sandbox
        box.write("/etc/systemd/journald.conf", JOURNALD)
        box.write("/run/rsyslog.conf", RSYSLOG)
        box.shell(LOGGING).done()
        box.shell(
            "groupadd asp; for user in alice bob carol dave nginx; do"
            ' getent passwd "$user" >/dev/null || useradd --create-home --home-dir "/run/$user" "$user"; done;'
            "usermod --append --groups asp nginx"
        ).done()
        for user in ("alice", "bob", "carol", "dave"):
            self.set_primary(user, PRIMARY["alice"])
        self.stack("asp-only", "imap", "other")
        # Anybody's DNS may say what it likes.
        box.shell('echo "$1 mail.example.org" >>/etc/hosts', VICTIM).done()

    def libpam(self, user, password, service="imap", rhost="", program="libpam", prefix=()):
        """A login by a program of that name which passes on whatever it is told."""
        words = ["/usr/bin/python3", BIN / "pam_login", "/etc/pam.d", service, user, rhost]
        run = self.sandbox.run(*prefix, "bash", "-c", 'exec -a "$0" "$@"', program, *words, input=password)
        assert 0 <= run.code < 32 and run.err == "", run
        return run.code == 0

    def write_all(self):
        """Each line that the tests look for, and last one that a user has written herself."""
        self.phone, self.lost = write_verdicts(self)
        write_names(self, self.phone)
        write_via_broker(self, self.phone, self.lost)
        forged = FORGED.replace(VICTIM, LOGGER)
        words = ("logger", "-p", "authpriv.notice", "-t", "auth", f"pam_asp(imap:auth): {forged}")
        self.sandbox.run(*as_user("alice"), *words).done()
        for log in ("cat /var/log/auth.log", "cat /var/log/iso.log", "journalctl"):
            self.sandbox.shell(f"until {log} | grep {LOGGER}; do sleep 0.05; done >/dev/null").done()

    def lines(self):
        """All that was written, one way or the other."""
        return self.sandbox.read("/var/log/auth.log").splitlines()


def at_once(calls):
    """Refusals of Dovecot's take half a second each."""
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(*call) for call in calls]:
            done.result()


def write_verdicts(mail):
    """Each verdict once, through Dovecot, from its address."""
    phone = mail.create("alice", "Phone", "--app", "mail")
    late = mail.create("alice", "Late", "--app", "mail", "--expires", "1s")
    idle = mail.create("alice", "Idle", "--app", "mail", "--unused", "1s")
    lost = mail.create("alice", "Lost", "--app", "mail")
    mail.asp_admin("revoke", "alice", lost[:2]).done()
    changed = mail.create("bob", "Phone", "--app", "mail")
    mail.set_primary("bob", PRIMARY["bob"])
    locked = mail.create("carol", "Phone", "--app", "mail")
    mail.sandbox.run("usermod", "--lock", "carol").done()
    mail.create("dave", "Phone", "--app", "mail")
    mail.sandbox.shell("echo broken >/var/lib/asp/users/dave").done()
    logins = {
        "wrong-secret": ("alice", wrong(phone)),
        "wrong-case": ("alice", phone.upper()),
        "not-an-app-password": ("alice", PRIMARY["alice"]),
        "no-account": ("nobody-of-that-name", phone),
        "revoked": ("alice", lost),
        "wrong-app": ("alice", mail.create("alice", "Calendar", "--app", "calendar")),
        "wrong-network": ("alice", mail.create("alice", "Home", "--app", "mail", "--from", "203.0.113.0/24")),
        "primary-changed": ("bob", changed),
        "primary-locked": ("carol", locked),
        "unavailable": ("dave", phone),
        "expired": ("alice", late),
        "unused": ("alice", idle),
    }
    assert mail.auth("alice", phone, rhost=VERDICTS["accepted"])
    time.sleep(1.1)
    at_once([(mail.auth, *login, "imap", VERDICTS[verdict]) for verdict, login in logins.items()])
    return phone, lost


def write_names(mail, phone):
    guess = wrong(phone)
    calls = [(mail.auth, name, guess, "imap", rhost) for rhost, name in NAMES.items()]
    for rhost in ENROLLED:
        mail.guesses[NAMES[rhost]] = wrong(mail.create(NAMES[rhost], "Phone", "--app", "mail", "--virtual"))
        calls.append((mail.auth, NAMES[rhost], mail.guesses[NAMES[rhost]], "imap", rhost))
    calls += [(mail.auth, "alice", guess, service, rhost) for rhost, service in SERVICES.items()]
    for rhost, label in LABELS.items():
        revoked = mail.create("alice", label, "--app", "mail")
        mail.asp_admin("revoke", "alice", revoked[:2], "--reason", label).done()
        calls.append((mail.auth, "alice", revoked, "imap", rhost))
    at_once(calls)
    for rhost in HOSTS:
        mail.libpam("alice", guess, rhost=rhost)
    for rhost, program in PROGRAMS.items():
        mail.libpam("alice", guess, rhost=rhost, program=program)


def write_via_broker(mail, phone, lost):
    """As nginx, which is not root and in the group asp."""
    hostile = f'y" rhost={VICTIM} user="y'
    logins = {"wrong-secret": ("alice", wrong(phone)), "no-account": (hostile, phone), "revoked": ("alice", lost)}
    with serving(mail.sandbox, mail.build / "asp-broker" / "asp-broker"):
        for verdict, (user, password) in logins.items():
            mail.libpam(user, password, "imap", VIA[verdict], prefix=as_user("nginx"))


@contextlib.contextmanager
def logged(kind, layer, build, *needed):
    """One of that class, with all the lines. Skips where something that is needed is not there."""
    box = Sandbox(layer)
    missing = box.shell(NEEDED, *needed).done().out.strip()
    if missing:
        box.close()
        pytest.skip(f"{missing}: neither installed nor unpacked in ASP_LAYER")
    try:
        mail = kind(box, build)
        mail.set_up()
        with dovecot(box, "/run/d", 143, "%s", "auth_username_chars =", "auth_username_format ="):
            mail.write_all()
            yield mail
    finally:
        box.close()
