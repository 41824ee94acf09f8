"""Beside pam_faillock, as conf/with-other-modules/faillock has it: what counts as a wrong primary password, what does
not, and whom a shut account keeps out. A real Dovecot asks; `imap` has the recipe, `pop3` the primary password alone
and the same count.
"""

import re

import pytest
from support.passwords import PRIMARY, wrong
from support.recipes import change, pam_file

ALICES, BOBS = PRIMARY["alice"], PRIMARY["bob"]
DENY = 3
TRIES = range(DENY + 2)

PRIMARY_ALONE = """
auth requisite pam_faillock.so preauth silent
auth [success=1 default=bad] pam_unix.so nodelay
auth [default=die] pam_faillock.so authfail
auth required pam_faillock.so authsucc
account required pam_unix.so
"""


class Counted:
    """Mail, the recipe's text, and the count."""

    def __init__(self, mail):
        mail.sandbox.need_module("pam_faillock.so")
        self.mail = mail
        self.recipe = pam_file("with-other-modules/faillock", mail.build)
        mail.sandbox.write("/etc/security/faillock.conf", f"deny = {DENY}\nunlock_time = 600\nnodelay\n")
        mail.sandbox.run("rm", "-rf", "/run/faillock").done()
        mail.sandbox.write("/etc/pam.d/pop3", PRIMARY_ALONE)
        self.use(self.recipe)

    def use(self, text):
        self.mail.sandbox.write("/etc/pam.d/imap", text)

    def use_enrolled(self):
        """As the end of the recipe says."""
        first = next(line for line in self.recipe.splitlines() if line.startswith("auth "))
        (other,) = re.findall(r"(?m)^#(auth .*)pam_asp\.so$", self.recipe)
        self.use(change(self.recipe, first, f"{other}{self.mail.build}/pam_asp/pam_asp.so"))

    def count(self, user="alice"):
        """The failures that pam_faillock has counted."""
        shown = self.mail.sandbox.run("faillock", "--user", user).done().out
        return len(re.findall(r"(?m)^\d{4}-\d\d-\d\d .* V$", shown))

    def opens(self, password, user="alice", service="imap"):
        return self.mail.auth(user, password, service)

    def try_often(self, password, verdict):
        """A device that goes on trying; each try is refused with that verdict."""
        assert not any(self.opens(password) for _ in TRIES)
        assert [line.word("verdict") for line in self.mail.log(len(TRIES))] == [verdict] * len(TRIES)


@pytest.fixture
def counted(mail):
    return Counted(mail)


# Lesson: Nextcloud #51533, Kanidm #3456.
@pytest.mark.parametrize("enrolled", [False, True], ids=["either", "enrolled"])
def test_a_device_that_goes_on_trying_a_revoked_password_locks_nobody_out(counted, enrolled):
    if enrolled:
        counted.use_enrolled()
    lost = counted.mail.create("alice", "Old phone", "--app", "mail")
    kept = counted.mail.create("alice", "Laptop", "--app", "mail")
    counted.mail.asp_admin("revoke", "alice", lost[:2]).done()
    counted.try_often(lost, "revoked")
    assert counted.count() == 0
    assert counted.opens(kept), "her other app password"
    assert counted.opens(ALICES, service="pop3"), "her primary password, where it is taken"
    assert counted.opens(ALICES) is not enrolled


# Lesson: Nextcloud #51533, Kanidm #3456.
def test_a_real_client_that_goes_on_trying_locks_nobody_out(counted):
    lost = counted.mail.create("alice", "Old phone", "--app", "mail")
    counted.mail.asp_admin("revoke", "alice", "--all").done()
    assert not any(counted.mail.curl("alice", lost) for _ in TRIES)
    assert counted.mail.curl("alice", ALICES)


# Lesson: pam_tally2, pam_faillock.
# Lesson: what phones do to a password.
def test_what_is_wrong_with_an_app_password_is_not_counted(counted):
    password = counted.mail.create("alice", "Phone", "--app", "mail")
    diary = counted.mail.create("alice", "Diary", "--app", "calendar")
    at_home = counted.mail.create("alice", "At home", "--app", "mail", "--from", "203.0.113.1")
    assert not any(counted.opens(one) for one in (wrong(password), password.upper(), diary, at_home))
    verdicts = [line.word("verdict") for line in counted.mail.log(4)]
    assert verdicts == ["wrong-secret", "wrong-case", "wrong-app", "wrong-network"]
    assert counted.count() == 0


