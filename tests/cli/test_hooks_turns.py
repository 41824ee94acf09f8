"""Whose turn it is to run what is due for a user: what asp-admin has revoked it runs itself, a watch beside it does
not, and nobody waits for another's hook."""

import contextlib
import fcntl
import json
import os
import signal

import pytest
from support.passwords import id_but
from support.processes import children, has_open, lives, waits_in
from support.run import ended
from support.tracing import STRACE
from support.wait import LONG, wait_until

pytestmark = pytest.mark.of_files("what is left due is a mark in files: a database tells each machine, see tests/fleet/test_feed.py")


@pytest.fixture
def slow(site):
    """A hook that notes its beginning and its end, and waits in between until it may go on."""
    return Slow(site)


class Slow:
    def __init__(self, site):
        self.site = site
        self.go = site.folder / "go"
        self.note = site.folder / "note"
        self.hook = hook = site.folder / "hook"
        said = "$ASP_USER $ASP_IDS $ASP_REASON"
        wait = f"until [ -e {self.go} ]; do sleep 0.05; done"
        hook.write_text(f'#!/bin/sh\necho "begin {said}" >>{self.note}\n{wait}\necho "end {said}" >>{self.note}\n')
        hook.chmod(0o755)
        lines = "virtual_users = true;", 'primary: { source = "none"; };'
        site.configure(*lines, f'hooks: {{ revoked = "{hook}"; timeout = 300; }};')

    def said(self):
        return self.note.read_text().splitlines() if self.note.exists() else []

    @contextlib.contextmanager
    def revoking(self, id, user="alice"):
        """A revocation whose hook is running."""
        with ended(self.site.start("revoke", user, id)) as revoke:
            wait_until(self.said, "the hook has not begun")
            yield revoke

    def is_due(self, user="alice"):
        return self.site.hooks_due(user)

    def may_go_on(self):
        self.go.touch()


def test_what_asp_admin_is_running_a_watch_does_not_run(site, slow):
    id = site.create()["id"]
    with slow.revoking(id) as revoke:
        assert slow.is_due() == 1
        site.json("watch", "--once")
        assert slow.said() == [f"begin alice {id} admin"]
        assert slow.is_due() == 1
        slow.may_go_on()
        assert revoke.wait(LONG) == 0
    assert slow.said() == [f"begin alice {id} admin", f"end alice {id} admin"]
    assert slow.is_due() == 0
    assert not [path for path in (site.store / "locks").iterdir() if path.name.endswith(".hook")]


def test_who_revokes_while_anothers_hook_runs_does_not_wait_and_the_other_runs_it_too(site, slow):
    first, second = (site.create("alice", label)["id"] for label in ("Phone", "Tablet"))
    with slow.revoking(first) as revoke:
        # Its own output and end come while the hook of the first still runs.
        assert site.run("revoke", "alice", second, "--reason", "lost").done().out == f"revoked {second}  Tablet\n"
        assert slow.said() == [f"begin alice {first} admin"]
        assert slow.is_due() == 2
        slow.may_go_on()
        assert revoke.wait(LONG) == 0
    assert slow.said()[2:] == [f"begin alice {second} lost", f"end alice {second} lost"]
    assert slow.is_due() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_asp_admin_was_ended_in_a_watch_runs(site, slow, number):
    id = site.create()["id"]
    with slow.revoking(id) as revoke:
        revoke.send_signal(number)
        assert revoke.wait(LONG) == -number
    assert slow.is_due() == 1
    slow.may_go_on()
    site.json("watch", "--once")
    wait_until(lambda: slow.said().count(f"end alice {id} admin") >= 1)
    assert slow.said().count(f"begin alice {id} admin") == 2
    assert slow.is_due() == 0


def test_a_hook_that_is_ended_together_with_asp_admin_is_due(site, slow):
    """As by who ends a group of processes: both signals are there when it looks."""
    with slow.revoking(site.create()["id"]) as revoke:
        (hook,) = children(revoke.pid)
        revoke.send_signal(signal.SIGSTOP)
        os.kill(hook, signal.SIGTERM)
        wait_until(lambda: not lives(hook))
        revoke.send_signal(signal.SIGTERM)
        revoke.send_signal(signal.SIGCONT)
        assert revoke.wait(LONG) == -signal.SIGTERM
    assert slow.is_due() == 1


