"""Hooks that could not be run stay due, and are run when they can be; those that nobody wants any more go."""

import os
import signal

import pytest
from support.account_text import lines_of, sealed
from support.processes import lives
from support.tracing import Call, injecting
from support.wait import wait_until
from support.watch import once, stop

pytestmark = pytest.mark.of_files("what is left due is a mark in files: a database tells each machine, see tests/fleet/test_feed.py")


@pytest.fixture
def hook(site, three):
    """A hook that notes what it is run for, with nothing in its place yet."""
    return Hook(site, three)


class Hook:
    def __init__(self, site, primaries):
        self.site = site
        self.primaries = primaries
        self.path = site.folder / "hook"
        self.note = site.folder / "hooked"
        self.use()

    def use(self):
        self.primaries.configure(f'hooks: {{ revoked = "{self.path}"; }};')

    def place(self, text='echo "$ASP_USER $ASP_IDS" >>"$0ed"\n', mode=0o755):
        new = self.site.folder / "new"
        new.write_text(f"#!/bin/sh\n{text}")
        new.chmod(mode)
        new.rename(self.path)

    def runs(self):
        return self.note.read_text().splitlines() if self.note.exists() else []

    def is_due(self, user="alice"):
        return self.site.hooks_due(user)


CANNOT_START = {
    "it is not there": lambda hook: None,
    "it is no program": lambda hook: hook.place(mode=0o644),
    "others can write it": lambda hook: hook.place(mode=0o777),
    "it has no interpreter": lambda hook: (hook.place(), hook.path.write_text("#!/nonexistent\n")),
}


@pytest.mark.parametrize("spoil", CANNOT_START.values(), ids=CANNOT_START)
def test_a_hook_that_could_not_be_started_is_due_until_it_can_be(site, hook, log, spoil):
    spoil(hook)
    (entry,) = site.entries("alice")
    site.run("revoke", "alice", entry["id"], prefix=log.prefix).done()
    assert any(f'hook=revoked user="alice" path="{hook.path}" failed="' in line for line in log.lines())
    assert (hook.runs(), hook.is_due()) == ([], 1)
    run = site.run("watch", "--once", prefix=log.prefix)
    assert run.code == 5 and run.err.startswith("asp-admin: the hooks of 1 user could not be run"), run
    assert any(" failed=" in line for line in log.lines())
    assert (hook.runs(), hook.is_due()) == ([], 1)
    hook.place()
    once(site)
    assert (hook.runs(), hook.is_due()) == ([f"alice {entry['id']}"], 0)


# What makes a process, whatever libc calls for it.
PROCESS = "clone,clone3,fork,vfork"


@pytest.mark.parametrize("call, error", [("pipe2", "EMFILE"), (PROCESS, "ENOMEM")])
def test_what_the_system_had_no_room_for_is_run_later(site, hook, strace, call, error):
    hook.place()
    (entry,) = site.entries("alice")
    prefix = injecting(site.folder, Call(call, 1, ""), f"error={error}")
    site.run("revoke", "alice", entry["id"], prefix=prefix).done()
    assert "(INJECTED)" in (site.folder / "injected").read_text()
    assert (hook.runs(), hook.is_due()) == ([], 1)
    once(site)
    assert (hook.runs(), hook.is_due()) == ([f"alice {entry['id']}"], 0)


def test_a_hook_whose_process_cannot_be_made_stays_due(site, hook, strace):
    leave_due(site)
    hook.place()
    site.configure("virtual_users = true;", f'hooks: {{ revoked = "{hook.path}"; }};')
    # The first one asks the name service.
    prefix = injecting(site.folder, Call(PROCESS, 2, ""), "error=EAGAIN")
    run = site.run("watch", "--once", prefix=prefix)
    assert "(INJECTED)" in (site.folder / "injected").read_text()
    assert run.code == 5 and "could not be run" in run.err, run
    assert (hook.runs(), hook.is_due()) == ([], 1)
    once(site)
    assert (len(hook.runs()), hook.is_due()) == (1, 0)


def test_a_running_watch_tries_again_by_itself(site, hook, log, watch):
    process = watch()
    (entry,) = site.entries("alice")
    site.run("revoke", "alice", entry["id"]).done()
    log.wait_for('hook=revoked user="alice" .* failed=')
    assert hook.runs() == []
    hook.place()
    wait_until(lambda: hook.is_due() == 0)
    stop(process)
    assert hook.runs() == [f"alice {entry['id']}"]


