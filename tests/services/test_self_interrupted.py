"""What becomes of what a user does on her own account when it cannot be written, or when she or the broker goes away
meanwhile."""

import fcntl
import os
import re
import signal
import subprocess
import time

import pytest
from support.passwords import PASSWORD
from support.processes import descendant
from support.self_service import ADMIN, ALICES, DONE, EXPLAINED, SELF, STORE
from support.wait import LONG, seconds_of, wait_until


def unwritable(where):
    """A standard output on which nothing can be written."""
    if where == "full":
        return os.open("/dev/full", os.O_WRONLY)
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("where", ["full", "closed"])
def test_a_password_that_cannot_be_written_is_none(own, where):
    old = own.makes("alice", "Old")
    for words in (("create", "--label", "New"), ("--json", "create", "--label", "New"), ("rotate", old[:2], "--quiet")):
        out = unwritable(where)
        run = own.start("alice", *words, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE)
        os.close(out)
        _, errors = run.communicate(f"{ALICES}\n", timeout=LONG)
        assert run.returncode == STORE
        assert re.search("asp-admin: standard output cannot be written: [^\n]*\n$", errors), errors
        assert own.states() == [("Old", "active")]
    assert own.run("alice", "check", "--service", "imap", input=old).code == DONE


def pending(own):
    """How many are stored and were not shown to Alice yet."""
    return own.sandbox.read("/var/lib/asp/users/alice").count("\npending=")


# Lesson: passwd.
def test_who_stops_when_it_was_stored_loses_it_and_holds_up_nobody(own):
    """A real client, whose output nobody reads, and one who does not answer. Meanwhile others are served, and the
    account too."""
    own.makes("alice", "Old")
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writing, b"." * 4096)
    with (
        own.hostile_client("alice") as silent,
        own.hostile_client("mallory") as nothing,
        open(reading, encoding="utf-8") as output,
    ):
        client = own.start(
            "alice", "create", "--label", "Stopped", stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE
        )
        os.close(writing)
        client.stdin.write(f"{ALICES}\n")
        client.stdin.close()
        number = silent.begin("create", "--label", "Silent", "--quiet")
        silent.answer(number, ALICES)
        assert PASSWORD.search(silent.told(number)[1])
        begun = time.monotonic()
        wait_until(lambda: pending(own) == 2, "it is not stored")
        assert own.states() == [("Old", "active")], "nobody has seen them"
        its = descendant(client.pid, "asp-admin")
        os.kill(its, signal.SIGSTOP)
        mute = nothing.open()
        own.serves.have_sessions(3)
        assert seconds_of(lambda: own.run("alice", "list").done()) < 5
        assert own.makes("bob", "Phone")
        own.asp_admin("label", "alice", own.entry_of("Old")["id"], "Older").done()
        assert 2 < seconds_of(lambda: nothing.refused(mute)) < 20, "who says nothing is gone"
        own.serves.no_sessions(2 * LONG)
        assert 28 < time.monotonic() - begun < 60
        assert own.states() == [("Older", "active")]
        assert pending(own) == 0
        # When it goes on it says what has come of it.
        for one in (client.pid, its):  # nsenter has stopped with it
            os.kill(one, signal.SIGCONT)
        assert PASSWORD.search(output.read())
        assert client.wait() == STORE
        assert client.stderr.read() == f"{EXPLAINED}Password: asp-admin: standard output cannot be written: Broken pipe\n"
        client.stderr.close()
        assert silent.end(number)[0] == STORE


def test_whoever_goes_away_at_any_time_leaves_nothing_behind(own):
    with own.hostile_client("alice") as client:
        client.leave(client.open())
        client.leave(client.begin("create", "--label", "x"))
        own.serves.no_sessions()
        number = client.begin("create", "--label", "x")
        client.asked(number)
        client.leave(number)
        number = client.begin("create", "--label", "x")
        client.answer(number, ALICES)
        client.leave(number)
        own.serves.no_sessions()
        assert own.states() == []
        number = client.begin("create", "--label", "x")
        assert PASSWORD.search(client.told(number)[1]), "the answer holds"
        client.leave(number)
        own.serves.no_sessions()
    assert own.states() == []


def test_a_client_that_is_killed_while_it_is_asked_is_gone_at_once(own):
    with own.typist("alice") as alice:
        alice.answer(f"{ADMIN} create --label x")
        assert alice.until("Password: ")
        own.serves.have_sessions(1)
        os.kill(descendant(alice.process.pid, "asp-admin"), signal.SIGKILL)
        own.serves.no_sessions(4)  # who says nothing has five seconds
    assert own.states() == []


def test_the_broker_ends_at_once_while_users_are_asked(own):
    """And while one may type an app password, and one has said nothing."""
    with own.typist("alice") as alice, own.typist("bob") as bob, own.hostile_client("bob") as silent:
        alice.answer(f"{ADMIN} create --label x")
        assert alice.until("Password: ")
        bob.answer(f"{ADMIN} check --service imap")
        assert bob.until("App password of bob: ")
        silent.open()
        own.serves.have_sessions(3)
        code, _, _ = own.serves.stop()
        assert code == 0
        for one in (alice, bob):
            one.answer("anything")
            assert one.until(r"asp-broker broke off:\s+asp-admin list shows\s+whether it was done; try again if not\s+<<5>>")


def test_hooks_are_run_for_her(own):
    own.hook('echo "$ASP_EVENT $ASP_USER $ASP_LABELS $(id -un) $#" >>/run/hooked')
    own.makes("alice", "Phone")
    own.run("alice", "revoke", "--all", input=f"{ALICES}\n").done()
    assert own.sandbox.read("/run/hooked").splitlines() == ["created alice Phone root 0", "revoked alice Phone root 0"]


@pytest.mark.parametrize("what", ["the-client-is-killed", "the-broker-ends", "the-broker-is-killed"])
def test_a_hook_that_was_begun_is_brought_to_its_end(own, what):
    own.makes("alice", "Phone")
    own.hook("echo begun >>/run/hooked; sleep 1; echo ended >>/run/hooked")
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    client = own.start("alice", "revoke", "--all", **streams)
    client.stdin.write(f"{ALICES}\n")
    client.stdin.flush()
    own.sandbox.shell("until [[ -e /run/hooked ]]; do sleep 0.02; done").done()
    if what == "the-broker-ends":
        own.serves.stop()
        client.communicate()
        assert client.returncode == DONE
    elif what == "the-broker-is-killed":
        broker = own.serves
        broker.signal(signal.SIGKILL)
        wait_until(lambda: not own.listens(SELF), "it does not go away")
        own.serves = own.serve()
        wait_until(lambda: own.run("bob", "list").code == DONE, "no other serves meanwhile")
        broker.close()
        client.communicate()
        assert client.returncode == DONE
    else:
        os.kill(descendant(client.pid, "asp-admin"), signal.SIGKILL)
        client.communicate()
        own.serves.no_sessions()
    assert own.sandbox.read("/run/hooked") == "begun\nended\n"
