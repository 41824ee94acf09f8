"""What the host of PAM tells of itself and of its client, as it can be told: which verdict comes of it, what is logged
and remembered, and what an entry with networks makes of it.

libpam is asked directly, with the shipped stack for every service, for no server passes all of this on; and Dovecot
where it does.
"""

import contextlib
import ipaddress

import pytest
from support.recipes import recipe, with_module
from support.run import BIN
from support.system_log import parsed

CONFDIR = "/run/hosts/pam.d"
NETWORKS = ["192.0.2.0/24", "2001:db8::/32", "fe80::/10"]

# PAM_RHOST; whether it is in NETWORKS; and what is logged and remembered where that is something else.
HOSTS = [
    ("192.0.2.7", True),
    ("198.51.100.7", False),
    ("::ffff:192.0.2.7", True),
    ("::FFFF:C000:207", True),
    ("::ffff:198.51.100.7", False),
    ("::192.0.2.7", False),
    ("2001:db8::7", True),
    ("2001:DB8:0:0::7", True),
    ("2001:db9::7", False),
    ("fe80::1", True),
    ("fe80::1%eth0", True),
    ("FE80::1%2", True),
    ("fec0::1%eth0", False),
    ("192.0.2.7%eth0", False),
    ("%eth0", False, "-"),
    ("", False, "-"),
    ("-", False, "-"),
    ("client.example.org", False),
    ("192.0.2.7.example.org", False),
    ("192.0.2.7 ", False, "-"),
    ("192.0.2.7, 198.51.100.7", False, "-"),
    ("[2001:db8::7]", False, "-"),
    ("192.0.2.7\nverdict=accepted", False, "-"),
]

# An address with something behind it that is no zone is no address.
NO_ZONES = ["fe80::1%", "fe80::1%%", "fe80::1%eth0 x", "fe80::1%eth0/64", "fe80::1%eth0\n", "fe80::1%" + "e" * 200]


@pytest.fixture
def host(mail):
    """A store of its own, and a resolver that would put a name into the networks."""
    mail.sandbox.write(f"{CONFDIR}/other", with_module(recipe("pam.d/asp-only"), mail.build))
    mail.sandbox.shell("grep -q client.example.org /etc/hosts || echo 192.0.2.7 client.example.org >>/etc/hosts").done()

    def login(password, service="imap", rhost=""):
        """The line that it leaves; an empty rhost is none."""
        run = mail.sandbox.run(BIN / "pam_login", CONFDIR, service, "alice", rhost, input=password)
        (line,) = mail.log(1)
        assert run.code == (0 if line.word("verdict") == "accepted" else 7), (run, line)  # 7: PAM_AUTH_ERR
        return line

    mail.login = login
    return mail


def with_networks(mail, app="mail"):
    networks = [word for network in NETWORKS for word in ("--from", network)]
    return mail.create("alice", "Home", "--app", app, *networks)


def cause(name):
    """What the log says of a host that is no address."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(name)
        return ""
    more = " but something else, and names are not looked up" if name else ""
    return f' cause="PAM was told no address{more}"'


def test_a_host_is_logged_and_held_against_the_networks_as_what_it_is(host):
    password = with_networks(host)
    for name, inside, *logged in HOSTS:
        line = host.login(password, rhost=name)
        found = (line.word("rhost"), line.word("verdict"))
        assert found == ((logged or [name])[0], "accepted" if inside else "wrong-network"), name
        assert line.word("user") == "alice" and line.text.endswith(f' label="Home"{cause(name)}'), line


def test_an_address_with_no_zone_behind_its_sign_is_in_no_network(host):
    password = with_networks(host)
    assert {name: host.login(password, rhost=name).word("verdict") for name in NO_ZONES} == dict.fromkeys(
        NO_ZONES, "wrong-network"
    )


def test_without_networks_every_host_is_good_and_remembered_if_it_can_be_shown(host):
    password = host.create("alice", "Anywhere", "--app", "mail")
    for name in ("198.51.100.7", "", "client.example.org", "192.0.2.7 ", "fe80::1%eth0", "[2001:db8::7]"):
        line = host.login(password, rhost=name)
        assert line.word("verdict") == "accepted"
        used = host.entry(password[:2])["last_used"]["rhost"]
        assert used == (None if line.word("rhost") == "-" else name)


def test_dovecot_tells_of_an_address_in_either_family_and_of_none(host):
    password = with_networks(host)
    assert host.auth("alice", password, rhost="::ffff:192.0.2.7")
    assert host.auth("alice", password, rhost="2001:db8::7")
    assert not host.auth("alice", password, rhost="::ffff:198.51.100.7")
    words = ["doveadm", "-c", f"{host.folder}/dovecot.conf", "auth", "test", "-x", "service=imap", "alice", password]
    assert host.sandbox.run(*words).code == 77
    lines = [(line.word("verdict"), line.word("rhost")) for line in host.log(4)]
    assert lines == [
        ("accepted", "::ffff:192.0.2.7"),
        ("accepted", "2001:db8::7"),
        ("wrong-network", "::ffff:198.51.100.7"),
        ("wrong-network", "-"),
    ]


# A service is often the name of a program, with its path as it was started.


def test_a_service_is_its_last_part_in_lower_case(host):
    password = host.create("alice", "Phone", "--app", "mail")
    for service in ("IMAP", "/usr/lib/dovecot/imap", "../imap", "/etc/pam.d/Imap"):
        line = host.login(password, service)
        assert (line.by, line.word("service"), line.word("app")) == ("imap:auth", "imap", "mail")
        assert line.word("verdict") == "accepted"


def test_a_guarded_service_is_guarded_however_it_is_named(host):
    passwords = [host.create("alice", app, "--app", app) for app in ("any", "first-use")]
    for service in ("SSHD", "/usr/sbin/sshd", "../sshd", "Su", "x/SUDO"):
        for password in passwords:
            line = host.login(password, service)
            assert line.word("service") == service.rpartition("/")[2].lower()
            assert line.word("verdict") == "wrong-app"


ODD = {
    "": "",
    "imap/": "",
    "imap ": "imap ",
    " sshd": " sshd",
    "im ap": "im ap",
    'im"ap': r"im\x22ap",
    "im\\ap": r"im\x5cap",
    "\u00efmap": r"\xc3\xafmap",
    "imap,sshd": "imap,sshd",
    "imap:auth): x": "imap:auth): x",
    "i" * 65: "i" * 64,
}


def test_a_service_whose_name_can_not_be_is_opened_by_nothing(host):
    passwords = {app: host.create("alice", app, "--app", app) for app in ("any", "first-use")}
    for service, logged in ODD.items():
        for password in passwords.values():
            line = host.login(password, service)
            assert f' service="{logged}" app=- id={password[:2]} ' in line.text
            assert line.word("verdict") == "wrong-app"
    for app, password in passwords.items():
        assert host.entry(password[:2])["app"] == app, "nothing is bound"


def test_a_service_whose_name_would_begin_a_line_is_opened_by_nothing_and_begins_none(host):
    """It does not stand before the line, where it would be as it is."""
    for app in ("any", "first-use"):
        password = host.create("alice", app, "--app", app)
        run = host.sandbox.run(BIN / "pam_login", CONFDIR, "imap\n", "alice", "", input=password)
        assert run.code == 7, run  # PAM_AUTH_ERR
        (line,) = [line for line in parsed(host.log_file.take()) if line.text.startswith("PAM verdict=")]
        assert rf' service="imap\x0a" app=- id={password[:2]} ' in line.text
        assert line.word("verdict") == "wrong-app"
        assert host.entry(password[:2])["app"] == app, "nothing is bound"
