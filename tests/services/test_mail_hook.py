"""The shipped hook that writes to the user, with a real Postfix that puts the mail into her mailbox."""

import email
import email.policy
import os
import re

import pytest
from support.hook_recipes import confined
from support.sandbox import open_installed
from support.service import Service
from support.smtp import POSTFIX_USERS
from support.wait import wait_until

HOOK = "/etc/asp/hooks/mail"
SETTINGS = (
    "inet_interfaces = loopback-only",
    "inet_protocols = ipv4",
    "myhostname = mx.example.org",
    "mydestination = mx.example.org, localhost",
    "alias_maps =",
    "alias_database =",
    "default_transport = discard:",
    "mailbox_command =",
    "mail_spool_directory = /var/mail",
)


class Mailbox(Service):
    def settled(self):
        """Whether Postfix has nothing left to deliver."""
        return self.sandbox.run("postqueue", "-p").done().out.startswith("Mail queue is empty")

    def mails(self, user="alice"):
        """What has come since last asked."""
        wait_until(self.settled, lambda: self.sandbox.run("postqueue", "-p").out)
        text = self.sandbox.shell('cat "/var/mail/$1" 2>/dev/null; rm -f "/var/mail/$1"', user).out
        mails = re.split("(?m)^From .*\n", text)[1:]
        return [email.message_from_string(mail, policy=email.policy.default) for mail in mails]

    def mail(self, user="alice"):
        (mail,) = self.mails(user)
        return mail

    def call(self, *prefix, **variables):
        """Runs the hook as asp-admin does, with variables of any kind."""
        words = [f"ASP_{name}={value}" for name, value in variables.items()]
        return self.sandbox.run("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", *words, *prefix, HOOK)


@pytest.fixture(scope="module")
def mailbox_box(sandboxes, layer, build):
    box = open_installed(layer, build, "postfix", "sendmail")
    box.shell(POSTFIX_USERS).done()
    box.shell("mkdir -p /var/mail; chmod 1777 /var/mail").done()
    box.run("postconf", "-e", *SETTINGS).done()
    box.run("postfix", "start").done()
    yield Mailbox(box, build)
    box.run("postfix", "stop")
    box.close()


@pytest.fixture
def mailbox(mailbox_box):
    mailbox_box.reset()
    mailbox_box.install("hooks/mail", HOOK, "755")
    mailbox_box.configure(f'hooks: {{ created = "{HOOK}"; revoked = "{HOOK}"; }};')
    mailbox_box.sandbox.shell("rm -f /var/mail/*").done()
    return mailbox_box


def test_who_gets_an_app_password_is_told_what_when_where_and_what_to_do(mailbox):
    password = mailbox.create("alice", "Handy \u00fcber \u2603", "--app", "mail")
    mail = mailbox.mail()
    host = os.uname().nodename
    assert mail["Subject"] == f"New app password on {host}"
    assert (mail["To"], mail["Auto-Submitted"]) == ("alice@mx.example.org", "auto-generated")
    text = mail.get_content()
    revoke = f"asp-admin revoke alice {password[:2]}\n"
    for part in ("Handy \u00fcber \u2603", "opens: mail", f"on {host}", "UTC", revoke):
        assert part in text, (part, text)
    assert password not in text
    assert password[-5:] not in text


def test_what_is_made_at_the_account_page_is_told_with_how_and_with_its_address(mailbox):
    page = "https://passwords.example.org"
    made = {"EVENT": "created", "USER": "alice", "IDS": "7k", "LABELS": "Phone", "APPS": "mail", "REASON": ""}
    mailbox.call(**made, VIA="web", PAGE=page).done()
    text = mailbox.mail().get_content()
    assert f"How: in a browser, by somebody who had signed in as you at {page}.\n" in text
    assert f"Your app passwords, and what was done with them: {page}/\n" in text
    assert "Revoke it at that page" in text and "asp-admin" not in text
    mailbox.call(**made, VIA="self", PAGE="").done()
    text = mailbox.mail().get_content()
    assert "by somebody who had signed in there as you" in text and "asp-admin history alice\n" in text
    mailbox.call(**made, VIA="", PAGE=page).done()
    assert "How:" not in mailbox.mail().get_content()


