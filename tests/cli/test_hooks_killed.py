"""No hook that is due is lost: asp-admin is killed at each system call from the one on that makes it due, and then a
watch runs what is left."""

import os
import shutil
import signal

import pytest
from support.folders import restore
from support.long import some_of
from support.tracing import injecting, system_calls
from support.wait import wait_until

pytestmark = pytest.mark.of_files("what is left due is a mark in files: a database tells each machine, see tests/fleet/test_feed.py")

# The words of what revokes, and the reason that the hook is told.
REVOKING = {
    "revoke": (["revoke", "alice", "ID"], "admin"),
    "rotate": (["rotate", "alice", "ID", "--quiet"], "rotated"),
    "remove": (["remove", "alice"], "removed"),
}


class Revoking:
    """One command that revokes Alice's app password, from a saved store each time."""

    def __init__(self, site, name):
        self.site = site
        self.hook = site.folder / "hook"
        self.runs = 0
        self.write_hook()
        site.configure(
            "virtual_users = true;", 'primary: { source = "none"; };', f'hooks: {{ revoked = "{self.hook}"; }};'
        )
        self.id = site.create("alice", "Phone", "--app", "mail")["id"]
        words, self.reason = REVOKING[name]
        self.words = [self.id if word == "ID" else word for word in words]
        self.saved = site.folder / "saved"
        shutil.copytree(site.store, self.saved)
        calls = system_calls(site, site.folder, *self.words)
        assert self.told() == [f"revoked {self.id} {self.reason}"]
        renames = [index for index, call in enumerate(calls) if call.name.startswith("rename")]
        # The first of rotate stores what is pending and revokes nothing.
        commit = renames[1 if name == "rotate" else 0]
        self.commit, self.later = calls[commit], calls[commit + 1 :]
        self.back()

    def write_hook(self):
        """Each run of the command has a hook of its own: one that goes on after it is not taken for the next one's."""
        self.runs += 1
        self.note = self.site.folder / f"note{self.runs}"
        new = self.site.folder / "new"
        new.write_text(f'#!/bin/sh\necho "$ASP_EVENT $ASP_IDS $ASP_REASON" >>{self.note}\n')
        new.chmod(0o755)
        os.rename(new, self.hook)

    def back(self):
        restore(self.saved, self.site.store)
        self.write_hook()

    def told(self):
        return self.note.read_text().splitlines() if self.note.exists() else []

    def killed_at(self, call):
        run = self.site.run(*self.words, prefix=injecting(self.site.folder, call, "signal=SIGKILL"))
        # How often it looks whether the hook has ended is not always the same.
        assert run.code in (-signal.SIGKILL, 128 + signal.SIGKILL, 0), (call, run)
        return run.code

    def is_due(self):
        files = [self.site.account("alice"), *(self.site.store / "due").glob("*")]
        return any("hook=due" in file.read_text() for file in files if file.exists())

    def watched_to_the_end(self):
        """More than once where the hook that was just begun has not let go of the turn: exec closes what it must not
        have a moment after the one who began it goes on, or is killed."""
        self.site.json("watch", "--once")
        return not self.is_due()


@pytest.fixture(params=REVOKING)
def revoking(site, strace, request):
    return Revoking(site, request.param)


# Lesson: a kill at each call.
def test_killed_at_any_system_call_after_the_revocation_its_hook_is_run(revoking):
    left = 0
    for call in some_of(revoking.later):
        revoking.killed_at(call)
        left += revoking.is_due()
        wait_until(revoking.watched_to_the_end, f"the hook is still due after {call}")
        assert set(revoking.told()) == {f"revoked {revoking.id} {revoking.reason}"}, call
        revoking.back()
    assert left > 3, "hardly anything was left to the watch"


def test_killed_before_the_revocation_no_hook_is_run(revoking):
    assert revoking.killed_at(revoking.commit) != 0
    revoking.site.json("watch", "--once")
    assert revoking.told() == []
    assert revoking.site.states() == [("Phone", "active")]
