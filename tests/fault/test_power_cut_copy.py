"""The power fails while a whole store is copied into a database or back, on the machine that has the files: one of the two
is closed at any time, none is found half, what was reported done is, and the copy goes on when it is said again."""

import contextlib
import dataclasses
import json
import shutil

import pytest
from points import chosen
from power_cut import EXT4, Cuts
from power_judge import build_state
from power_recording import Mark, Sync, record
from support.site import Site
from test_power_cut import SOME_STATES, place, root  # noqa: F401 (fixtures)

WAYS = {"into a database": ("files", "database"), "into files": ("database", "files")}
TABLES = ("store", "feed", "account", "used", "expiry", "ended", "lease")
# The statement by which the database is closed, or opened, as it is sent with its values.
CLOSES = b"\0close store\0"
USERS = ("alice", "carol", "bob")


def accounts_of(run):
    """Of an export, but since when uses are known, which is begun anew where they are not."""
    return [json.loads(line) | {"uses_since": None} for line in run.out.splitlines()]


class CopySite(Site):
    """Files on a disk that is looked at, and a database; `both` is a configuration that names them."""

    def __init__(self, folder, build, database):
        super().__init__(folder, build)
        self.database = database
        self.disk = folder / "disk"
        self.disk.mkdir(mode=0o755)
        self.place = self.disk / "store"
        lines = ("virtual_users = true;", 'primary: { source = "none"; };')
        self.configure(*lines)
        self.both = folder / "both.conf"
        self.both.write_text("\n".join([f"{self.first_line()} {database.line()}", *lines, ""]))

    def copy_words(self, way):
        return [self.admin, "--config", self.both, "store", "copy", *WAYS[way]]

    def found(self):
        """All that is found in the files; None where they are closed. That the machine has joined a database closes them
        too, and so does the note of a copy, to whoever is not in them: neither is looked at. A person takes them away, when
        told that the files are open."""
        notes = [self.place / name for name in ("store-id", "moved") if (self.place / name).exists()]
        for note in notes:
            shutil.move(note, self.folder / note.name)
        run = self.run("export")
        for note in notes:
            shutil.move(self.folder / note.name, note)
        return None if not (self.place / "users").exists() else accounts_of(run) if run.code == 0 else run.err

    def kept(self):
        """What is in the database, by name, and whether it is open."""
        (row,) = self.database.owner.ask("SELECT oldest FROM asp.store")
        rows = {one["name"]: one["body"] for one in self.database.rows("account") if one["body"] is not None}
        return rows, row["oldest"] > 0

    def save(self, name):
        for table in TABLES:
            self.database.owner.ask(
                f"DROP TABLE IF EXISTS {name}_{table}; CREATE TEMPORARY TABLE {name}_{table} AS TABLE asp.{table}"
            )

    def restore(self, name):
        self.database.owner.ask("SET session_replication_role = replica")
        for table in TABLES:
            self.database.owner.ask(f"DELETE FROM asp.{table}; INSERT INTO asp.{table} TABLE {name}_{table}")
        self.database.owner.ask("SET session_replication_role = DEFAULT")


class Copy:
    """One that was recorded. `phases` are what the database was before some effect, by name: (first, last effect)."""

    def __init__(self, site, way):
        self.site, self.way = site, way
        for user in USERS:
            id = site.create(user, "Phone", "--app", "mail")["id"]
        self.bobs = id
        site.run("revoke", "alice", "--all").done()
        self.accounts = site.found()
        if way == "into files":
            site.execute(*site.copy_words("into a database")).done()
            self.change_in_database()
        site.save("before")
        self.recording = record(site.disk, site.folder / "trace", site.copy_words(way), marks={CLOSES: "closes"})
        self.recording.result.done()
        site.save("after")
        self.rows, _ = site.kept()
        effects = self.recording.effects
        self.end = len(effects)
        self.said = max(at for at, effect in enumerate(effects) if effect == Mark("said"))
        marks = [at for at, effect in enumerate(effects) if effect == Mark("closes")]
        assert len(marks) == (2 if way == "into a database" else 1), marks
        self.phases = {"before": (0, marks[0]), "after": (marks[-1] + 1, self.end)}
        if way == "into a database":
            site.database.owner.ask("SELECT asp.close_store(0)")
            site.save("between")
            self.phases["between"] = (marks[0] + 1, marks[1])

    def change_in_database(self):
        """So that the files which were left are others."""

        def run(*words):
            return self.site.execute(self.site.admin, "--config", self.site.both, *words).done()

        run("create", "dora", "--label", "Phone", "--quiet")
        run("label", "bob", self.bobs, "Telephone")
        run("remove", "carol")
        self.accounts = accounts_of(run("export"))

    def faults(self, state):
        for phase, (first, last) in self.phases.items():
            if first <= state.last and state.first <= last:
                yield from [f"{phase}: {fault}" for fault in self.faults_in(state, phase)]

    def faults_in(self, state, phase):
        site = self.site
        shutil.rmtree(site.disk)
        site.disk.mkdir()
        build_state(state.there, site.disk)
        site.restore(phase)
        found, (_, is_open) = site.found(), site.kept()
        if found is not None and found != self.accounts:
            yield "the files are found, and not all that is in them"
        if found is not None and is_open and phase != "before":
            yield "both are open"
        if phase == "after" and state.first > self.said and (found is None) == (self.way == "into files"):
            yield "it was reported done, and is not"
        run = site.execute(*site.copy_words(self.way))
        if run.code != 0 and not (phase == "after" and ("already" in run.err or "was left" in run.err)):
            yield f"it does not go on: {run}"
        found, (rows, is_open) = site.found(), site.kept()
        if is_open != (self.way == "into a database") or found != (None if is_open else self.accounts):
            yield f"once it was said again: {'open' if is_open else 'closed'}, and found is {found}"
        if is_open and rows != self.rows:
            yield "once it was said again: not all are in the database"


@pytest.fixture
def recorded(place, build, make_site, request):  # noqa: F811
    if request.config.getoption("engine") == "files":
        pytest.skip("where there is a database for sites: --engine=database")
    databases = request.getfixturevalue("databases")
    with contextlib.ExitStack() as stack:
        yield lambda way: Copy(CopySite(place, build, stack.enter_context(databases.one())), way)


@pytest.mark.parametrize("way", WAYS)
def test_whatever_of_a_copy_has_come_to_the_disk(way, recorded, record_property):
    copy = recorded(way)
    states = Cuts(copy.recording).play()
    some = chosen(way, states, SOME_STATES // 2)
    record_property("points", f"power cut in a copy {way}: {len(some)} of {len(states)} states")
    found = {}
    for state in some:
        for fault in copy.faults(state):
            found.setdefault(fault, f"{' '.join(sorted(state.rules))}, before effect {state.first} to {state.last}")
    assert found == {}


def test_without_the_sync_of_all_that_was_copied_files_are_found_that_are_empty(recorded):
    copy = recorded("into files")
    syncs = [at for at, effect in enumerate(copy.recording.effects) if effect == Sync(None)]
    assert syncs
    states = Cuts(copy.recording.without(*syncs)).play((EXT4,))
    empty = next(state for state in states if state.there.get("store/users/dora", (0, None))[1] == b"")
    assert any(fault.endswith(": the files are found, and not all that is in them") for fault in copy.faults(empty))


def test_where_files_stay_open_that_is_found(recorded):
    copy = recorded("into a database")
    start = Cuts(copy.recording).play((EXT4,))[0]
    assert set(copy.faults(dataclasses.replace(start, last=copy.end))) >= {"after: both are open"}
