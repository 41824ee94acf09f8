"""A real Dovecot asks pam_asp: who gets at the mail over IMAP, who does not, and what the log says of it."""

import pytest
from support.passwords import PRIMARY, wrong
from support.wait import wait_until


@pytest.fixture(params=["curl", "imaplib"])
def login(request, mail):
    """A real IMAP client."""
    return getattr(mail, request.param)


# Lesson: Dovecot's PAM.
def test_an_app_password_lets_an_imap_client_in(mail, login):
    password = mail.create("alice", "Phone", "--app", "mail")
    assert login("alice", password)
    (line,) = mail.log(1)
    assert line.text == (
        f'verdict=accepted rhost=127.0.0.1 user="alice" service="imap" app="mail" id={password[:2]} label="Phone"'
    )
    assert (line.severity, line.by) == (6, "imap:auth")


def test_dashes_may_be_left_out_but_case_counts(mail, login):
    password = mail.create("alice", "Phone", "--app", "mail")
    assert login("alice", password.replace("-", ""))
    assert not login("alice", password.upper())


def test_a_wrong_secret_is_refused(mail, login):
    password = mail.create("alice", "Phone", "--app", "mail")
    assert not login("alice", wrong(password))
    (line,) = mail.log(1)
    assert line.text == 'verdict=wrong-secret rhost=127.0.0.1 user="alice" service="imap" app="mail" id=- label=-'
    assert (line.severity, line.by) == (5, "imap:auth")


def test_an_app_password_of_another_app_is_refused(mail, login):
    password = mail.create("alice", "Diary", "--app", "calendar")
    assert not login("alice", password)
    (line,) = mail.log(1)
    assert line.text == (
        f'verdict=wrong-app rhost=127.0.0.1 user="alice" service="imap" app="mail" id={password[:2]} label="Diary"'
    )
    assert line.severity == 5


def test_another_users_app_password_is_refused(mail, login):
    alices = mail.create("alice", "Phone", "--app", "mail")
    bobs = mail.create("bob", "Phone", "--app", "mail")
    assert not login("bob", alices)
    assert mail.verdict() in ("not-an-app-password", "wrong-secret")
    assert login("bob", bobs)


def test_a_revoked_password_is_refused_at_the_very_next_login(mail, login):
    password = mail.create("alice", "Old phone", "--app", "mail")
    other = mail.create("alice", "Laptop", "--app", "mail")
    assert login("alice", password)
    mail.asp_admin("revoke", "alice", password[:2]).done()
    assert not login("alice", password)
    (_, line) = mail.log(2)
    assert line.text == (
        f'verdict=revoked rhost=127.0.0.1 user="alice" service="imap" app="mail" id={password[:2]} label="Old phone"'
    )
    assert line.severity == 5
    assert login("alice", other)


def test_a_revocation_of_all_shuts_every_device_out(mail):
    passwords = [mail.create("alice", f"Device {n}", "--app", "mail") for n in range(3)]
    assert all(mail.curl("alice", password) for password in passwords)
    mail.asp_admin("revoke", "alice", "--all").done()
    assert not any(mail.curl("alice", password) for password in passwords)


def test_after_a_rotation_only_the_new_password_opens(mail, login):
    old = mail.create("alice", "Phone", "--app", "mail")
    new = mail.asp_admin("rotate", "alice", old[:2], "--quiet").done().out.strip()
    assert not login("alice", old)
    assert login("alice", new)


def test_the_primary_password_of_an_enrolled_user_is_refused(mail, login):
    mail.create("alice", "Phone", "--app", "mail")
    mail.sandbox.write("/etc/pam.d/radicale", "auth required pam_unix.so\naccount required pam_unix.so\n")
    assert mail.auth("alice", PRIMARY["alice"], "radicale"), "this is her password: pam_unix takes it elsewhere"
    assert not login("alice", PRIMARY["alice"])
    assert mail.verdict() == "not-an-app-password"


@pytest.mark.parametrize("user", ["nobody-of-that-name", "bob"])
def test_a_user_without_an_account_is_refused(mail, login, user):
    password = mail.create("alice", "Phone", "--app", "mail")
    assert not login(user, password)
    (line,) = mail.log(1)
    assert line.text == f'verdict=no-account rhost=127.0.0.1 user="{user}" service="imap" app="mail" id=- label=-'


# Lesson: bongo.
def test_a_user_name_that_is_an_app_password_is_not_logged(mail, login):
    password = mail.create("alice", "Phone", "--app", "mail")
    assert not login(password.replace("-", ""), password)
    (line,) = mail.log(1)
    assert line.text.startswith("verdict=no-account rhost=127.0.0.1 user=")
    assert line.word("user") == "-"
    assert password[5:] not in mail.sandbox.read("/run/messages")


