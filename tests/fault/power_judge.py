"""What must be so of a store after a power cut, whatever of an operation has come to the disk: a state is built, read with
the real asp-admin, looked over by doctor or by a pass of watch, and worked with again."""

import json
import re
import shutil

from power_recording import Mark
from support.primaries import Primaries, Shadow
from support.site import Site

STORE = "disk/store"
USERS = "store/users/"
NOT_YET = b"\naccount=not-yet\n"
# Seconds: by then who made a first app password has given up.
GIVEN_UP = 660
# In locks/, of no account: the watch's, and who set a primary password (asp/store_files_passwords.c). And the turn of who
# runs a user's hooks, which is there after a kill until the next one has given it (asp/store_files_due.c).
KEPT_LOCKS = {".watch", ".passwords"}
TURN = re.compile(r"\..*\.hook")

HOOK = """#!/bin/sh
echo "$ASP_EVENT $ASP_IDS" >>{runs}
"""


class PowerSite(Site):
    """A site whose store lies in a folder that is looked at as a disk, with primary passwords that a command prints, or
    with those of the machine, and with hooks where asked for."""

    def __init__(self, folder, build, hooks=False, shadow=False, lines=()):
        super().__init__(folder, build)
        self.disk = folder / "disk"
        self.disk.mkdir(mode=0o755)
        self.place = folder / STORE
        self.hook, self.runs = (folder / "hook" if hooks else None), folder / "hooks-run"
        lines = list(lines)
        if hooks:
            self.hook.write_text(HOOK.format(runs=self.runs))
            self.hook.chmod(0o755)
            lines.append(f'hooks: {{ created = "{self.hook}"; revoked = "{self.hook}"; }};')
        if shadow:
            self.primaries = Shadow(self)
            self.configure("virtual_users = true;", *lines)
        else:
            self.primaries = Primaries(self)
            self.primaries.configure(*lines)

    def say(self, primaries):
        """Each user's primary password, as its source has it."""
        self.primaries.say(primaries)

    def runs_of_hook(self):
        """(event, ids) of each."""
        lines = self.runs.read_text().splitlines() if self.runs.exists() else []
        return [(line.split()[0], line.split()[1:]) for line in lines]

    def active(self):
        """(user, id) of each app password that is not revoked."""
        accounts = [json.loads(line) for line in self.run("export").done().out.splitlines()]
        return {(one["user"], entry["id"]) for one in accounts for entry in one["entries"] if not entry["revoked"]}


def build_state(there, root):
    """Makes a folder of what is there."""
    root.chmod(0o755)
    for path, (mode, data) in there.items():
        made = root / path
        if data is None:
            made.mkdir()
        else:
            made.write_bytes(data)
        made.chmod(mode)


def accounts_of(tree):
    """The bytes of each account, by its file's name."""
    found = {}
    for path, inode in tree.paths():
        name = path.removeprefix(USERS)
        if path.startswith(USERS) and not name.startswith(".") and NOT_YET not in tree.nodes[inode].data:
            found[name] = tree.nodes[inode].data
    return found


