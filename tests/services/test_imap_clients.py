"""The shipped Dovecot configuration with the protocols' own names as PAM services, and the IMAP clients that people have: curl, mbsync, fetchmail.

The clients come from an address of their own, CLIENT: it is not the one that they ask.
"""

import contextlib
import re

import pytest
from clients import CLIENTS, fetch, put_mail
from support.dovecot_recipes import BY_PROTOCOL, CACHED, dovecot_recipe
from support.mail import Mail, dovecot, lead_doveadm_to
from support.passwords import PRIMARY

SERVER, CLIENT = "192.0.2.1", "192.0.2.7"
LISTEN = f"listen = 127.0.0.1, {SERVER}, ::1"
CACHE = "auth_cache_size = 10M"
HOOK = "/etc/asp/hooks/dovecot"
PROTOCOLS = ["imap", "pop3", "sieve", "submission", "smtp"]


@contextlib.contextmanager
def dovecot_with(box, folder, port, *changes):
    """A Dovecot that can cache: but as the recipe is shipped nothing of PAM's is in there."""
    box.write(f"{folder}/recipe", dovecot_recipe(box, BY_PROTOCOL, *changes))
    with dovecot(box, folder, port, f"{folder}/recipe", LISTEN, CACHE):
        put_mail(box, f"{folder}/mail/alice", "alice")
        yield folder, port


@pytest.fixture(scope="module")
def box(dovecot_box):
    dovecot_box.shell(
        "ip addr replace $1/32 dev lo; ip addr replace $2/32 dev lo;"
        "ip route replace local $1 dev lo table local src $2",
        SERVER,
        CLIENT,
    ).done()
    yield dovecot_box
    # Others ask in this sandbox too, and with an address of IPv4 alone pam_access knows no network of IPv6.
    dovecot_box.shell("ip addr del $1/32 dev lo; ip addr del $2/32 dev lo", SERVER, CLIENT).done()


@pytest.fixture(scope="module")
def plain(box):
    with dovecot_with(box, "/run/i", 1143) as where:
        yield where


@pytest.fixture(scope="module")
def caching(box):
    with dovecot_with(box, "/run/j", 2143, CACHED) as where:
        yield where


def begin(box, build, where):
    """Before anybody has an app password. The PAM files are those that the recipe says to make."""
    folder, port = where
    mail = Mail(box, build, folder)
    mail.port = port
    mail.reset()
    mail.stack("asp-only", "asp-only")
    (loop,) = re.findall(r"(?m)^  # +(for .*; done)$", dovecot_recipe(box))
    box.shell(f"cd /etc/pam.d; rm -f {' '.join(PROTOCOLS)}; {loop}; rm asp-only").done()
    return mail


@pytest.fixture
def imap(box, build, plain):
    yield begin(box, build, plain)
    box.shell(f"cd /etc/pam.d; rm -f {' '.join(PROTOCOLS)}").done()


@pytest.fixture
def cached(box, build, caching):
    """With the hook."""
    mail = begin(box, build, caching)
    mail.install("hooks/dovecot", HOOK, "755")
    mail.configure(f'hooks: {{ revoked = "{HOOK}"; }};')
    lead_doveadm_to(box, caching[0])
    yield mail
    box.shell(f"cd /etc/pam.d; rm -f {' '.join(PROTOCOLS)}").done()


@pytest.fixture(params=CLIENTS)
def client(request, box):
    box.need(request.param)
    return request.param


def logs_in(mail, client, password, host=SERVER):
    return fetch(client, mail.sandbox, host, mail.port, "alice", password)


def line(verdict, id="-", label="-", rhost=CLIENT):
    return f'verdict={verdict} rhost={rhost} user="alice" service="imap" app="mail" id={id} label={label}'


def test_a_client_with_its_app_password_gets_the_mail_and_is_named(imap, client):
    password = imap.create("alice", "Laptop", "--app", "mail", "--from", CLIENT)
    assert logs_in(imap, client, password)
    (logged,) = imap.log(1)
    assert (logged.by, logged.text) == ("imap:auth", line("accepted", password[:2], '"Laptop"'))
    used = imap.entry(password[:2])["last_used"]
    assert (used["service"], used["rhost"]) == ("imap", CLIENT)


def test_a_client_at_another_address_is_refused(imap, client):
    password = imap.create("alice", "Laptop", "--app", "mail", "--from", CLIENT)
    assert not logs_in(imap, client, password, "127.0.0.1")
    assert imap.log(1)[0].text == line("wrong-network", password[:2], '"Laptop"', "127.0.0.1")


def test_a_client_that_comes_by_ipv6_is_named_by_its_address(imap):
    password = imap.create("alice", "Laptop", "--app", "mail", "--from", "::1")
    assert logs_in(imap, "curl", password, "[::1]")
    assert imap.log(1)[0].text == line("accepted", password[:2], '"Laptop"', "::1")


def test_an_app_password_of_another_app_fetches_nothing(imap, client):
    password = imap.create("alice", "Calendar", "--app", "calendar")
    assert not logs_in(imap, client, password)
    assert imap.log(1)[0].text == line("wrong-app", password[:2], '"Calendar"')


def test_a_revoked_app_password_fetches_nothing_from_then_on(imap, client):
    password = imap.create("alice", "Laptop", "--app", "mail")
    assert logs_in(imap, client, password)
    imap.asp_admin("revoke", "alice", password[:2]).done()
    assert not logs_in(imap, client, password)
    assert imap.log(2)[1].text == line("revoked", password[:2], '"Laptop"')


def test_the_primary_password_fetches_nothing(imap, client):
    imap.create("alice", "Laptop", "--app", "mail")
    assert not logs_in(imap, client, PRIMARY["alice"])
    assert imap.log(1)[0].text == line("not-an-app-password")


def test_with_the_pam_files_of_the_recipe_no_protocol_takes_the_primary_password(imap):
    password = imap.create("alice", "Laptop", "--app", "mail")
    for protocol in PROTOCOLS:
        assert not imap.auth("alice", PRIMARY["alice"], protocol)
        assert imap.auth("alice", password, protocol)
    lines = imap.log(2 * len(PROTOCOLS))
    assert [logged.word("verdict") for logged in lines] == ["not-an-app-password", "accepted"] * len(PROTOCOLS)
    assert [logged.word("service") for logged in lines[1::2]] == PROTOCOLS


def test_a_protocol_without_a_pam_file_takes_the_primary_password(imap):
    """What the recipe warns of."""
    if "common-auth" not in imap.sandbox.read("/etc/pam.d/other"):
        pytest.skip("/etc/pam.d/other is not Debian's")
    imap.create("alice", "Laptop", "--app", "mail")
    imap.sandbox.run("rm", "/etc/pam.d/pop3").done()
    assert imap.auth("alice", PRIMARY["alice"], "pop3")
    imap.log(0)


def test_from_a_cache_as_the_recipe_has_it_nobody_gets_in_with_what_was_revoked(cached, client):
    """The user's other device is where it was."""
    lost = cached.create("alice", "Laptop", "--app", "mail")
    kept = cached.create("alice", "Phone", "--app", "mail")
    for password in (lost, kept, lost, kept):
        assert logs_in(cached, client, password)
    cached.log(2)  # the other two were from the cache
    cached.asp_admin("revoke", "alice", lost[:2]).done()
    assert not logs_in(cached, client, lost)
    assert logs_in(cached, client, kept)
    assert [logged.word("verdict") for logged in cached.log(2)] == ["revoked", "accepted"]
