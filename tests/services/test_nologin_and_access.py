"""Beside pam_nologin and pam_access, as conf/with-other-modules has them: they bar app passwords too, where they stand
before pam_asp. A real Dovecot asks.
"""

import re

import pytest
from support.passwords import PRIMARY
from support.recipes import account_first, change, pam_file
from support.sandbox import MODULES

HOME, HOME_6, AWAY = "192.0.2.7", "2001:db8::7", "198.51.100.7"
NO_LOGIN = "/run/nologin"


@pytest.fixture
def shut(mail):
    """Makes and takes away the file that shuts the machine."""
    mail.sandbox.need_module("pam_nologin.so")
    mail.sandbox.write("/etc/pam.d/imap", pam_file("with-other-modules/nologin", mail.build))
    yield lambda: mail.sandbox.write(NO_LOGIN, "The machine goes down.\n")
    mail.sandbox.run("rm", "-f", NO_LOGIN).done()


@pytest.fixture
def restricted(mail):
    mail.sandbox.need_module("pam_access.so")
    mail.sandbox.write("/etc/pam.d/imap", pam_file("with-other-modules/access", mail.build))
    mail.sandbox.write("/etc/security/access-mail.conf", pam_file("with-other-modules/access-mail.conf", mail.build))
    mail.sandbox.shell("getent group travel >/dev/null || groupadd travel; gpasswd -M bob travel").done()
    return mail


def pam_asp_first(mail, recipe):
    """The recipe's lines, but with pam_asp before the module that is to bar."""
    mail.sandbox.write("/etc/pam.d/imap", account_first(pam_file(recipe, mail.build)))


def either(mail):
    """The auth lines of asp-either with the account lines that are there."""
    account = [line for line in mail.sandbox.read("/etc/pam.d/imap").splitlines() if line.startswith("account")]
    auth = [line for line in pam_file("pam.d/asp-either", mail.build).splitlines() if line.startswith("auth")]
    mail.sandbox.write("/etc/pam.d/imap", "\n".join([*auth, *account, ""]))


def test_while_nologin_is_there_no_app_password_opens(mail, shut):
    password = mail.create("alice", "Phone", "--app", "mail")
    assert mail.curl("alice", password)
    shut()
    assert not mail.curl("alice", password)
    mail.sandbox.run("rm", NO_LOGIN).done()
    assert mail.curl("alice", password)


def test_nologin_lets_root_in_and_shuts_virtual_users_out(mail, shut):
    root = mail.create("root", "Phone", "--app", "mail")
    carol = mail.create("carol@example.org", "Phone", "--app", "mail", "--virtual")
    assert mail.auth("carol@example.org", carol)
    shut()
    assert mail.auth("root", root)
    assert not mail.auth("carol@example.org", carol)


def test_behind_pam_asp_nologin_bars_the_primary_alone(mail, shut):
    """Why the recipe has it before."""
    pam_asp_first(mail, "with-other-modules/nologin")
    either(mail)
    password = mail.create("alice", "Phone", "--app", "mail")
    shut()
    assert mail.auth("alice", password)
    assert not mail.auth("alice", PRIMARY["alice"])


def test_access_says_from_where_an_app_password_opens(restricted):
    alices = restricted.create("alice", "Phone", "--app", "mail")
    bobs = restricted.create("bob", "Phone", "--app", "mail")
    assert restricted.curl("alice", alices)
    assert [restricted.auth("alice", alices, rhost=rhost) for rhost in (HOME, HOME_6, AWAY)] == [True, True, False]
    assert restricted.auth("bob", bobs, rhost=AWAY), "bob may travel"
    assert not restricted.auth("bob", alices, rhost=HOME)


def test_on_a_machine_without_ipv6_newer_libpam_fits_no_network_of_it(restricted):
    """As access-mail.conf says: such a module asks the C library, which then gives it none."""
    newer = restricted.sandbox.shell(f"grep -q 'cannot resolve hostname' {MODULES}/pam_access.so").code == 0
    password = restricted.create("alice", "Phone", "--app", "mail")
    restricted.sandbox.run("ip", "addr", "add", "192.0.2.1/32", "dev", "lo").done()
    try:
        assert [restricted.auth("alice", password, rhost=rhost) for rhost in (HOME, HOME_6)] == [True, not newer]
    finally:
        restricted.sandbox.run("ip", "addr", "del", "192.0.2.1/32", "dev", "lo").done()


def test_access_holds_for_the_primary_as_well(restricted):
    either(restricted)
    restricted.create("alice", "Phone", "--app", "mail")
    assert [restricted.auth("alice", PRIMARY["alice"], rhost=rhost) for rhost in (HOME, AWAY)] == [True, False]


def test_the_log_says_who_was_barred_with_which_password(restricted):
    password = restricted.create("alice", "Phone", "--app", "mail")
    assert not restricted.auth("alice", password, rhost=AWAY)
    (line,) = restricted.log(1)
    assert (line.word("verdict"), line.word("rhost"), line.word("id")) == ("accepted", AWAY, password[:2])
    denied = rf"pam_access\(imap:account\): access denied for user `alice' from `{AWAY}'"
    assert re.search(denied, restricted.sandbox.read("/run/messages"))


def test_access_refuses_virtual_users_unless_told_otherwise(restricted):
    """By the line that the recipe gives."""
    carol = restricted.create("carol@example.org", "Phone", "--app", "mail", "--virtual")
    alice = restricted.create("alice", "Phone", "--app", "mail")
    assert not restricted.auth("carol@example.org", carol, rhost=HOME)
    recipe = pam_file("with-other-modules/access", restricted.build)
    (instead,) = re.findall(r"(?m)^# +(account +\[.*pam_access\.so .*)$", recipe)
    (line,) = re.findall(r"(?m)^account .*pam_access\.so .*$", recipe)
    restricted.sandbox.write("/etc/pam.d/imap", change(recipe, "\n" + line, "\n" + instead))
    assert restricted.auth("carol@example.org", carol, rhost=AWAY)
    assert [restricted.auth("alice", alice, rhost=rhost) for rhost in (HOME, AWAY)] == [True, False]


def test_behind_pam_asp_access_bars_nobody_with_an_app_password(restricted):
    """Why the recipe has it before."""
    pam_asp_first(restricted, "with-other-modules/access")
    password = restricted.create("alice", "Phone", "--app", "mail")
    assert restricted.auth("alice", password, rhost=AWAY)