class Judge:
    """Of the states of one operation. A fault is told as a text."""

    def __init__(self, operation, recording, recorded_hooks):
        self.operation, self.recording = operation, recording
        self.versions = []  # what all accounts were before each effect, and at the end
        tree = recording.until(0)
        for effect in [*recording.effects, None]:
            accounts = accounts_of(tree)
            same = self.versions and self.versions[-1] == accounts
            self.versions.append(self.versions[-1] if same else accounts)
            if effect is not None:
                tree.apply(effect)
        ends = [number for number, effect in enumerate(recording.effects) if effect == Mark("hook")]
        assert len(ends) == len(recorded_hooks), "the recording has other hooks than were run"
        self.hooks = list(zip(ends, recorded_hooks))

    def without(self, *left_out):
        """Of the same operation, had it not done this: numbers of effects."""
        return Judge(self.operation, self.recording.without(*left_out), [ran for _, ran in self.hooks])

    def told_at(self, cut):
        """The last effect before a cut at which something had been told."""
        told = (Mark("said"), Mark("ended"))
        return max((number for number in range(cut) if self.recording.effects[number] in told), default=0)

    def judge(self, state, folder, build, clock, by_doctor=True):
        """The faults of a state. The folder is made, and taken away again; `clock` is the environment of another time.
        Where it is looked over `by_doctor` that is before the pass of watch."""
        folder.mkdir()
        found = []
        try:
            site = PowerSite(folder, build, **self.operation.site)
            for fault in self.faults(state, site, clock, by_doctor):
                found.append(fault)
        except AssertionError as error:
            found.append(f"it cannot be used: {error}")
        finally:
            shutil.rmtree(folder)
        return found

    def faults(self, state, site, clock, by_doctor):
        site.say(self.operation.after)
        build_state(state.there, site.disk)
        accounts = self.accounts_in(state)
        yield from self.accounts_faults(state, accounts)
        if not all((site.place / name).is_dir() for name in ("users", "used", "locks")):
            # The first create has not come far. The next one goes on.
            assert accounts == {}, "folders of the store are missing, and there are accounts"
            site.run("create", "bob", "--label", "Begun", "--quiet").done()
        site.active()  # all can be read
        yield from self.passwords_faults(site, accounts)
        yield from self.cleaning_faults(site, clock, by_doctor)
        yield from self.hooks_faults(site, state)
        yield from [f"{name} was lost when the store was looked over" for name in accounts if name not in site.texts()]
        yield from self.next_faults(site)

    @staticmethod
    def accounts_in(state):
        """The bytes of each, by the name of its file. What was made for a first app password and never shown is none."""
        accounts = {path.removeprefix(USERS): data for path, (_, data) in state.there.items() if path.startswith(USERS)}
        return {name: data for name, data in accounts.items() if not name.startswith(".") and NOT_YET not in data}

    def accounts_faults(self, state, accounts):
        """Each account is as it was at some time since something was told last, and before the cut."""
        may_be = self.versions[self.told_at(state.last) : state.last + 1]
        for name in sorted({name for version in self.versions for name in version} | set(accounts)):
            if accounts.get(name) not in [version.get(name) for version in may_be]:
                was = [number for number, one in enumerate(self.versions) if one.get(name) == accounts.get(name)]
                yield f"the account {name} is " + (f"as it was before effect {was[-1]}" if was else "neither old nor new")

    def passwords_faults(self, site, accounts):
        """What worked before and after works, and what is as it was at the end is decided as at the end."""
        for one in self.operation.passwords:
            verdict = site.check(one.text, one.user, one.service)
            is_old = accounts.get(one.user) == self.versions[0].get(one.user)
            is_new = accounts.get(one.user) == self.versions[-1].get(one.user)
            may_be = {one.before} if is_old and not is_new else {one.after} if is_new else {one.before, one.after}
            if verdict == "unavailable" or (verdict == "accepted") not in may_be:
                yield f"{one.user}'s {one.label} is {verdict}"

    def cleaning_faults(self, site, clock, by_doctor):
        if by_doctor:
            found = json.loads(site.run("--json", "doctor").out)
            ours = [row for row in found if row["check"] in ("store", "accounts", "usage")]
            assert {row["check"] for row in ours} == {"store", "accounts", "usage"}, found
            yield from [f"doctor: {row['message']}" for row in ours if not row["ok"]]
            yield from self.strays_faults(site, "doctor", ("users",))
        site.run("--json", "watch", "--once", env=clock(GIVEN_UP)).done()
        yield from self.strays_faults(site, "watch", ("users", "used", "locks", "due"))

    def strays_faults(self, site, who, folders):
        accounts = {row["user"] for row in site.json("list")}
        if who == "doctor":
            accounts |= {name for name, data in site.texts().items() if NOT_YET in data}
        top = {path.name for path in site.place.iterdir()} - {"users", "used", "locks", "due"}
        yield from [f"{who} leaves {name}" for name in sorted(top)]
        for folder in folders:
            kept = accounts if folder != "due" else set()
            there = {path.name for path in (site.place / folder).glob("*")} if (site.place / folder).exists() else set()
            strays = there - kept
            if folder == "locks":
                strays = {name for name in strays - KEPT_LOCKS if not TURN.fullmatch(name)}
            yield from [f"{who} leaves {folder}/{name}" for name in sorted(strays)]

    def hooks_faults(self, site, state):
        """What was ended, by the operation or by watch's pass, was told to the hook before the cut, or is by watch; and
        nothing else is."""
        if site.hook is None:
            return
        active = site.active()
        ended = self.operation.active - active
        runs = site.runs_of_hook()
        told = {one for event, ids in runs if event == "revoked" for one in ids}
        for user, one in sorted(ended):
            if one not in told | self.told_before(state.first):
                yield f"the hook for {user}'s {one} was lost"
        for user, one in sorted(active):
            if one in told:
                yield f"the hook was run for {user}'s {one}, which is active"
        if any(b" hook=due " in data for data in site.texts().values()):
            yield "a hook is due after a pass of watch"

    def told_before(self, cut):
        """The ids of which the hook was told by then."""
        runs = [ran for number, ran in self.hooks if number < cut]
        return {one for event, ids in runs if event == "revoked" for one in ids}

    def next_faults(self, site):
        verdict = site.check(site.create("alice", "Next", "--app", "mail")["password"])
        if verdict != "accepted":
            yield f"the next app password is {verdict}"
