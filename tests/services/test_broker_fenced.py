"""A host that is root and fenced in, as by SELinux or a read-only /var: what it is denied, the broker decides or
writes. Without one, what was decided stands."""

import pytest
from support.broker import AUTHINFO_UNAVAIL, AUTH_ERR, CRED_INSUFFICIENT, SUCCESS, Host, Site, in_its_place, message

HOOK = "/usr/local/libexec/hook"
START = "/run/asp/broker.sock: no asp-broker is there: start asp-broker.socket, or asp-broker(8) itself"

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


@pytest.fixture(scope="module")
def shared(sandboxes, layer, build):
    site = Site(layer, build)
    yield site
    site.close()


@pytest.fixture
def site(shared):
    """alice with a password for calendars and one for its first use; bob's primary has changed since."""
    shared.reset(f'hooks: {{ revoked = "{HOOK}"; }};')
    shared.phone = shared.create("alice", "Phone", "--app", "calendar")
    shared.first = shared.create("alice", "First")
    shared.bobs = shared.create("bob", "Phone", "--app", "calendar")
    shared.said()
    yield shared
    shared.sandbox.shell("chmod 640 /etc/shadow; test ! -d /var/lib/asp || chmod 700 /var/lib/asp").done()


@pytest.fixture
def fence(site):
    hosts = []

    def make(*prefix):
        hosts.append(Host(site, "root", prefix))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()


def entry(site, label, user="alice"):
    (found,) = [one for one in site.json("list", user, "--all") if one["label"] == label]
    return found


# A store that is read-only here


def test_a_use_is_recorded_by_the_broker(site, fence):
    with site.serving():
        host = fence(*READ_ONLY)
        assert host.login(site.phone).code == SUCCESS
        line = site.said_one()
        assert (line.by, line.word("verdict"), line.word("via")) == ("asp-broker", "accepted", "root")
        assert entry(site, "Phone")["last_used"]["rhost"] == "192.0.2.7"
        # As long as nothing is to be written, nobody is asked.
        assert host.login(site.phone).code == SUCCESS
        line = site.said_one()
        assert (line.by, line.word("verdict"), "via=" in line.text) == ("nginx:auth", "accepted", False)


def test_a_first_use_is_bound_by_the_broker(site, fence):
    with site.serving():
        host = fence(*READ_ONLY)
        answer = host.login(site.first)
        assert (answer.code, answer.account, answer.environment["ASP_LABEL"]) == (SUCCESS, SUCCESS, "First")
        assert site.said_one().word("via") == "root"
        found = entry(site, "First")
        assert (found["app"], found["bound"]["service"], found["last_used"]["service"]) == (
            "calendar",
            "nginx",
            "nginx",
        )
        assert host.login(site.first, "imap").code == AUTH_ERR


def test_a_changed_primary_is_revoked_by_the_broker(site, fence):
    site.set_primary("bob", "another one")
    with site.serving():
        assert fence(*READ_ONLY).login(site.bobs, "nginx", "bob").code == AUTH_ERR
        verdict, event = site.said()
        assert (verdict.word("verdict"), verdict.word("via")) == ("primary-changed", "root")
        assert event.text.startswith('event=revoked by="pam:nginx" user="bob" ')
        assert entry(site, "Phone", "bob")["state"] == "revoked"


def test_without_a_broker_what_was_accepted_stands_though_its_use_cannot_be_written(site, fence):
    host = fence(*READ_ONLY)
    for _ in range(2):
        answer = host.login(site.phone)
        assert (answer.code, answer.account, answer.environment["ASP_ID"]) == (SUCCESS, SUCCESS, site.phone[:2])
        line = site.said_one()
        assert (line.severity, line.by, line.word("verdict")) == (6, "nginx:auth", "accepted")
        assert line.text.endswith('label="Phone"')
    assert entry(site, "Phone")["last_used"] is None


def test_without_a_broker_a_first_use_is_unavailable_and_the_log_says_what_to_start(site, fence):
    answer = fence(*READ_ONLY).login(site.first)
    assert (answer.code, answer.environment) == (AUTHINFO_UNAVAIL, {})
    line = site.said_one()
    assert (line.severity, line.word("verdict"), line.word("label")) == (3, "unavailable", "First")
    assert line.word("cause").startswith("/var/lib/asp/") and line.word("cause").endswith(
        f": Read-only file system; {START}"
    )
    assert entry(site, "First")["bound"] is None


def test_without_a_broker_a_changed_primary_is_refused_and_the_log_says_what_to_start(site, fence):
    site.set_primary("bob", "another one")
    assert fence(*READ_ONLY).login(site.bobs, "nginx", "bob").code == AUTH_ERR
    line = site.said_one()
    assert (line.severity, line.word("verdict")) == (3, "primary-changed")
    assert line.word("cause").endswith(f": Read-only file system; {START}")
    assert entry(site, "Phone", "bob")["state"] == "active"