def test_what_she_revokes_at_the_page_is_told_where_it_is_more_than_one(mailbox):
    """Of one the page has told her; all of hers at once may be somebody else's doing."""
    gone = {"EVENT": "revoked", "USER": "alice", "REASON": "", "VIA": "web", "PAGE": "https://passwords.example.org"}
    mailbox.call(**gone, IDS="7k", LABELS="Phone", APPS="mail").done()
    assert mailbox.mails() == []
    mailbox.call(**gone, IDS="7k 8m", LABELS="Phone\nTablet", APPS="mail mail").done()
    text = mailbox.mail().get_content()
    assert "were revoked.\n" in text and "Tablet" in text and "https://passwords.example.org/" in text
    mailbox.call(**{**gone, "EVENT": "expired"}, IDS="7k", LABELS="Phone", APPS="mail").done()
    assert mailbox.mail()["Subject"].startswith("App password expired")


@pytest.mark.parametrize(
    ("words", "subject", "said"),
    [
        (["revoke", "alice", "--all"], "App password revoked", "were revoked.\n"),
        (["revoke", "alice", "--all", "--reason", "lost \u00fc"], "App password revoked", "were revoked: lost \u00fc."),
        (["remove", "alice"], "App passwords removed", "were removed, "),
    ],
    ids=["revoked", "with-a-reason", "removed"],
)
def test_what_is_revoked_is_told_in_one_mail(mailbox, words, subject, said):
    for label in ("Phone", "Tablet"):
        mailbox.create("alice", label, "--app", "mail")
    assert len(mailbox.mails()) == 2
    mailbox.asp_admin(*words).done()
    mail = mailbox.mail()
    assert mail["Subject"].startswith(subject)
    text = mail.get_content()
    for part in ("Phone", "Tablet", said):
        assert part in text, (part, text)


def test_one_that_is_replaced_is_told_as_that(mailbox):
    password = mailbox.create("alice", "Phone", "--app", "mail")
    mailbox.mail()
    mailbox.asp_admin("rotate", "alice", password[:2], "--quiet").done()
    assert sorted(mail["Subject"].split(" on ")[0] for mail in mailbox.mails()) == [
        "App password replaced",
        "New app password",
    ]


def test_a_changed_primary_is_told_by_watch(mailbox):
    mailbox.create("alice", "Phone", "--app", "mail")
    mailbox.mail()
    mailbox.set_primary("alice", "another-one")
    mailbox.asp_admin("watch", "--once").done()
    assert "because your own password was changed" in mailbox.mail().get_content()


def test_what_an_entry_says_is_never_a_header(mailbox):
    """Labels and reasons hold no line ends; were there one, it would still be in the text."""
    nasty = "x\r\nBcc: bob\r\n\r\n.\r\nFrom bob"
    mailbox.call(EVENT="revoked", USER="alice", IDS="7k", LABELS=nasty, APPS=nasty, REASON=nasty).done()
    mail = mailbox.mail()
    assert mail.keys().count("Bcc") == 0
    assert "Bcc: bob" in mail.get_content()
    assert mailbox.mails("bob") == []


@pytest.mark.parametrize(
    "name",
    [
        "alice, bob",
        "bob\nBcc: bob",
        "-f bob",
        "|/bin/sh",
        "/etc/passwd",
        ":include:/etc/passwd",
        '"bob"',
        "bob (alice)",
        "alice@",
        "bob@mx.example.org,alice",
        "\u00fcser",
        "",
    ],
)
def test_a_name_that_is_no_plain_address_gets_no_mail_and_the_log_says_so(mailbox, name):
    run = mailbox.call(EVENT="created", USER=name, IDS="7k", LABELS="Phone", APPS="mail", REASON="").done()
    assert run.out == "no mail is written: the name of the user is no plain address\n"
    assert mailbox.mails() == mailbox.mails("bob") == []


def test_a_mail_that_cannot_be_written_is_a_failure_and_changes_nothing(mailbox):
    mailbox.sandbox.run("mv", "/usr/sbin/sendmail", "/usr/sbin/sendmail.away").done()
    try:
        password = mailbox.create("alice", "Phone", "--app", "mail")
    finally:
        mailbox.sandbox.run("mv", "/usr/sbin/sendmail.away", "/usr/sbin/sendmail").done()
    assert mailbox.entry(password[:2])["state"] == "active"
    assert any("failed=" in line for line in mailbox.log_file.take())


@pytest.mark.parametrize("seconds", [60, 5], ids=["with-the-drop-in", "without"])
def test_it_writes_within_the_limits_of_the_unit_of_watch_and_with_the_drop_in_of_its_text(mailbox, seconds):
    """Without it, Postfix tries on and on until the hook is ended."""
    let_in = seconds == 60
    words = ["timeout", str(seconds), *confined("mail", let_in)]
    run = mailbox.call(*words, EVENT="created", USER="alice", IDS="7k", LABELS="Phone", APPS="mail", REASON="")
    assert run.code == (0 if let_in else 124), run
    assert len(mailbox.mails()) == let_in
