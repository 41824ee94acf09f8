"""A revocation ends access, and so does a change of the primary password: the hook for Dovecot is run within the limits of
the unit that runs it, and an open session ends."""

import pytest
from booted_machine import ASKED, CONF, HASH, HOOK, HOOKS, imap_login
from support.passwords import PRIMARY

WITHIN = 10  # seconds; as a rule it is one


def usermod(machine):
    machine.run("usermod", "--password", HASH, "alice").done()


def chpasswd(machine):
    machine.run("chpasswd", input="alice:another one\n").done()


def passwd(machine):
    """By herself."""
    answers = [("Current password: ", PRIMARY["alice"]), ("New password: ", "Another-1"), ("new password: ", "Another-1")]
    code, shown = machine.own("passwd", answers=answers)
    assert code == 0, shown


@pytest.mark.parametrize("change", [usermod, chpasswd, passwd])
def test_a_change_of_the_primary_password_ends_her_session(machine, idle, change):
    passwords = {user: machine.create(user) for user in PRIMARY}
    sessions = {user: idle(user, password) for user, password in passwords.items()}
    change(machine)
    assert sessions["alice"].line(WITHIN) == "over"
    assert sessions["bob"].line(0) is None
    assert [imap_login(user, password) for user, password in passwords.items()] == ["refused", "in"]
    assert (machine.states("alice"), machine.states("bob")) == ([("Phone", "revoked")], [("Phone", "active")])
    (line,) = {line for line in machine.journal() if "event=revoked" in line}
    assert 'user="alice"' in line and 'reason="primary-password"' in line
    if change is usermod:
        assert 'by="watch"' in line


def test_an_app_password_that_has_expired_ends_her_session(machine, idle):
    session = idle("alice", machine.create("alice", "Guest", "mail", "--expires", "15s"))
    assert session.line(WITHIN + 15) == "over"


def test_what_she_revokes_herself_ends_her_session(machine, idle):
    """asp-self runs the hook then."""
    password = machine.create()
    session = idle("alice", password)
    code, shown = machine.own("asp-admin", "revoke", password[:2], answers=ASKED)
    assert code == 0, shown
    assert session.line(WITHIN) == "over"
    assert machine.state("asp-self.service") == "active"


def test_without_a_hook_the_session_goes_on(machine, idle):
    """The hook is what ends it."""
    machine.write(CONF, HOOKS.replace(HOOK, ""))
    machine.systemctl("reload", "asp-watch.service")
    session = idle("alice", machine.create())
    usermod(machine)
    assert session.line(5) is None
    assert machine.states() == [("Phone", "revoked")]
