"""The shipped fail2ban filter and jail, on lines that the module really wrote, see logged.py. What is compared is which
addresses are counted.
"""

import re

import pytest
from logged import (
    ENROLLED,
    FILES,
    FORGOTTEN,
    HOSTS,
    LABELS,
    LOGGER,
    NAMES,
    PROGRAMS,
    SERVICES,
    VERDICTS,
    VIA,
    VICTIM,
    LoggedMail,
    at_once,
    logged,
)
from support.dovecot_recipes import dovecot_version
from support.recipes import recipe
from support.wait import comes_true

FORMS = {**FILES, "journal": "systemd-journal"}
MODES = ["mode=normal", "mode=app-only", "mode=normal, via=yes", "mode=app-only, via=yes"]


class GuessedMail(LoggedMail):
    """That mail server with fail2ban."""

    def __init__(self, box, build):
        super().__init__(box, build)
        self.counts = {}

    def set_up(self):
        super().set_up()
        for folder in ("filter.d", "jail.d"):
            self.install(f"fail2ban/{folder}/pam-asp.conf", f"/etc/fail2ban/{folder}/pam-asp.conf")

    def counted(self, form, options):
        """The addresses that fail2ban-regex counts, each as often as it does."""
        if (form, options) not in self.counts:
            self.counts[form, options] = self.regex(FORMS[form], f"pam-asp[{options}]")
        return self.counts[form, options]

    def regex(self, *words):
        run = self.sandbox.run("fail2ban-regex", "--out", "ip", *words).done()
        assert run.err == "", run
        return run.out.split()


@pytest.fixture(scope="module")
def machine(sandboxes, layer, build):
    """All the lines, once for all tests."""
    with logged(GuessedMail, layer, build, "fail2ban-regex", "fail2ban-client") as mail:
        if mail.sandbox.run("/usr/bin/python3", "-c", "import systemd.journal").code != 0:
            pytest.skip("no python3-systemd: neither installed nor unpacked in ASP_LAYER")
        yield mail


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


# Lesson: what phones do to a password.
def test_the_normal_mode_counts_wrong_secrets_alone(machine, form):
    assert among(machine.counted(form, "mode=normal"), VERDICTS.values()) == {VERDICTS["wrong-secret"]}


def test_the_mode_app_only_counts_what_is_no_app_password_and_who_has_none(machine, form):
    counted = ["wrong-secret", "not-an-app-password", "no-account"]
    assert among(machine.counted(form, "mode=app-only"), VERDICTS.values()) == {VERDICTS[word] for word in counted}


# Lesson: Nextcloud #51533, Kanidm #3456.
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


# Lesson: Nextcloud #51533, Kanidm #3456.
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
