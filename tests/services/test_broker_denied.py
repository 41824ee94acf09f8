"""A host that is root and denied things, as by SELinux or a read-only /var: what it is denied, the broker decides or
writes. Without one, what was decided stands."""

import pytest
from support.broker import OUTCOME, SOCKET, Host, in_its_place, message
from support.pam_codes import AUTHINFO_UNAVAIL, AUTH_ERR, CRED_INSUFFICIENT, SUCCESS
from support.passwords import PRIMARY, wrong

HOOK = "/usr/local/libexec/hook"
START = f"{SOCKET}: no asp-broker is there: start asp-broker.socket, or asp-broker(8) itself"

# As a mount namespace of systemd's with ProtectSystem=strict has it.
READ_ONLY = (
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mount --bind -o ro "$1" "$1" && shift && exec "$@"',
    "sh",
    "/var/lib/asp",
)
# Root that may not pass over the modes of files, as one that SELinux holds to its type.
CONFINED = ("setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search")


@pytest.fixture
def machine(broker_machine):
    """alice with a password for calendars and one for its first use; bob's primary has changed since."""
    broker_machine.reset(f'hooks: {{ revoked = "{HOOK}"; }};')
    broker_machine.phone = broker_machine.create("alice", "Phone", "--app", "calendar")
    broker_machine.first = broker_machine.create("alice", "First")
    broker_machine.bobs = broker_machine.create("bob", "Phone", "--app", "calendar")
    broker_machine.said()
    yield broker_machine
    broker_machine.sandbox.shell("chmod 640 /etc/shadow; test ! -d /var/lib/asp || chmod 700 /var/lib/asp").done()


@pytest.fixture
def denied_host(machine):
    hosts = []

    def make(*prefix):
        hosts.append(Host(machine.sandbox, "root", prefix))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()


# A store that is read-only here


def test_a_broker_that_may_not_write_the_store_says_so_once(machine):
    """As its unit has it where the store was moved."""
    host = machine.host()
    with machine.serving(prefix=READ_ONLY):
        for service in ("nginx", "apache2", "nginx"):
            assert host.login(machine.phone, service).code == SUCCESS
        lines = [line for line in machine.said() if not line.is_decision]
        assert [line.by for line in lines] == ["asp-broker"]
        assert "/var/lib/asp may not be written by this process" in lines[0].text
        assert "asp-admin doctor" in lines[0].text
    assert machine.entry_of("Phone")["last_used"] is None


def test_a_use_is_recorded_by_the_broker(machine, denied_host):
    with machine.serving():
        host = denied_host(*READ_ONLY)
        assert host.login(machine.phone).code == SUCCESS
        line = machine.said_one()
        assert (line.by, line.word("verdict"), line.word("via")) == ("asp-broker", "accepted", "root")
        assert machine.entry_of("Phone")["last_used"]["rhost"] == "192.0.2.7"
        # As long as nothing is to be written, nobody is asked.
        assert host.login(machine.phone).code == SUCCESS
        line = machine.said_one()
        assert (line.by, line.word("verdict"), "via=" in line.text) == ("nginx:auth", "accepted", False)


def test_a_first_use_is_bound_by_the_broker(machine, denied_host):
    with machine.serving():
        host = denied_host(*READ_ONLY)
        answer = host.login(machine.first)
        assert (answer.code, answer.account, answer.environment["ASP_LABEL"]) == (SUCCESS, SUCCESS, "First")
        assert machine.said_one().word("via") == "root"
        found = machine.entry_of("First")
        assert (found["app"], found["bound"]["service"], found["last_used"]["service"]) == (
            "calendar",
            "nginx",
            "nginx",
        )
        assert host.login(machine.first, "imap").code == AUTH_ERR


def test_a_changed_primary_is_revoked_by_the_broker(machine, denied_host):
    machine.set_primary("bob", "another one")
    with machine.serving():
        assert denied_host(*READ_ONLY).login(machine.bobs, "nginx", "bob").code == AUTH_ERR
        verdict, event = machine.said()
        assert (verdict.word("verdict"), verdict.word("via")) == ("primary-changed", "root")
        assert event.text.startswith('event=revoked by="pam:nginx" user="bob" ')
        assert machine.entry_of("Phone", "bob")["state"] == "revoked"


def test_without_a_broker_what_was_accepted_stands_though_its_use_cannot_be_written(machine, denied_host):
    host = denied_host(*READ_ONLY)
    for _ in range(2):
        answer = host.login(machine.phone)
        assert (answer.code, answer.account, answer.environment["ASP_ID"]) == (SUCCESS, SUCCESS, machine.phone[:2])
        line = machine.said_one()
        assert (line.severity, line.by, line.word("verdict")) == (6, "nginx:auth", "accepted")
        assert line.text.endswith('label="Phone"')
    assert machine.entry_of("Phone")["last_used"] is None


def test_without_a_broker_a_first_use_is_unavailable_and_the_log_says_what_to_start(machine, denied_host):
    answer = denied_host(*READ_ONLY).login(machine.first)
    assert (answer.code, answer.environment) == (AUTHINFO_UNAVAIL, {})
    line = machine.said_one()
    assert (line.severity, line.word("verdict"), line.word("label")) == (3, "unavailable", "First")
    assert line.word("cause").startswith("/var/lib/asp/") and line.word("cause").endswith(
        f": Read-only file system; {START}"
    )
    assert machine.entry_of("First")["bound"] is None


