"""A running watch, in whichever of whose processes a call goes wrong while a primary password becomes another one."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from machines import OnMachine
from operations import write_hook
from points import FEW, KILL
from rules import DONE, STORE
from support.processes import child_of, children, lives
from support.run import MORTAL, Result
from support.wait import LONG, comes_true, wait_until
from support.watch import Manager
from trial import LAPTOP, PHONE, SPARE, revoked

# Of SHA-512, as crypt(3) writes it; of which password does not matter.
OLD_HASH, NEW_HASH = (f"$6$saltsalt${86 * letter}" for letter in "ab")
# Seconds that are waited for it while something goes wrong, perhaps each time; and after that: as long as a database may take
# to list the names, of which nothing was asked for want of memory, and until the next pass.
SOON, AFTERWARDS = 5, 15


class RunningWatch(OnMachine):
    """All of alice's are revoked, and their hook is run. It has nothing to go by but what it is told: no interval is
    over."""

    lines = None
    some = FEW

    def __init__(self, machine, library, folder):
        self.socket = pathlib.Path(tempfile.mkdtemp(prefix="asp-watch-"))  # names of sockets are short
        self.process, self.notes = None, 0
        hook = f'hooks: {{ revoked = "{folder / "hook"}"; }};'
        machine.reset("virtual_users = true;", "primary: { interval = 86400; };", hook)
        new = {"alice": revoked(LAPTOP, PHONE, SPARE)}
        super().__init__(machine, library, folder, "running watch", new, self.before_accounts)

    def __exit__(self, *_):
        self.end()
        shutil.rmtree(self.socket)

    def before_accounts(self, site):
        self.set_hash(OLD_HASH)
        return site.hear

    def set_hash(self, value):
        self.machine.sandbox.run("chpasswd", "-e", input=f"alice:{value}\n").done()

    def prepare(self):
        restored = self.back

        def back():
            self.end()
            self.set_hash(OLD_HASH)
            restored()
            self.notes += 1
            self.note = self.site.folder / f"note{self.notes}"
            write_hook(self.site, self.note)
            self.begin()

        self.back = back

    def begin(self):
        self.end()
        box, null = self.machine.sandbox, subprocess.DEVNULL
        with Manager(self.socket) as manager:
            words = [*MORTAL, *manager.prefix, *self.words, self.machine.admin, "watch"]
            self.process = box.start(*words, stdin=null, stdout=null, stderr=null)
            manager.wait_ready()
        pid = child_of(self.process)
        beside = children(pid)[-1:] if self.machine.joining else []
        self.pids = [pid, *beside]
        wait_until(lambda: children(pid) == beside, "it asks the name service without end")

    def end(self):
        if self.process is None:
            return
        for pid in [*self.pids, *children(self.pids[0])]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(LONG)
        self.process = None

    def has_ended(self):
        return not lives(self.pids[0])

    has_changed = has_ended

    def attempt(self, point):
        super().attempt(point)
        comes_true(self.is_done, AFTERWARDS)
        return self.result()

    def ask(self):
        """Of a watch that has ended another one takes the place, as by a service manager."""
        self.set_hash(NEW_HASH)
        comes_true(lambda: self.has_ended() or self.is_done(), SOON)
        if self.has_ended():
            self.begin()
            comes_true(self.is_done, SOON)
        return self.result()

    def ask_next(self):
        """It is done by then."""
        comes_true(self.is_done)
        return self.result()

    def seen(self, point, run, seconds):
        """It is the tests that have waited."""
        return super().seen(point, run, 0)

    def result(self):
        return Result(DONE if self.is_done() else STORE, "", "")

    def is_done(self):
        return bool(self.noted()) and self.site.texts().get("alice") != self.texts["alice"] and self.is_idle()

    def is_idle(self):
        return len(children(self.pids[0])) < len(self.pids)

    def noted(self):
        return set(self.note.read_text().splitlines()) if self.note.exists() else set()

    def clean_run(self):
        calls = super().clean_run()
        self.due = self.noted()
        assert len(self.due) == 1
        return calls

    def points(self):
        """Where a hook's process is killed before it is the hook, that has failed, and is not run again: asp.conf(5)."""
        return [point for point in super().points() if point.action != KILL or not point.call.is_of_program]

    def hooks(self):
        return self.noted(), self.due