def test_an_account_that_cannot_be_read_delays_no_other(site, hook, log, watch):
    """Alice's is damaged for good; Bob's could not be read when his hook was looked for."""
    (entry,) = site.entries("bob")
    site.run("revoke", "bob", entry["id"]).done()
    hook.place()
    site.put("alice", b"damaged\n")
    site.account("bob").chmod(0o666)
    process = watch()
    log.wait_for('hooks that are due for "bob" wait: ')
    assert hook.runs() == []
    site.account("bob").chmod(0o600)
    wait_until(lambda: hook.is_due("bob") == 0)
    stop(process)
    assert hook.runs() == [f"bob {entry['id']}"]


def leave_due(site, user="alice"):
    (entry,) = site.entries(user)
    site.run("revoke", user, entry["id"]).done()


def test_marks_of_a_hook_that_is_no_longer_configured_go(site, hook):
    leave_due(site)
    hook.primaries.configure()
    once(site)
    assert hook.is_due() == 0
    hook.place()
    hook.use()
    once(site)
    assert hook.runs() == []


def test_without_a_hook_an_account_that_cannot_be_read_has_none_that_could_not_be_run(site, hook):
    hook.primaries.configure()
    site.put("alice", b"damaged\n")
    run = site.run("watch", "--once")
    assert run.code == 5 and "could not be compared" in run.err and "could not be run" not in run.err, run


def test_a_running_watch_clears_marks_when_the_hook_is_taken_out_of_the_configuration(site, hook, watch):
    process = watch()
    leave_due(site)
    assert hook.is_due() == 1
    hook.primaries.configure()
    wait_until(lambda: hook.is_due() == 0)
    assert site.states("alice") == [("Phone", "revoked")]
    stop(process)


# What is no longer in an account


def aside(site):
    folder = site.store / "due"
    return sorted(path.name.rsplit(".", 1)[0] for path in folder.iterdir()) if folder.exists() else []


def test_a_running_watch_runs_what_is_due_of_an_account_that_was_removed(site, hook, log, watch):
    process = watch()
    (entry,) = site.entries("alice")
    site.run("remove", "alice").done()
    assert aside(site) == ["alice"]
    # Who has her name next has nothing to do with it.
    site.create("alice", "New")
    hook.place()
    wait_until(lambda: aside(site) == [])
    stop(process)
    assert hook.runs() == [f"alice {entry['id']}"]
    assert site.states("alice") == [("New", "active")]


def test_a_pass_runs_what_is_due_of_accounts_that_have_gone_or_had_no_room_for_it(site, hook):
    (gone,), (full,) = site.entries("alice"), site.entries("bob")
    hook.primaries.configure(f'hooks: {{ revoked = "{hook.path}"; }};', "history = 0;")
    site.run("remove", "alice").done()
    site.run("revoke", "bob", "--all").done()
    assert aside(site) == ["alice", "bob"]
    assert site.entries("bob", "--all") == []
    hook.place()
    once(site)
    assert sorted(hook.runs()) == [f"alice {gone['id']}", f"bob {full['id']}"]
    assert aside(site) == []
    assert not [path for path in site.store.rglob("*") if "alice" in path.name]


ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def test_however_long_a_hook_cannot_be_run_what_is_due_is_bounded_and_nothing_of_it_is_lost(site, hook):
    """By the ids there are: none is given out again while a session may be open by it."""
    hook.primaries.configure(f'hooks: {{ revoked = "{hook.path}"; }};', "history = 0;")
    (phone,) = site.entries("alice")
    site.run("revoke", "alice", "--all").done()
    # As a thousand more were left, all but two.
    (due,) = (site.store / "due").iterdir()
    head, primary, line = lines_of(due)
    ids = [one + other for one in ALPHABET for other in ALPHABET]
    left = [id for id in ids if id != phone["id"]][:2]
    lines = [line.replace(f"id={phone['id']} ", f"id={id} ") for id in ids if id not in left]
    due.write_bytes(sealed([head, primary, *lines]))

    drawn = []
    for label in ("Laptop", "Tablet"):
        drawn.append(site.create("alice", label)["id"])
        site.run("revoke", "alice", "--all").done()
    assert sorted(drawn) == left
    refused = site.run("create", "alice", "--label", "Watch").refused(4)
    assert "no id left" in refused.err and "hooks.revoked" in refused.err
    site.create("bob", "Tablet")  # others have theirs
    # What is removed and made again has the same to end.
    site.run("remove", "alice").done()
    site.run("create", "alice", "--label", "Watch").refused(4)
    assert set(aside(site)) == {"alice"} and len(aside(site)) == 3

    hook.place()
    once(site)
    assert sorted(id for run in hook.runs() for id in run.split()[1:]) == ids
    assert aside(site) == []
    site.create("alice", "Watch")


