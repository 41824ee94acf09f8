"""What asp-admin does to accounts, and how it is made to fail."""

import dataclasses
import re
import typing

from points import KILL, SHORT, Point, points_of
from rules import DONE, NO, STORE
from short import Shortener
from support.primaries import Primaries
from support.tracing import STRACE, Call, injecting, look_at_configuration, read_calls
from support.wait import wait_until
from trial import LAPTOP, PHONE, SPARE, Trial, nothing_before, revoked

NEW = ("New", "active", "mail")
BATCH = ("alice", "carol")
NEW_SPARE = ("New", "active", "first-use")


def with_primaries(site):
    """As a command says them. What is given changes those of alice and carol."""
    primaries = Primaries(site)
    primaries.say({"alice": "one", "bob": "two", "carol": "three"})
    return lambda: primaries.say({"alice": "other", "bob": "two", "carol": "other"})


def told_by_import(run, _):
    return set(re.findall(r"(?m)^replaced (\w+)", run.out))


def told_by_batch(run, _):
    """Of who was shown one, where it has come to its end and did not say that it is void."""
    if run.code not in (DONE, NO, STORE):
        return set()
    void = re.findall(r"(?m)^asp-admin: line (\d+): ", run.err)
    return {line.partition("\t")[0] for line in run.out.splitlines()} - {BATCH[int(number) - 1] for number in void}


def told_by_watch(run, changed):
    """Of as many as it says."""
    said = re.search(r"(\d+) changed", run.out)
    return changed if said and int(said[1]) == len(changed) else set()


def write_hook(site, note, mode=0o755):
    """It notes in that file what it is run for."""
    new = site.folder / "new"
    new.write_text(f'#!/bin/sh\necho "$ASP_EVENT $ASP_USER $ASP_IDS $ASP_REASON" >>{note}\n')
    new.chmod(mode)
    new.rename(site.folder / "hook")


def with_hook(site):
    site.configure("virtual_users = true;", f'hooks: {{ revoked = "{site.folder / "hook"}"; }};')
    write_hook(site, "/dev/null")
    site.hear()  # from then on
    return lambda: None


def with_hook_due(site):
    """It could not be run when all of alice's were revoked."""
    with_hook(site)

    def revoke():
        write_hook(site, "/dev/null", mode=0o644)
        site.run("revoke", "alice", "--all").done()

    return revoke


@dataclasses.dataclass(frozen=True)
class Operation:
    """`words` of asp-admin, in which ID is alice's Phone; `input`: what is given to it, made of an export. The rest is as of
    a Trial."""

    words: tuple
    new: dict
    input: typing.Callable = lambda export: ""
    before: typing.Callable = nothing_before
    told: typing.Callable = lambda run, changed: set()
    lines: int = 1


OPERATIONS = {
    "create": Operation(("create", "alice", "--label", "New", "--quiet"), {"alice": [LAPTOP, NEW_SPARE, PHONE, SPARE]}),
    "rotate": Operation(("rotate", "alice", "ID", "--quiet"), {"alice": [LAPTOP, PHONE, *revoked(PHONE), SPARE]}),
    "revoke": Operation(("revoke", "alice", "ID"), {"alice": [LAPTOP, *revoked(PHONE), SPARE]}),
    "revoke all": Operation(("revoke", "alice", "--all"), {"alice": revoked(LAPTOP, PHONE, SPARE)}),
    "label": Operation(("label", "alice", "ID", "New"), {"alice": [LAPTOP, NEW, SPARE]}),
    "remove": Operation(("remove", "alice"), {"alice": None}),
    "import": Operation(
        ("import", "--replace"),
        {"alice": [LAPTOP, NEW, SPARE], "carol": [NEW]},
        input=lambda export: export.replace('"Phone"', '"New"'),
        told=told_by_import,
        lines=3,
    ),
    "batch": Operation(
        ("create", "--batch"),
        {"alice": [LAPTOP, NEW_SPARE, PHONE, SPARE], "carol": [NEW_SPARE, PHONE]},
        input=lambda export: "".join(f"{user}\tNew\n" for user in BATCH),
        told=told_by_batch,
        lines=3,
    ),
    "watch's pass": Operation(
        ("watch", "--once"),
        {"alice": revoked(LAPTOP, PHONE, SPARE), "carol": revoked(PHONE)},
        before=with_primaries,
        told=told_by_watch,
        lines=3,
    ),
    "revoke, with a hook": Operation(
        ("revoke", "alice", "ID"), {"alice": [LAPTOP, *revoked(PHONE), SPARE]}, before=with_hook, lines=2
    ),
    "watch's hook": Operation(
        ("watch", "--once"), {"alice": revoked(LAPTOP, PHONE, SPARE)}, before=with_hook_due, lines=3
    ),
}


class Change(Trial):
    """One of them at a site. `library` is the one that makes a write short."""

    def __init__(self, site, name, library):
        self.operation, self.short = OPERATIONS[name], Shortener(site.folder, library)
        self.lines = self.operation.lines
        super().__init__(site, name, self.operation.new, self.operation.before)

    def prepare(self):
        export = "".join(self.site.run("export", user).done().out for user in ("alice", "carol"))
        self.input = self.operation.input(export)
        self.words = [self.passwords["Phone"][:2] if word == "ID" else word for word in self.operation.words]

    def told(self, run, changed):
        return self.operation.told(run, changed)

    def run(self, *prefix):
        return self.site.run(*self.words, prefix=prefix, input=self.input)

    def clean_run(self):
        log = self.site.folder / "calls"
        self.run(*STRACE, "-y", "-o", log, "-e", "trace=all").done()
        return read_calls(log, look_at_configuration(self.site.conf))

    def writes(self):
        self.short.begin()
        self.run(*self.short.words).done()
        self.back()
        return [Call("write", number, what) for _, number, what in self.short.written()]

    def points(self):
        calls = points_of(self.calls) if self.name == "create" else super().points()
        return [*calls, *(Point(call, SHORT) for call in self.writes())]

    def attempt(self, point):
        if point.action == SHORT:
            self.short.begin(point.call.occurrence)
            return self.run(*self.short.words)
        action = "signal=SIGKILL" if point.action == KILL else f"error={point.action}"
        run = self.run(*injecting(self.site.folder, point.call, action))
        self.site.wait_for_asked()
        return run


class Hooked(Change):
    """One that has a hook run. Each trial has a hook of its own: one that goes on after it is not taken for the next one's."""

    def prepare(self):
        super().prepare()
        self.notes, restored = 0, self.back

        def back():
            restored()
            self.notes += 1
            self.note = self.site.folder / f"note{self.notes}"
            write_hook(self.site, self.note)

        self.back = back
        self.back()

    def clean_run(self):
        calls = super().clean_run()
        wait_until(self.is_heard, "the hook is still due")
        self.due = self.noted()
        assert len(self.due) == 1
        return calls

    def noted(self):
        return set(self.note.read_text().splitlines()) if self.note.exists() else set()

    def is_heard(self):
        """More than once where the hook that was just begun has not let go of the turn."""
        return self.site.run("watch", "--once").code == DONE and self.site.hooks_due("alice") == 0

    def following(self):
        """What is still due is watch's."""
        wait_until(self.is_heard, "a hook is still due")
        return super().following()

    def hooks(self):
        return self.noted(), self.due
