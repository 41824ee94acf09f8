"""The shipped stacks that also let the primary password in: `asp-either` and `asp-enrolled`, asked by a real Dovecot.

alice has an app password, bob has none.
"""

import pytest
from support.passwords import PRIMARY, wrong

ALICES, BOBS = PRIMARY["alice"], PRIMARY["bob"]


@pytest.fixture
def either(mail):
    mail.stack("asp-either")
    return mail


@pytest.fixture
def enrolled(mail):
    mail.stack("asp-enrolled")
    return mail


@pytest.fixture(params=["asp-either", "asp-enrolled"])
def mixed(request, mail):
    mail.stack(request.param)
    return mail


def unix_takes(mail, user, password):
    """Whether pam_unix alone takes it: shows that a refusal elsewhere is not pam_unix's."""
    mail.sandbox.write("/etc/pam.d/radicale", "auth required pam_unix.so\naccount required pam_unix.so\n")
    return mail.auth(user, password, "radicale")


def test_an_app_password_opens(mixed):
    password = mixed.create("alice", "Phone", "--app", "mail")
    assert mixed.curl("alice", password)
    assert mixed.imaplib("alice", password)


def test_the_primary_of_who_has_no_app_password_opens(mixed):
    mixed.create("alice", "Phone", "--app", "mail")
    assert mixed.curl("bob", BOBS)
    assert not mixed.curl("bob", "not his")


def test_either_lets_the_primary_of_an_enrolled_user_in(either):
    either.create("alice", "Phone", "--app", "mail")
    assert either.curl("alice", ALICES)
    assert either.verdict() == "not-an-app-password"
    assert not either.curl("alice", "not hers")


def test_enrolled_refuses_the_primary_of_an_enrolled_user(enrolled):
    enrolled.create("alice", "Phone", "--app", "mail")
    assert unix_takes(enrolled, "alice", ALICES)
    assert not enrolled.curl("alice", ALICES)


def test_enrolled_refuses_the_primary_after_the_last_app_password_is_revoked(enrolled):
    enrolled.create("alice", "Phone", "--app", "mail")
    enrolled.asp_admin("revoke", "alice", "--all").done()
    assert not enrolled.curl("alice", ALICES)
    enrolled.asp_admin("remove", "alice").done()
    assert enrolled.curl("alice", ALICES), "who is removed is as before"


def test_a_revoked_app_password_never_reaches_pam_unix(mixed):
    password = mixed.create("alice", "Phone", "--app", "mail")
    mixed.asp_admin("revoke", "alice", password[:2]).done()
    # The worst case: pam_unix would take this very text.
    mixed.set_primary("alice", password)
    assert unix_takes(mixed, "alice", password)
    assert not mixed.curl("alice", password)
    assert mixed.verdict() == "revoked"


def test_a_wrong_secret_never_reaches_pam_unix(mixed):
    password = mixed.create("alice", "Phone", "--app", "mail")
    guess = wrong(password)
    mixed.set_primary("alice", guess)
    assert unix_takes(mixed, "alice", guess)
    assert not mixed.curl("alice", guess)
    assert mixed.verdict() == "wrong-secret"


def test_an_app_password_of_another_app_never_reaches_pam_unix(mixed):
    password = mixed.create("alice", "Diary", "--app", "calendar")
    mixed.set_primary("alice", password)
    assert unix_takes(mixed, "alice", password)
    assert not mixed.curl("alice", password)
    assert mixed.verdict() == "wrong-app"


def test_either_lets_the_primary_in_while_the_store_is_away(either):
    password = either.create("alice", "Phone", "--app", "mail")
    either.sandbox.shell("rm -r /var/lib/asp").done()
    assert either.curl("alice", ALICES)
    assert not either.curl("alice", password)
    assert [line.word("verdict") for line in either.log(2)] == ["unavailable", "unavailable"]


# Lesson: a store that is not mounted.
def test_enrolled_lets_nobody_in_while_the_store_is_away(enrolled):
    enrolled.create("alice", "Phone", "--app", "mail")
    enrolled.sandbox.shell("rm -r /var/lib/asp").done()
    assert not enrolled.curl("alice", ALICES)
    assert not enrolled.curl("bob", BOBS)


def test_a_broken_configuration_lets_nobody_in(mixed):
    password = mixed.create("alice", "Phone", "--app", "mail")
    mixed.sandbox.write("/etc/asp/asp.conf", "limit = nonsense;\n")
    assert not mixed.curl("alice", password)
    assert not mixed.curl("alice", ALICES)
    assert not mixed.curl("bob", BOBS)


# Lesson: pam_unix on the account stack.
def test_an_account_that_pam_unix_shuts_is_shut_for_the_primary_alone(either):
    password = either.create("alice", "Phone", "--app", "mail")
    either.sandbox.run("chage", "--lastday", "0", "alice").done()
    assert not either.curl("alice", ALICES)
    assert either.curl("alice", password)