def test_first_use_binds_the_password_to_the_app_of_that_service(mail, login):
    password = mail.create("alice", "Phone")
    id = password[:2]
    assert (mail.entry(id)["app"], mail.entry(id)["bound"]) == ("first-use", None)
    assert login("alice", password)
    assert mail.entry(id)["app"] == "mail"
    assert mail.entry(id)["bound"]["service"] == "imap"
    assert not mail.auth("alice", password, "radicale"), "bound to mail, so the calendar is shut"
    assert mail.auth("alice", password, "pop3"), "pop3 is mail as well"
    assert [line.word("verdict") for line in mail.log(3)] == ["accepted", "wrong-app", "accepted"]


def test_a_password_first_used_elsewhere_does_not_open_the_mail(mail, login):
    password = mail.create("alice", "Diary")
    assert mail.auth("alice", password, "radicale")
    assert mail.entry(password[:2])["app"] == "calendar"
    assert not login("alice", password)


def test_a_wrong_secret_binds_nothing(mail, login):
    password = mail.create("alice", "Phone")
    assert not login("alice", wrong(password))
    assert mail.entry(password[:2])["app"] == "first-use"


def test_any_opens_every_service_but_the_guarded(mail):
    password = mail.create("alice", "Everything", "--app", "any")
    assert mail.auth("alice", password, "imap")
    assert mail.auth("alice", password, "radicale")
    assert not mail.auth("alice", password, "sshd")
    assert [line.word("verdict") for line in mail.log(3)] == ["accepted", "accepted", "wrong-app"]


def test_networks_hold_for_the_address_of_the_client(mail):
    password = mail.create("alice", "Phone", "--app", "mail", "--from", "192.0.2.0/24", "--from", "2001:db8::/32")
    assert mail.auth("alice", password, rhost="192.0.2.7")
    assert mail.auth("alice", password, rhost="2001:db8::7")
    assert not mail.auth("alice", password, rhost="198.51.100.7")
    assert not mail.curl("alice", password)
    lines = mail.log(4)
    assert [line.word("verdict") for line in lines] == ["accepted", "accepted", "wrong-network", "wrong-network"]
    assert [line.word("rhost") for line in lines] == ["192.0.2.7", "2001:db8::7", "198.51.100.7", "127.0.0.1"]


def test_the_last_use_is_shown(mail, login):
    password = mail.create("alice", "Phone", "--app", "mail")
    assert mail.entry(password[:2])["last_used"] is None
    assert login("alice", password)
    used = wait_until(lambda: mail.entry(password[:2])["last_used"])
    assert (used["service"], used["rhost"]) == ("imap", "127.0.0.1")


def test_a_virtual_user_needs_no_unix_account(mail, login):
    password = mail.create("carol@example.org", "Phone", "--app", "mail", "--virtual")
    assert login("carol@example.org", password)


# Lesson: pam_unix on the account stack.
def test_the_age_of_the_primary_does_not_bar_an_app_password(mail, login):
    mail.sandbox.run("chage", "--lastday", "0", "alice").done()
    password = mail.create("alice", "Phone", "--app", "mail")
    assert login("alice", password)


# Lesson: Dovecot's PAM.
def test_while_the_store_is_away_nobody_gets_in(mail, login):
    password = mail.create("alice", "Phone", "--app", "mail")
    mail.sandbox.shell("mv /var/lib/asp /var/lib/asp.away").done()
    try:
        assert not login("alice", password)
        (line,) = mail.log(1)
        assert line.text.startswith(
            'verdict=unavailable rhost=127.0.0.1 user="alice" service="imap" app="mail" id=- label=-'
        )
        assert "/var/lib/asp" in line.word("cause")
        assert line.severity == 3
    finally:
        mail.sandbox.shell("mv /var/lib/asp.away /var/lib/asp").done()
    assert login("alice", password)


def test_with_log_refused_only_refusals_are_logged(mail, login):
    password = mail.create("alice", "Phone", "--app", "mail")
    mail.configure('log = "refused";')
    assert login("alice", password)
    assert not login("alice", wrong(password))
    assert mail.verdict() == "wrong-secret"


def test_no_log_holds_a_password(mail, login):
    password = mail.create("alice", "Phone", "--app", "mail")
    assert login("alice", password)
    assert not login("alice", wrong(password))
    mail.asp_admin("revoke", "alice", password[:2]).done()
    assert not login("alice", password)
    mail.log(3)
    for log in ("/run/messages", "/run/d/log"):
        text = mail.sandbox.read(log)
        assert "alice" in text, "the log is the one written to"
        for secret in (password, password.replace("-", ""), password[6:11]):
            assert secret not in text
