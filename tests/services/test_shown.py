"""What others do before an app password was shown, or before a user's client has said that it was: it stays, and what
was shown is void. With the primary passwords of /etc/shadow."""

import fcntl
import os
import subprocess

import pytest
from support.passwords import PASSWORD
from support.run import ended
from support.self_service import ALICES, DONE, NO, SAID, STORE, message
from support.wait import wait_until

FILLED = 4096
ACCOUNT = "/var/lib/asp/users/alice"


@pytest.fixture
def shadow(own):
    """/etc/shadow, which is put back."""
    saved = own.sandbox.read("/etc/shadow")
    yield saved
    own.sandbox.write("/etc/shadow", saved, mode="640")


def held(own, words, change, account=ACCOUNT):
    """A command of root's whose output nobody reads until the change is made. How it ends, and what it has shown."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, FILLED)
    os.write(writing, b"." * FILLED)
    process = own.sandbox.start(own.admin, *words, "--quiet", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    with ended(process), open(reading, encoding="utf-8") as output:
        wait_until(lambda: "\npending=" in own.sandbox.shell(f"cat {account} || true").out, "it is not stored")
        change()
        shown = output.read()[FILLED:].strip()
        errors = process.stderr.read()
        return process.wait(), shown, errors


CHANGES = {
    "changed": ("echo 'alice:another' | chpasswd", "the primary password of alice was changed just now"),
    "changed-and-seen": (
        "echo 'alice:another' | chpasswd && asp-admin watch --once",
        "the primary password of alice was changed just now",
    ),
    "locked": ("usermod --lock alice", "the primary password of alice is locked"),
    "expired": ("usermod --expiredate 2001-01-01 alice", "or her account has expired"),
    "absent": ("sed -i '/^alice:/d' /etc/shadow", "alice had a line in /etc/shadow"),
    "unknown": ("sed -i '/^alice:/s/:.*/:/' /etc/shadow", "nothing can be told of the primary password of alice"),
    "missing": ("rm /etc/shadow", "/etc/shadow"),
}


@pytest.mark.parametrize("words", [("create", "alice", "--label", "New"), ("rotate", "alice", "OLD")], ids=lambda w: w[0])
@pytest.mark.parametrize("change", CHANGES)
def test_a_primary_password_that_is_another_once_it_was_shown_voids_it(own, shadow, words, change):
    command, why = CHANGES[change]
    old = own.makes("alice", "Old")
    words = [old[:2] if word == "OLD" else word for word in words]
    code, shown, err = held(own, words, lambda: own.sandbox.shell(command).done())
    assert code == STORE, err
    assert f"the app password {shown[:2]} that was shown is void" in err and why in err
    own.sandbox.write("/etc/shadow", shadow, mode="640")
    states = [("Old", "revoked")] if change == "changed-and-seen" else [("Old", "active")]
    assert sorted((entry["label"], entry["state"]) for entry in own.json("list", "alice", "--all")) == states
    assert own.run("alice", "check", "--service", "imap", input=shown).code == NO


def test_a_primary_password_of_anothers_that_is_changed_meanwhile_voids_nothing(own, shadow):
    code, shown, err = held(own, ["create", "alice", "--label", "New"], lambda: own.set_primary("bob", "another"))
    assert code == DONE, err
    assert own.run("alice", "check", "--service", "imap", input=shown).code == DONE


def test_a_change_that_the_password_stack_alone_sees_voids_a_first_one(own):
    """Of a user who has no line in shadow."""
    stack = "password required pam_permit.so\npassword optional pam_asp.so\n"
    own.sandbox.write("/etc/pam.d/directory", stack)
    words = ["create", "carol", "--label", "New", "--virtual"]
    code, shown, err = held(own, words, lambda: own.chauthtok("directory", "carol"), "/var/lib/asp/users/carol")
    assert code == STORE and f"the app password {shown[:2]} that was shown is void" in err, err
    assert own.sandbox.shell("cd /var/lib/asp; find users used locks -name '*carol*'").out == ""


def test_whose_primary_password_is_locked_gets_no_app_password(own, shadow):
    old = own.makes("alice", "Old")
    own.sandbox.run("usermod", "--lock", "alice").done()
    for words in (("create", "alice", "--label", "New"), ("rotate", "alice", old[:2])):
        run = own.asp_admin(*words).refused(STORE)
        assert "the primary password of alice is locked" in run.err
    assert own.states() == [("Old", "active")]


# Lesson: taking back by restoring.
@pytest.mark.parametrize(
    "change, why",
    [
        ("asp-admin revoke alice --all", "all app passwords of alice were revoked"),
        ("asp-admin revoke alice OLD", "OLD was revoked meanwhile"),
        ("asp-admin remove alice", "the account was removed"),
        ("echo 'alice:another' | chpasswd", "the primary password of alice was changed meanwhile"),
        ("usermod --lock alice", "the primary password of alice was changed meanwhile"),
        ("sed -i '/^alice:/d' /etc/shadow", "the user alice is gone"),
    ],
    ids=["revoked-all", "revoked", "removed", "changed", "locked", "absent"],
)
def test_what_she_acknowledges_after_a_change_is_void_and_the_change_stays(own, shadow, change, why):
    old = own.makes("alice", "Old")
    with own.hostile_client("alice") as alice:
        number = alice.begin("rotate", old[:2], "--quiet")
        alice.answer(number, ALICES)
        shown = PASSWORD.search(alice.told(number)[1]).group()
        own.events()
        own.sandbox.shell(change.replace("OLD", old[:2])).done()
        after = own.states()
        alice.send(number, message(SAID, b"0\0"))
        code, out, err = alice.end(number)
    own.sandbox.write("/etc/shadow", shadow, mode="640")
    assert (code, out) == (STORE, ""), err
    assert f"the app password {shown[:2]} that was shown is void" in err and why.replace("OLD", old[:2]) in err
    assert own.states() == after
    assert own.events()[-1].startswith('event=dropped by="alice" user="alice" id=' + shown[:2])
    assert own.run("alice", "check", "--service", "imap", input=shown).code == NO
