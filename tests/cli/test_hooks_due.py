"""Hooks for what a changed primary password has revoked, and for what has expired: whoever finds it first leaves the
rest to watch, and none is forgotten."""

import fcntl
import signal
import time

import pytest
from support.hooks import RECORD
from support.run import ended
from support.wait import LONG, wait_for_file, wait_until


@pytest.fixture
def primary(site, hooks):
    """Sets what stands for a primary password: with it in a command, watch sees any user's change."""
    source = site.folder / "source"
    program = site.folder / "primaries"
    program.write_text(f"#!/bin/sh\ncat {source}\n")
    program.chmod(0o755)
    hooks.lines.append(f'primary: {{ source = "command"; command = "{program}"; }};')
    hooks.configure()

    def set_primary(**users):
        source.write_text("".join(f"{user}\t{value}\n" for user, value in users.items()))

    return set_primary


def is_due(site, user="alice"):
    return site.hooks_due(user)


def kill_watch(site):
    """What a hook says to kill the watch that runs it, which does not see it end."""
    return f"kill -9 $(cat {site.store}/locks/.watch); sleep 60"


def test_create_tells_of_what_a_changed_primary_has_revoked(site, hooks, primary):
    primary(alice="one")
    old = [site.create("alice", label)["id"] for label in ("Phone", "Laptop")]
    hooks.runs()
    primary(alice="two")
    new = site.create("alice", "New")["id"]
    assert sorted(hooks.events()) == [("created", "", [new]), ("revoked", "primary-password", old)]
    assert is_due(site) == 0


def test_the_hook_is_told_also_when_the_new_password_could_not_be_shown(site, hooks, primary):
    primary(alice="one")
    old = site.create()["id"]
    hooks.runs()
    primary(alice="two")
    with open("/dev/full", "w", encoding="ascii") as full:
        assert site.run("create", "alice", "--label", "New", stdout=full).code == 5
    assert hooks.events() == [("revoked", "primary-password", [old])]


def test_watch_tells_once_of_what_a_changed_primary_has_revoked(site, hooks, primary):
    primary(alice="one", bob="one")
    old = [site.create("alice", label)["id"] for label in ("Phone", "Laptop")]
    site.create("bob", "Phone")
    hooks.runs()
    primary(alice="two", bob="one")
    assert site.json("watch", "--once")["changed"] == 1
    assert hooks.events() == [("revoked", "primary-password", old)]
    assert is_due(site) == 0
    site.json("watch", "--once")
    assert hooks.runs() == []


def test_a_watch_that_is_killed_while_the_hook_runs_runs_it_again(site, hooks, primary):
    primary(alice="one")
    old = site.create()["id"]
    hooks.runs()
    primary(alice="two")
    record = hooks.folder / "record"
    record.write_text(RECORD)
    record.chmod(0o755)
    once = f"[ -e {hooks.folder}/again ] || {{ touch {hooks.folder}/again; {kill_watch(site)}; }}"
    hooks.write(f"#!/bin/sh\n{record}\n{once}\n")
    assert site.run("watch", "--once").code == -signal.SIGKILL
    assert is_due(site) == 1
    first = wait_until(hooks.events, "it was not run")
    site.json("watch", "--once")
    assert hooks.events() == first == [("revoked", "primary-password", [old])]
    assert is_due(site) == 0
    site.json("watch", "--once")
    assert hooks.runs() == []


def test_an_entry_whose_hook_is_due_can_be_rotated_and_its_hook_is_run(site, hooks, primary):
    primary(alice="one")
    old = site.create()["id"]
    primary(alice="two")
    hooks.write(f"#!/bin/sh\n{kill_watch(site)}\n")
    assert site.run("watch", "--once").code == -signal.SIGKILL
    hooks.write()
    hooks.runs()
    new = site.json("rotate", "alice", old)["id"]
    assert hooks.events() == [("revoked", "primary-password", [old]), ("created", "", [new])]
    assert is_due(site) == 0
    assert site.entry(new)["state"] == "active"


