"""Sending mail with app passwords: Postfix, which asks Dovecot, and Dovecot's own submission service."""

import subprocess

import pytest
from support.dovecot_recipes import BY_PROTOCOL, dovecot_recipe
from support.hook_recipes import install_hooks
from support.mail import dovecot
from support.passwords import PRIMARY, wrong
from support.recipes import recipe
from support.run import MORTAL
from support.smtp import CLIENT, Smtp, names, open_mail_box, start_postfix, try_hostile_names

SUBMISSION_PORT = 1587

SUBMISSION = f"""
protocols = imap submission
service submission-login {{
  inet_listener submission {{
    port = {SUBMISSION_PORT}
  }}
}}
"""

# Logs in, says so, and says when the server has ended the session.
WAIT = """
import smtplib, sys
smtp = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
smtp.login(sys.argv[2], sys.stdin.read())
print("in", flush=True)
while smtp.sock.recv(4096):
    pass
print("over", flush=True)
"""


class Submission(Smtp):
    """Dovecot's submission service, which passes mail on to that Postfix."""

    tls = False


@pytest.fixture(scope="module")
def box(sandboxes, layer):
    box = open_mail_box(layer, "postfix", "dovecot", "/usr/lib/dovecot/submission", "swaks", "msmtp", "openssl")
    start_postfix(box, "postfix/master.cf-dovecot")
    for name, text in {
        "auth-asp.conf.ext": dovecot_recipe(box, BY_PROTOCOL),
        "asp-postfix.conf": recipe("dovecot/asp-postfix.conf"),
        "asp-submission.conf": recipe("dovecot/asp-submission.conf"),
    }.items():
        box.write(f"/run/d/{name}", text)
    lines = ("!include /run/d/asp-postfix.conf", "!include /run/d/asp-submission.conf", SUBMISSION)
    with dovecot(box, "/run/d", 143, "/run/d/auth-asp.conf.ext", *lines):
        box.wait_for_port(587)
        yield box
    box.close()


@pytest.fixture
def postfix(box, build):
    service = Smtp(box, build)
    service.reset()
    service.stack("asp-only", "smtp", "submission")
    return service


@pytest.fixture
def submission(postfix):
    return Submission(postfix.sandbox, postfix.build, port=SUBMISSION_PORT)


@pytest.fixture(params=["postfix", "submission"])
def server(request, postfix, submission):
    server = {"postfix": postfix, "submission": submission}[request.param]
    server.service = {"postfix": "smtp", "submission": "submission"}[request.param]
    server.log_file = postfix.log_file
    return server


@pytest.mark.parametrize("client", ["swaks", "msmtp"])
def test_an_app_password_sends_mail_and_the_log_names_the_client(server, client):
    password = server.create("alice", "Phone", "--app", "mail")
    assert getattr(server, client)("alice", password)
    (line,) = server.log(1)
    assert line.text == (
        f'verdict=accepted rhost={CLIENT} user="alice" service="{server.service}" app="mail" '
        f'id={password[:2]} label="Phone"'
    )


def test_a_wrong_secret_sends_nothing(server):
    password = server.create("alice", "Phone", "--app", "mail")
    assert not server.swaks("alice", wrong(password))
    assert server.verdict() == "wrong-secret"


def test_msmtp_understands_the_refusal(postfix):
    password = postfix.create("alice", "Phone", "--app", "mail")
    assert not postfix.msmtp("alice", wrong(password))


def test_an_app_password_of_another_app_is_refused(server):
    password = server.create("alice", "Diary", "--app", "calendar")
    assert not server.swaks("alice", password)
    (line,) = server.log(1)
    assert line.text == (
        f'verdict=wrong-app rhost={CLIENT} user="alice" service="{server.service}" app="mail" '
        f'id={password[:2]} label="Diary"'
    )


def test_a_revoked_password_is_refused_at_the_very_next_login(server):
    password = server.create("alice", "Old phone", "--app", "mail")
    other = server.create("alice", "Laptop", "--app", "mail")
    assert server.swaks("alice", password)
    server.asp_admin("revoke", "alice", password[:2]).done()
    assert not server.swaks("alice", password)
    assert server.swaks("alice", other)
    lines = server.log(3)
    assert [line.word("verdict") for line in lines] == ["accepted", "revoked", "accepted"]
    assert {line.word("rhost") for line in lines} == {CLIENT}


def test_the_primary_password_is_refused(server):
    server.create("alice", "Phone", "--app", "mail")
    assert not server.swaks("alice", PRIMARY["alice"])
    assert server.verdict() == "not-an-app-password"
    server.sandbox.write(f"/etc/pam.d/{server.service}", "auth required pam_unix.so\naccount required pam_unix.so\n")
    assert server.swaks("alice", PRIMARY["alice"]), "this is her password: pam_unix takes it"


def test_networks_hold_for_the_address_of_the_client(server):
    near = server.create("alice", "Near", "--app", "mail", "--from", CLIENT)
    far = server.create("alice", "Far", "--app", "mail", "--from", "192.0.2.0/24")
    assert server.swaks("alice", near)
    assert not server.swaks("alice", far)
    assert [line.word("verdict") for line in server.log(2)] == ["accepted", "wrong-network"]


def test_the_last_use_names_the_service_that_was_used(server):
    password = server.create("alice", "Phone", "--app", "mail")
    assert server.swaks("alice", password)
    used = server.entry(password[:2])["last_used"]
    assert (used["service"], used["rhost"]) == (server.service, CLIENT)


def test_hostile_names_are_refused_and_leave_tidy_lines(server):
    password = server.create("alice", "Phone", "--app", "mail")
    let_in, lines = try_hostile_names(server, password)
    assert let_in == []
    # The others have a sign that Dovecot knows in no name (auth_username_chars): it does not ask PAM.
    assert names(lines) == ["-x", "i" * 256]
    assert server.swaks("alice", password)


def test_no_log_holds_a_password(server):
    password = server.create("alice", "Phone", "--app", "mail")
    assert server.swaks("alice", password)
    assert not server.swaks("alice", wrong(password))
    server.log(2)
    for log in ("/run/messages", "/run/d/log"):
        text = server.sandbox.read(log)
        assert "alice" in text, "the log is the one written to"
        for secret in (password, password.replace("-", ""), password[6:11]):
            assert secret not in text


def test_postfix_asks_for_tls_and_then_for_a_login(postfix):
    """What the recipe promises."""
    postfix.tls = False
    assert postfix.plain((b"alice", b"x")) == ["530"], "TLS first"
    postfix.tls = True
    assert postfix.raw(("MAIL FROM:<a@example.org>", "RCPT TO:<someone@example.com>"))[0].startswith("554 ")


def test_port_25_of_postfix_offers_no_login(postfix):
    postfix.tls, postfix.port = False, 25
    assert postfix.plain((b"alice", b"x")) == ["503"]


def test_an_open_session_of_submission_ends_with_its_revocation(submission):
    install_hooks(submission, "dovecot")
    password = submission.create("alice", "Phone", "--app", "mail")
    words = (*MORTAL, "/usr/bin/python3", "-c", WAIT, str(SUBMISSION_PORT), "alice")
    with submission.sandbox.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        try:
            session.stdin.write(password)
            session.stdin.close()
            assert session.stdout.readline() == "in\n"
            submission.asp_admin("revoke", "alice", password[:2]).done()
            assert session.stdout.readline() == "over\n"
        finally:
            session.kill()