def test_without_a_broker_a_changed_primary_is_refused_and_the_log_says_what_to_start(machine, denied_host):
    machine.set_primary("bob", "another one")
    assert denied_host(*READ_ONLY).login(machine.bobs, "nginx", "bob").code == AUTH_ERR
    line = machine.said_one()
    assert (line.severity, line.word("verdict")) == (3, "primary-changed")
    assert line.word("cause").endswith(f": Read-only file system; {START}")
    assert machine.entry_of("Phone", "bob")["state"] == "active"


def test_what_is_refused_here_is_refused_without_asking(machine, denied_host):
    """Nothing is to be written for it. The broker that is there would let everybody in."""
    yes = message(OUTCOME, b"accepted\0", b"calendar\0", b"7k\0", b"Phone\0")
    machine.sandbox.run("mkdir", "-m", "755", "/run/asp").done()
    machine.asp_admin("revoke", "alice", "--label", "Phone").done()
    with in_its_place(machine.sandbox, yes.hex()):
        host = denied_host(*READ_ONLY)
        assert host.login(machine.phone).code == AUTH_ERR
        assert host.login(wrong(machine.first)).code == AUTH_ERR
        assert host.login(PRIMARY["alice"]).code == CRED_INSUFFICIENT
        verdicts = [line.word("verdict") for line in machine.said() if "verdict" in line.text]
        assert verdicts == ["revoked", "wrong-secret", "not-an-app-password"]
        assert machine.sandbox.read(f"{SOCKET}.received") == ""


def test_a_broker_of_another_user_is_told_nothing_by_root_either(machine, denied_host):
    yes = message(OUTCOME, b"accepted\0", b"calendar\0", b"7k\0", b"Phone\0")
    machine.sandbox.run("mkdir", "-m", "755", "/run/asp").done()
    with in_its_place(machine.sandbox, yes.hex(), user="www-data"):
        assert denied_host(*READ_ONLY).login(machine.first).code == AUTHINFO_UNAVAIL
        assert "listens there, which is not root: nothing was sent to it" in machine.said_one().word("cause")
        assert machine.sandbox.read(f"{SOCKET}.received") == ""


def test_a_broker_that_may_not_write_either_lets_in_and_writes_nothing(machine, denied_host):
    """It does not ask another one, nor itself."""
    with machine.serving(prefix=READ_ONLY):
        host = denied_host(*READ_ONLY)
        assert host.login(machine.phone).code == SUCCESS
        (decision, note) = machine.said()
        assert decision.word("via") == "root" and "may not be written by this process" in note.text
        answer = host.login(machine.first)
        assert (answer.code, answer.seconds < 0.9) == (AUTHINFO_UNAVAIL, True), "nobody was waited for"
        line = machine.said_one()
        assert line.word("verdict") == "unavailable" and "Read-only" in line.word("cause")


# Shadow, or the store, that may not be read here


def test_shadow_that_may_not_be_read_is_read_by_the_broker(machine, denied_host):
    machine.sandbox.run("chmod", "000", "/etc/shadow").done()
    machine.set_primary("bob", "another one")
    machine.sandbox.run("chmod", "000", "/etc/shadow").done()
    with machine.serving():
        host = denied_host(*CONFINED)
        assert host.login(machine.phone).code == SUCCESS
        assert machine.said_one().word("via") == "root"
        assert host.login(machine.bobs, "nginx", "bob").code == AUTH_ERR
        assert machine.said()[0].word("verdict") == "primary-changed"
        assert machine.entry_of("Phone", "bob")["state"] == "revoked"


def test_without_a_broker_shadow_that_may_not_be_read_is_unavailable(machine, denied_host):
    machine.sandbox.shell("touch /etc/shadow; chmod 000 /etc/shadow").done()
    assert denied_host(*CONFINED).login(machine.phone).code == AUTHINFO_UNAVAIL
    line = machine.said_one()
    assert (line.severity, line.word("verdict")) == (3, "unavailable")
    assert line.word("cause") == f"/etc/shadow: Permission denied; {START}"


@pytest.mark.parametrize(
    "path", ["/var/lib/asp", "/var/lib/asp/users", "/var/lib/asp/users/alice", "/var/lib/asp/used"]
)
def test_a_store_that_may_not_be_read_is_read_by_the_broker(machine, denied_host, path):
    """Its broker may pass over modes, and finds nothing wrong with those that are closer than they need be."""
    machine.sandbox.run("chmod", "000", path).done()
    with machine.serving():
        host = denied_host(*CONFINED)
        assert host.login(machine.phone).code == SUCCESS
        assert machine.said_one().word("via") == "root"
        assert machine.entry_of("Phone")["last_used"]["service"] == "nginx"
        assert host.login("wrong").code == CRED_INSUFFICIENT
        assert host.login(machine.phone, "nginx", "nobody-of-that-name").code != SUCCESS
    machine.said()
    answer = denied_host(*CONFINED).login(machine.phone)
    if path == "/var/lib/asp/used":
        assert answer.code == SUCCESS, "a use that cannot be written decides nothing"
        assert machine.said_one().word("verdict") == "accepted"
    else:
        assert answer.code == AUTHINFO_UNAVAIL
        assert START in machine.said_one().word("cause")