def test_what_is_aside_goes_with_the_hook(site, hook):
    site.run("remove", "alice").done()
    assert aside(site) == ["alice"]
    hook.primaries.configure()
    once(site)
    assert aside(site) == []
    site.run("remove", "bob").done()
    assert aside(site) == []


# Beside the watch


@pytest.fixture
def slow(hook):
    """The hook notes its beginning and its end, and waits in between until its user's may go on."""
    note = 'echo "$what $ASP_EVENT $ASP_USER $$" >>"$0ed"'
    wait = f'until [ -e {hook.site.folder}/go ] || [ -e "{hook.site.folder}/go-$ASP_USER" ]; do sleep 0.05; done'
    hook.place(f"for what in begin end; do {note}; {wait}; done\n")
    hook.primaries.configure(f'hooks: {{ revoked = "{hook.path}"; timeout = 300; }};')
    hook.said = lambda: [line.rsplit(" ", 1)[0] for line in hook.runs()]
    hook.go = lambda name="go": (hook.site.folder / name).touch()
    return hook


def test_a_hook_that_hangs_delays_neither_the_next_pass_nor_the_hooks_of_others(site, slow, watch):
    process = watch()
    slow.primaries.say({"alice": "new", "bob": "two", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: slow.said() == ["begin revoked alice"])
    slow.primaries.say({"alice": "new", "bob": "new", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: slow.said() == ["begin revoked alice", "begin revoked bob"])
    slow.go("go-bob")
    wait_until(lambda: slow.is_due("bob") == 0)
    assert slow.said()[2:] == ["end revoked bob"]
    # And what expires meanwhile is found.
    site.create("carol", "Tablet", "--expires", "1s")
    wait_until(lambda: "begin expired carol" in slow.said())
    slow.go()
    wait_until(lambda: slow.is_due() == 0 and "end expired carol" in slow.said())
    stop(process)


def test_the_hooks_of_one_user_run_one_after_the_other(site, slow, watch):
    process = watch()
    slow.primaries.say({"alice": "new", "bob": "two", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: slow.said() == ["begin revoked alice"])
    second = site.create("alice", "Tablet")["id"]
    site.run("revoke", "alice", second).done()
    assert slow.is_due() == 2
    # Another's that was noted after it has begun: it has been looked at alice's again by then.
    slow.primaries.say({"alice": "new", "bob": "new", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: "begin revoked bob" in slow.said())
    assert slow.said().count("begin revoked alice") == 1
    slow.go()
    wait_until(lambda: slow.is_due() == 0)
    assert [line for line in slow.said() if "alice" in line] == 2 * ["begin revoked alice", "end revoked alice"]
    stop(process)


def test_a_pass_waits_for_its_hooks_and_runs_those_of_several_users_at_once(site, hook):
    """The hook of each ends when those of all have begun."""
    all_begun = " ".join(f"-a -e {site.folder}/begun-{user}" for user in ("alice", "bob", "carol"))
    until = f"until [ -d / {all_begun} ]; do sleep 0.05; done"
    hook.place(f'touch {site.folder}/begun-$ASP_USER\n{until}\necho "$ASP_USER" >>"$0ed"\n')
    hook.primaries.say({"alice": "new", "bob": "new", "carol": "new"})
    assert once(site)["changed"] == 3
    assert sorted(hook.runs()) == ["alice", "bob", "carol"]
    assert not any(hook.is_due(user) for user in ("alice", "bob", "carol"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_runs_ends_with_the_watch_and_another_watch_can_begin(site, slow, watch, number):
    process = watch()
    slow.primaries.say({"alice": "new", "bob": "two", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    wait_until(slow.runs)
    pid = slow.runs()[0].rsplit(" ", 1)[1]
    # What was started is a sandbox of the log: the watch names its own process.
    os.kill(int((site.store / "locks" / ".watch").read_text()), number)
    process.wait()
    wait_until(lambda: not lives(pid), "it lives on")
    assert slow.is_due() == 1
    slow.go()
    process = watch()
    wait_until(lambda: slow.is_due() == 0)
    stop(process)
    assert slow.said() == ["begin revoked alice", "begin revoked alice", "end revoked alice"]