def test_wrong_primary_passwords_are_counted_and_shut_the_primary_but_no_app_password(counted):
    phone = counted.mail.create("alice", "Phone", "--app", "mail")
    assert not any(counted.opens("a guess") for _ in range(DENY))
    assert counted.count() == DENY
    assert not counted.opens(ALICES), "the right one, after too many"
    assert not counted.opens(ALICES, service="pop3")
    assert counted.opens(phone)
    assert counted.opens(BOBS, "bob"), "nobody else is shut out"


# Lesson: pam_tally2, pam_faillock.
def test_the_login_of_a_device_does_not_clear_the_count(counted):
    phone = counted.mail.create("alice", "Phone", "--app", "mail")
    for _ in range(DENY):
        assert not counted.opens("a guess")
        assert counted.opens(phone)
    assert counted.count() == DENY
    assert not counted.opens(ALICES)


def test_the_right_primary_clears_the_count(counted):
    counted.mail.create("alice", "Phone", "--app", "mail")
    assert not counted.opens("a guess")
    assert counted.count() == 1
    assert counted.opens(ALICES)
    assert counted.count() == 0


def test_who_has_no_app_password_is_counted_as_before(counted):
    counted.mail.create("alice", "Phone", "--app", "mail")
    counted.use_enrolled()
    assert not any(counted.opens("a guess", "bob") for _ in range(DENY))
    assert (counted.count("bob"), counted.opens(BOBS, "bob")) == (DENY, False)


def test_as_enrolled_the_primary_that_is_refused_is_not_counted(counted):
    counted.mail.create("alice", "Phone", "--app", "mail")
    counted.use_enrolled()
    counted.try_often(ALICES, "not-an-app-password")
    assert counted.count() == 0


def test_while_the_store_is_away_no_device_locks_its_user_out(counted):
    phone = counted.mail.create("alice", "Phone", "--app", "mail")
    away = "mv /var/lib/asp /var/lib/asp.away", "mv /var/lib/asp.away /var/lib/asp"
    counted.mail.sandbox.shell(away[0]).done()
    try:
        counted.try_often(phone, "unavailable")
    finally:
        counted.mail.sandbox.shell(away[1]).done()
    assert counted.count() == 0
    assert counted.opens(phone)
    assert counted.opens(ALICES)


def test_where_only_app_passwords_are_taken_nobody_can_be_shut_out_by_guessing(counted):
    phone = counted.mail.create("alice", "Phone", "--app", "mail")
    counted.mail.stack("asp-only", "imap")
    counted.try_often("a guess", "not-an-app-password")
    assert counted.opens(ALICES, service="pop3")
    assert counted.opens(phone)


# What the recipe says of its order is so: each line moved, the harm is there.


def test_with_preauth_first_a_guesser_shuts_app_passwords_too(counted):
    phone = counted.mail.create("alice", "Phone", "--app", "mail")
    preauth = next(line for line in counted.recipe.splitlines() if "preauth silent" in line)
    text = change(counted.recipe, preauth + "\n", "")
    counted.use(change(text, "auth     [success=done", f"{preauth}\nauth     [success=done"))
    assert not any(counted.opens("a guess") for _ in range(DENY))
    assert not counted.opens(phone)


def test_with_authinfo_unavail_ignored_devices_are_counted_while_the_store_is_away(counted):
    phone = counted.mail.create("alice", "Phone", "--app", "mail")
    counted.use(change(counted.recipe, "[success=done cred_", "[success=done authinfo_unavail=ignore cred_"))
    counted.mail.sandbox.shell("mv /var/lib/asp /var/lib/asp.away").done()
    try:
        counted.try_often(phone, "unavailable")
    finally:
        counted.mail.sandbox.shell("mv /var/lib/asp.away /var/lib/asp").done()
    assert counted.count() >= DENY
    assert not counted.opens(ALICES)


def test_the_devices_of_a_user_who_was_removed_are_counted(counted):
    phone = counted.mail.create("alice", "Phone", "--app", "mail")
    counted.mail.asp_admin("remove", "alice").done()
    counted.try_often(phone, "no-account")
    assert counted.count() == DENY