def test_what_is_refused_here_is_refused_without_asking(site, fence):
    """Nothing is to be written for it. The broker that is there would let everybody in."""
    yes = message(3, b"accepted\0", b"calendar\0", b"7k\0", b"Phone\0")
    site.sandbox.run("mkdir", "-m", "755", "/run/asp").done()
    site.asp_admin("revoke", "alice", "--label", "Phone").done()
    with in_its_place(site, yes.hex()):
        host = fence(*READ_ONLY)
        assert host.login(site.phone).code == AUTH_ERR
        assert host.login(site.first[:-1] + ("x" if site.first[-1] != "x" else "y")).code == AUTH_ERR
        assert host.login("correct horse").code == CRED_INSUFFICIENT
        verdicts = [line.word("verdict") for line in site.said() if "verdict" in line.text]
        assert verdicts == ["revoked", "wrong-secret", "not-an-app-password"]
        assert site.sandbox.read("/run/asp/broker.sock.heard") == ""


def test_a_broker_of_another_user_is_told_nothing_by_root_either(site, fence):
    yes = message(3, b"accepted\0", b"calendar\0", b"7k\0", b"Phone\0")
    site.sandbox.run("mkdir", "-m", "755", "/run/asp").done()
    with in_its_place(site, yes.hex(), user="www-data"):
        assert fence(*READ_ONLY).login(site.first).code == AUTHINFO_UNAVAIL
        assert "listens there, which is not root: nothing was sent to it" in site.said_one().word("cause")
        assert site.sandbox.read("/run/asp/broker.sock.heard") == ""


def test_a_broker_that_is_fenced_in_itself_lets_in_and_writes_nothing(site, fence):
    """It does not ask another one, nor itself."""
    with site.serving(prefix=READ_ONLY):
        host = fence(*READ_ONLY)
        assert host.login(site.phone).code == SUCCESS
        assert site.said_one().word("via") == "root"
        answer = host.login(site.first)
        assert (answer.code, answer.seconds < 0.9) == (AUTHINFO_UNAVAIL, True), "nobody was waited for"
        line = site.said_one()
        assert line.word("verdict") == "unavailable" and "Read-only" in line.word("cause")


# Shadow, or the store, that may not be read here


def test_shadow_that_may_not_be_read_is_read_by_the_broker(site, fence):
    site.sandbox.run("chmod", "000", "/etc/shadow").done()
    site.set_primary("bob", "another one")
    site.sandbox.run("chmod", "000", "/etc/shadow").done()
    with site.serving():
        host = fence(*CONFINED)
        assert host.login(site.phone).code == SUCCESS
        assert site.said_one().word("via") == "root"
        assert host.login(site.bobs, "nginx", "bob").code == AUTH_ERR
        assert site.said()[0].word("verdict") == "primary-changed"
        assert entry(site, "Phone", "bob")["state"] == "revoked"


def test_without_a_broker_shadow_that_may_not_be_read_is_unavailable(site, fence):
    site.sandbox.shell("touch /etc/shadow; chmod 000 /etc/shadow").done()
    assert fence(*CONFINED).login(site.phone).code == AUTHINFO_UNAVAIL
    line = site.said_one()
    assert (line.severity, line.word("verdict")) == (3, "unavailable")
    assert line.word("cause") == f"/etc/shadow: Permission denied; {START}"


@pytest.mark.parametrize(
    "path", ["/var/lib/asp", "/var/lib/asp/users", "/var/lib/asp/users/alice", "/var/lib/asp/used"]
)
def test_a_store_that_may_not_be_read_is_read_by_the_broker(site, fence, path):
    """Its broker may pass over modes, and finds nothing wrong with those that are closer than they need be."""
    site.sandbox.run("chmod", "000", path).done()
    with site.serving():
        host = fence(*CONFINED)
        assert host.login(site.phone).code == SUCCESS
        assert site.said_one().word("via") == "root"
        assert entry(site, "Phone")["last_used"]["service"] == "nginx"
        assert host.login("wrong").code == CRED_INSUFFICIENT
        assert host.login(site.phone, "nginx", "nobody-of-that-name").code != SUCCESS
    site.said()
    answer = fence(*CONFINED).login(site.phone)
    if path == "/var/lib/asp/used":
        assert answer.code == SUCCESS, "a use that cannot be written decides nothing"
        assert site.said_one().word("verdict") == "accepted"
    else:
        assert answer.code == AUTHINFO_UNAVAIL
        assert START in site.said_one().word("cause")
