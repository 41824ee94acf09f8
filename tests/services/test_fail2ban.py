"""The shipped fail2ban filter and jail, on lines that the module really wrote: through Dovecot, through libpam with
names that no service would pass on, and through asp-broker. They are read from the three places where they can be: the
file of a real rsyslogd, in both its forms, and a real journal.

Each login comes from an address of its own, and what is compared is which addresses are counted.
"""

import concurrent.futures
import re
import time

import pytest
from support.broker import serving
from support.dovecot_recipes import dovecot_version
from support.mail import Mail, dovecot
from support.passwords import PRIMARY, wrong
from support.recipes import recipe
from support.run import BIN, as_user
from support.sandbox import Sandbox
from support.wait import comes_true

FORMS = {"traditional": "/var/log/auth.log", "iso": "/var/log/iso.log", "journal": "systemd-journal"}
MODES = ["mode=normal", "mode=app-only", "mode=normal, via=yes", "mode=app-only, via=yes"]

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
for program in fail2ban-regex fail2ban-client rsyslogd dovecot doveadm /usr/lib/systemd/systemd-journald; do
    command -v "$program" >/dev/null || { echo "no ${program##*/}"; exit; }
done
/usr/bin/python3 -c 'import systemd.journal' 2>/dev/null || echo "no python3-systemd"
"""


class GuessedMail(Mail):
    """A mail server with a journal, rsyslog and fail2ban."""

    def __init__(self, box, build):
        super().__init__(box, build, "/run/d")
        self.counts = {}
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
        for folder in ("filter.d", "jail.d"):
            self.install(f"fail2ban/{folder}/pam-asp.conf", f"/etc/fail2ban/{folder}/pam-asp.conf")

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

    def counted(self, form, options):
        """The addresses that fail2ban-regex counts, each as often as it does."""
        if (form, options) not in self.counts:
            self.counts[form, options] = self.regex(FORMS[form], f"pam-asp[{options}]")
        return self.counts[form, options]

    def regex(self, *words):
        run = self.sandbox.run("fail2ban-regex", "--out", "ip", *words).done()
        assert run.err == "", run
        return run.out.split()


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


@pytest.fixture(scope="module")
def machine(sandboxes, layer, build):
    """All the lines, once for all tests."""
    box = Sandbox(layer)
    missing = box.shell(NEEDED).done().out.strip()
    if missing:
        box.close()
        pytest.skip(f"{missing}: neither installed nor unpacked in ASP_LAYER")
    mail = GuessedMail(box, build)
    mail.set_up()
    with dovecot(box, "/run/d", 143, "%s", "auth_username_chars =", "auth_username_format ="):
        mail.write_all()
        yield mail
    box.close()


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


def among(counted, addresses):
    return set(counted) & set(addresses)


def test_the_module_has_written_what_the_other_tests_look_for(machine):
    """Without it they would prove little: that nothing is counted is easily had."""
    lines = machine.lines()

    def written(verdict, rhost, by):
        return [line for line in lines if f" {by}: verdict={verdict} rhost={rhost} " in re.sub(r"\[\d+\]", "", line)]

    for verdict, rhost in VERDICTS.items():
        assert len(written(verdict, rhost, "auth: pam_asp(imap:auth)")) == 1, (verdict, lines)
    for verdict, rhost in VIA.items():
        (line,) = written(verdict, rhost, "asp-broker")
        assert line.endswith(' via="nginx"')
    for rhost in [host or "-" for host in HOSTS]:
        assert written("wrong-secret", rhost, "libpam: pam_asp(imap:auth)"), (rhost, lines)
    for rhost in [*NAMES, *SERVICES, *PROGRAMS, *LABELS]:
        assert any(f" rhost={rhost} " in line for line in lines), (rhost, lines)


def test_the_normal_mode_counts_wrong_secrets_alone(machine, form):
    assert among(machine.counted(form, "mode=normal"), VERDICTS.values()) == {VERDICTS["wrong-secret"]}


def test_the_mode_app_only_counts_what_is_no_app_password_and_who_has_none(machine, form):
    counted = ["wrong-secret", "not-an-app-password", "no-account"]
    assert among(machine.counted(form, "mode=app-only"), VERDICTS.values()) == {VERDICTS[word] for word in counted}


@pytest.mark.parametrize("options", MODES)
def test_a_forgotten_phone_is_counted_by_no_mode(machine, form, options):
    phone = [VERDICTS[verdict] for verdict in FORGOTTEN] + [VIA["revoked"]]
    assert not among(machine.counted(form, options), phone)


def test_addresses_are_counted_and_names_are_not(machine, form):
    """Not even those that a name or an address with a zone could be taken for."""
    counted = machine.counted(form, "mode=normal")
    assert among(counted, HOSTS.values()) == {address for address in HOSTS.values() if address}
    assert not among(counted, [*HOSTS, "127.0.0.1", "::1", "192.0.2.23", "fe80::22"])


def test_lines_of_the_broker_are_counted_where_asked_for(machine, form):
    assert not among(machine.counted(form, "mode=app-only"), VIA.values())
    assert among(machine.counted(form, "mode=normal, via=yes"), VIA.values()) == {VIA["wrong-secret"]}
    with_broker = {VIA["wrong-secret"], VIA["no-account"]}
    assert among(machine.counted(form, "mode=app-only, via=yes"), VIA.values()) == with_broker


@pytest.mark.parametrize("options", MODES)
def test_no_name_gets_another_address_counted(machine, form, options):
    assert VICTIM not in machine.counted(form, options)


def test_who_chooses_a_hostile_name_is_counted(machine, form):
    assert among(machine.counted(form, "mode=normal"), NAMES) == set(ENROLLED)
    assert among(machine.counted(form, "mode=app-only"), NAMES) == set(NAMES)


def test_a_service_or_program_with_an_odd_name_is_not_counted(machine, form):
    plain = {rhost for rhost, service in SERVICES.items() if service.isalnum()}
    assert among(machine.counted(form, "mode=app-only, via=yes"), [*SERVICES, *PROGRAMS]) == plain


def test_a_hostile_label_makes_nothing_of_a_forgotten_phone(machine, form):
    assert not among(machine.counted(form, "mode=app-only, via=yes"), LABELS)


def test_these_names_do_fool_a_careless_filter(machine, form):
    """One that looks for the address alone, and the shipped one without its end."""
    assert VICTIM in machine.regex(FORMS[form], "rhost=<HOST> ")
    shipped = recipe("fail2ban/filter.d/pam-asp.conf")
    cut = re.sub(r"(?m)\$$", "", shipped)
    assert cut.count("$") == shipped.count("$") - 2
    machine.sandbox.write("/etc/fail2ban/filter.d/careless.conf", cut)
    assert VICTIM in machine.regex(FORMS[form], "careless")


def test_in_the_journal_what_a_user_has_written_herself_is_not_counted(machine):
    assert LOGGER not in machine.counted("journal", "mode=normal")
    assert LOGGER in machine.counted("traditional", "mode=normal"), "in a file it is: the filter says so"


def test_the_jail_of_dovecot_counts_a_forgotten_phone(machine):
    """What our jail warns of; and that it does not with Dovecot 2.4. Does it there one day, the jail is to say so."""
    assert not machine.curl("alice", machine.lost)
    knows = dovecot_version(machine.sandbox) == "2.3"
    assert machine.regex("/run/d/log", "dovecot") == (["127.0.0.1"] if knows else [])


JAILS = """[DEFAULT]
banaction = to-file

