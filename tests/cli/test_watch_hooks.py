"""The hooks that watch runs: for what a pass has revoked, what another process has left due, what has expired."""

import fcntl
import json
import os
import re
import shutil
import time

import pytest
from support.documents import seconds
from support.folders import exchange
from support.wait import wait_until
from support.watch import once, stop


@pytest.fixture
def hooked(site, three):
    """A hook that notes what it is run for."""
    note = site.folder / "hooked"
    hook = site.folder / "hook"
    hook.write_text(f'#!/bin/sh\necho "$ASP_EVENT $ASP_USER $ASP_IDS $ASP_REASON" >>{note}\n')
    hook.chmod(0o755)
    three.configure(f'hooks: {{ revoked = "{hook}"; }};')
    site.hear()  # from then on
    return lambda: note.read_text().splitlines() if note.exists() else []


def wait_until_run(site, entry):
    """Until the hook for this entry, which expires, was run and that is recorded: who is ended before runs it again."""
    wait_until(lambda: site.expired_until() >= seconds(entry["expires"]))


def test_a_pass_runs_the_hooks_of_what_it_revoked_and_only_once(site, three, hooked):
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    once(site)
    (entry,) = site.entries("alice", "--all")
    assert hooked() == [f"revoked alice {entry['id']} primary-password"]
    once(site)
    assert len(hooked()) == 1


def test_a_running_watch_runs_hooks_that_another_process_left_due(site, three, hooked, watch):
    process = watch()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    # A pass beside the watch leaves them to it.
    once(site)
    wait_until(lambda: len(hooked()) == 1)
    assert hooked()[0].startswith("revoked alice ")
    # The mark goes after the run: who is ended in between runs it again.
    wait_until(lambda: site.hooks_due("alice") == 0)
    stop(process)


def test_hooks_that_came_due_while_no_watch_ran_are_run_at_its_start(site, three, hooked, watch):
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    with open(site.store / "locks" / ".watch", "w", encoding="ascii") as lock:
        os.fchmod(lock.fileno(), 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a watch has it, so that the pass leaves the hook to that
        once(site)
    assert hooked() == [] and site.hooks_due("alice") == 1
    process = watch()
    wait_until(lambda: site.hooks_due("alice") == 0)
    stop(process)
    assert len(hooked()) == 1


def test_a_hook_is_run_for_what_has_just_expired(site, three, hooked, watch):
    process = watch()
    entry = site.create("bob", "Tablet", "--expires", "2s")
    wait_until(lambda: hooked())
    stop(process)
    assert hooked() == [f"expired bob {entry['id']} expired"]
    assert ("Tablet", "expired") in site.states("bob")


def test_what_expired_while_no_watch_ran_is_found_by_the_next_one(site, three, hooked, watch):
    stop(watch())
    entry = site.create("bob", "Tablet", "--expires", "1s")
    time.sleep(1.5)
    process = watch()
    wait_until_run(site, entry)
    stop(process)
    once(site)
    assert hooked() == [f"expired bob {entry['id']} expired"]


@pytest.fixture
def slow(site, three):
    """A hook that notes its beginning and its end, and waits in between until it may go on."""
    note, go, hook = (site.folder / name for name in ("hooked", "go", "hook"))
    wait = f"until [ -e {go} ]; do sleep 0.05; done"
    hook.write_text(f'#!/bin/sh\nfor what in begin end; do echo "$what $ASP_EVENT $ASP_USER" >>{note}; {wait}; done\n')
    hook.chmod(0o755)
    three.configure(f'hooks: {{ revoked = "{hook}"; timeout = 60; }};')
    site.hear()
    return lambda: note.read_text().splitlines() if note.exists() else []


def test_what_expires_while_another_hook_runs_is_found_after_it(site, three, slow, watch):
    process = watch()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    once(site)
    wait_until(slow)
    site.create("bob", "Tablet", "--expires", "1s")
    time.sleep(1.1)
    (site.folder / "go").touch()
    wait_until(lambda: "end expired bob" in slow())
    stop(process)


def test_a_hook_for_what_has_expired_that_is_cut_short_is_run_again(site, three, slow, watch):
    process = watch()
    entry = site.create("bob", "Tablet", "--expires", "1s")
    wait_until(slow)
    stop(process)
    (site.folder / "go").touch()
    process = watch()
    wait_until_run(site, entry)
    stop(process)
    once(site)
    assert slow() == ["begin expired bob", "begin expired bob", "end expired bob"]


def test_hooks_that_are_due_in_a_folder_put_in_place_of_the_other_are_run(site, three, hooked, watch):
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    with open(site.store / "locks" / ".watch", "w", encoding="ascii") as lock:
        os.fchmod(lock.fileno(), 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        once(site)
    copy = site.folder / "copy"
    shutil.copytree(site.store / "users", copy)
    process = watch()
    wait_until(lambda: site.hooks_due("alice") == 0)
    exchange(site.store / "users", copy)
    wait_until(lambda: len(hooked()) == 2)
    stop(process)


@pytest.mark.parametrize("has_hook", [True, False])
def test_a_pass_leaves_its_time_and_no_number_for_who_comes_after_it(site, three, hooked, has_hook):
    if not has_hook:
        three.configure()
    lock = site.store / "locks" / ".watch"
    for _ in range(2):
        begun = int(time.time())
        site.run("watch", "--once").done()
        assert begun <= lock.stat().st_mtime <= time.time()
        assert lock.read_text() == "-\n"
        os.utime(lock, (begun - 3600, begun - 3600))


def test_a_pass_that_cannot_leave_its_time_says_so(site, three):
    (site.store / "locks" / ".watch").mkdir()
    run = site.run("--json", "watch", "--once")
    assert run.code == 5
    assert re.fullmatch(r"[^\n]*locks/\.watch[^\n]*\n", run.err)
    assert json.loads(run.out)["accounts"] == 3