@pytest.mark.of_files("a hook that is due is a mark in files alone")
def test_a_watch_that_is_ended_while_the_hook_runs_leaves_it_due(site, hooks, primary):
    primary(alice="one")
    site.create()
    primary(alice="two")
    hooks.write(f"#!/bin/sh\ntouch {hooks.folder}/begun\nexec sleep 60\n")
    with ended(site.start("watch")) as watch:
        wait_for_file(hooks.folder / "begun", watch)
        watch.terminate()
        watch.wait(LONG)
    assert is_due(site) == 1


@pytest.mark.of_files("a hook that is due is a mark in files alone")
def test_a_pass_that_could_not_write_that_a_hook_has_run_says_so_and_leaves_it_due(site, hooks, primary):
    primary(alice="one")
    site.create()
    primary(alice="two")
    hooks.write(f"#!/bin/sh\ntouch {hooks.folder}/begun\nuntil [ -e {hooks.folder}/go ]; do sleep 0.1; done\n")
    with ended(site.start("watch", "--once")) as watch:
        wait_for_file(hooks.folder / "begun", watch)
        with open(site.store / "locks" / "alice", "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (hooks.folder / "go").touch()
            error = watch.communicate(timeout=LONG)[1]
    assert is_due(site) == 1
    assert watch.returncode == 5 and b"stay due" in error, error


def test_a_hook_that_fails_is_not_due_any_more(site, hooks, primary):
    primary(alice="one")
    site.create()
    primary(alice="two")
    hooks.write("#!/bin/sh\nexit 1\n")
    site.json("watch", "--once")
    assert is_due(site) == 0


def test_without_a_hook_nothing_is_due(site, hooks, primary):
    primary(alice="one")
    site.create()
    primary(alice="two")
    site.configure(*hooks.lines)
    assert site.json("watch", "--once")["changed"] == 1
    assert site.states() == [("Phone", "revoked")]
    assert is_due(site) == 0


def test_an_entry_whose_hook_is_due_stays_until_the_hook_was_run(site, hooks, primary):
    """`history` drops the oldest revoked ones, but none that a session may still be open with."""
    hooks.lines.append("history = 0;")
    hooks.configure()
    primary(alice="one")
    old = site.create()["id"]
    hooks.runs()
    primary(alice="two")
    site.json("watch", "--once")
    assert hooks.events() == [("revoked", "primary-password", [old])]
    assert site.entries("alice", "--all") == []


def test_watch_tells_once_of_what_has_just_expired(site, hooks, primary):
    primary(alice="one")
    site.create("alice", "Phone", "--expires", "1h")
    gone = site.create("alice", "Gone", "--expires", "6s")["id"]
    site.run("revoke", "alice", gone).done()
    # Both expire while the watch runs.
    expired = site.create("alice", "Guest", "--expires", "4s")["id"]
    hooks.runs()
    with ended(site.start("watch")):
        assert wait_until(hooks.events, "it was not run") == [("expired", "expired", [expired])]
        site.run("label", "alice", expired, "Guest of mine").done()
        time.sleep(3)
        assert hooks.runs() == []
    assert site.entry(expired)["revoked"] is None, "time never destroys"


def test_the_user_may_change_while_the_hook_runs(site, hooks, primary):
    """Only what the hook was run for loses its mark."""
    primary(alice="one")
    site.create("alice", "Old")
    primary(alice="two")
    hooks.write(f"#!/bin/sh\n[ $ASP_EVENT = revoked ] || exit 0\ntouch {hooks.folder}/begun\nsleep 1.5\n")
    with ended(site.start("watch", "--once")) as watch:
        wait_for_file(hooks.folder / "begun", watch)
        new = site.create("alice", "New")
        assert watch.wait(LONG) == 0
    assert site.entry(new["id"])["state"] == "active"
    assert site.states() == [("New", "active"), ("Old", "revoked")]
    assert is_due(site) == 0