[pam-asp-journal]
enabled = true
filter = pam-asp[mode=app-only]
backend = systemd
"""

TO_FILE = """[Definition]
actionban = echo "<name> <ip>" >>/run/banned
"""


def test_fail2ban_bans_who_guesses_and_not_the_home_of_a_forgotten_phone(machine):
    """The shipped jail as it is, and another that reads the journal in the mode app-only."""
    home, guesser, prober = "203.0.113.1", "203.0.113.2", "203.0.113.3"
    box = machine.sandbox
    box.write("/etc/fail2ban/jail.local", JAILS)
    box.write("/etc/fail2ban/action.d/to-file.conf", TO_FILE)
    box.shell("mkdir -p /run/fail2ban /var/lib/fail2ban; touch /run/banned")
    box.shell("fail2ban-client start </dev/null >/run/fail2ban.said 2>&1 || { cat /run/fail2ban.said; exit 1; }").done()
    try:
        at_once([(machine.auth, "alice", machine.lost, "imap", home)] * 6)
        # Their names say that it is somebody else.
        at_once([(machine.auth, *guess, "imap", guesser) for guess in machine.guesses.items()])
        at_once([(machine.auth, "alice", "password", "imap", prober)] * 5)
        expected = {f"pam-asp {guesser}", f"pam-asp-journal {guesser}", f"pam-asp-journal {prober}"}
        comes_true(lambda: set(box.read("/run/banned").splitlines()) >= expected, interval=0.2)
        assert set(box.read("/run/banned").splitlines()) == expected, box.read("/var/log/fail2ban.log")
    finally:
        box.run("fail2ban-client", "stop").done()