def test_a_turn_that_cannot_be_had_keeps_nobody_from_revoking_and_the_hook_is_run_later(site, slow, log):
    id = site.create()["id"]
    place = site.store / "locks" / ".alice.hook"
    place.mkdir()
    slow.may_go_on()
    site.run("revoke", "alice", id, prefix=log.prefix).done()
    assert site.entry(id)["state"] == "revoked"
    assert (slow.said(), slow.is_due()) == ([], 1)
    assert any(f"{place} is not a plain file" in line and '"alice"' in line for line in log.lines())
    place.rmdir()
    site.json("watch", "--once")
    assert len(slow.said()) == 2
    assert slow.is_due() == 0


def test_without_a_hook_no_revocation_takes_a_turn_or_leaves_a_mark(site, strace):
    site.configure("virtual_users = true;")
    id = site.create()["id"]
    site.run("revoke", "alice", id, prefix=[*STRACE, "-o", site.folder / "calls"]).done()
    assert ".hook" not in (site.folder / "calls").read_text()
    assert site.hooks_due("alice") == 0


class Unread:
    """A pipe that nobody reads, and that is full."""

    def __init__(self, site):
        self.path = site.folder / "output"
        os.mkfifo(self.path)
        self.prefix = ["sh", "-c", 'exec "$@" >"$0" 2>&1', self.path]

    def __enter__(self):
        self.pipe = open(self.path, "r+b", buffering=0)
        fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, 4096)
        self.pipe.write(b"." * 4096)
        return self

    def read(self, process):
        """How the process has ended, and what it had to say."""
        assert self.pipe.read(4096) == b"." * 4096
        code = process.wait(LONG)
        return code, self.pipe.read(4096).decode()

    def __exit__(self, *_):
        self.pipe.close()


@pytest.mark.parametrize(("words", "reason"), [(("revoke", "alice", "--all"), "admin"), (("remove", "alice"), "removed")])
def test_a_hook_waits_for_nobody_who_does_not_read_what_is_said(site, slow, words, reason):
    id = site.create()["id"]
    with Unread(site) as unread, ended(site.start(*words, "--json", prefix=unread.prefix)) as process:
        slow.may_go_on()
        wait_until(lambda: f"end alice {id} {reason}" in slow.said(), "the hook waits")
        code, said = unread.read(process)
        assert (code, json.loads(said)["user"]) == (0, "alice")


# It has the turn while it changes the account, and what others revoke meanwhile is left to it.


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("revoke", "alice", "--label", "Old"), 0),
        (("revoke", "alice", "{other}"), 3),
        (("create", "alice", "--app", "mail", "--label", "Phone"), 4),
    ],
)
def test_who_has_something_to_say_that_nobody_reads_keeps_no_hook_of_others(site, slow, words, code):
    old, phone = (site.create("alice", label)["id"] for label in ("Old", "Phone"))
    slow.may_go_on()
    site.run("revoke", "alice", old).done()
    words = [word.format(other=id_but(old, phone)) for word in words]
    with Unread(site) as unread, ended(site.start(*words, prefix=unread.prefix)) as process:
        wait_until(lambda: "pipe_write" in waits_in(process.pid), "it says nothing")
        site.run("revoke", "alice", phone, "--reason", "stolen").done()
        assert f"end alice {phone} stolen" in slow.said()
        assert unread.read(process)[0] == code


def test_what_is_left_to_one_that_revokes_nothing_itself_is_run(site, slow):
    id = site.create("alice", "Phone")["id"]
    slow.may_go_on()
    with open(site.store / "locks" / "alice", "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        create = site.start("create", "alice", "--app", "mail", "--label", "Tablet", "--quiet")
        with ended(create):
            wait_until(lambda: has_open(create.pid, site.store / "locks" / ".alice.hook"), "it does not begin")
            create.send_signal(signal.SIGSTOP)
            fcntl.flock(lock, fcntl.LOCK_UN)
            site.run("revoke", "alice", id, "--reason", "stolen").done()
            assert slow.said() == []
            create.send_signal(signal.SIGCONT)
            assert create.wait(LONG) == 0
    assert slow.said() == [f"begin alice {id} stolen", f"end alice {id} stolen"]
    assert slow.is_due() == 0


def test_who_revokes_is_not_kept_by_what_others_revoke_all_the_time(site, slow, log):
    """Each hook finds another app password, and revokes it."""
    ids = [site.create("alice", f"Phone {number}")["id"] for number in range(20)]
    words = " ".join(map(str, site.argv("revoke", "alice", "--label")))
    slow.hook.write_text(f'#!/bin/sh\necho "$ASP_IDS" >>{slow.note}\n{words} "Phone $(wc -l <{slow.note})" || true\n')
    site.run("revoke", "alice", ids[0], prefix=log.prefix).done()
    assert slow.said() == ids[:3]
    assert slow.is_due() == 1
    assert any("more becomes due all the time" in line and '"alice"' in line for line in log.lines())
