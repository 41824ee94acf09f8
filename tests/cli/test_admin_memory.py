"""Memory that runs out: every allocation of asp-admin (in a plain run each third) made to fail, in turn, in each command,
with --json and without.

It is done as ever, or it ends with 5 and says why; no answer is shorter than it should be, none is broken, and the store
has the old state or the new one. Beside it, what a run says while nothing can be allocated from some point on.
"""

import json
import os
import re
import shutil

import pytest
from support.folders import restore
from support.long import some_of
from support.passwords import PASSWORD
from support.run import TREE

# What differs from run to run: passwords, times, and the ids of what is made.
CHANGING = re.compile(
    r"\b[0-9a-z]{5}(?:-[0-9a-z]{5}){4}\b|\d{4}-\d\d-\d\dT[\d:]+Z|(?<=\"id\": \")..(?=\")|(?<=\"id\":\")..(?=\")|(?<=asp-admin revoke ).+(?=\n)"
)

LOGS = TREE / "tests" / "fuzz" / "corpus" / "decision"

# The words of each command; PHONE is the id of an entry of Alice's.
COMMANDS = {
    "help": ["--help"],
    "version": ["--version"],
    "create for no app": ["create", "alice", "--label", "New", "--app", "mial"],
    "apps": ["apps"],
    "list": ["list"],
    "list of one": ["list", "alice", "--all"],
    "history": ["history", "alice"],
    "check": ["check", "alice", "--service", "imap"],
    "create": ["create", "alice", "--label", "New"],
    "first create": ["create", "dora", "--label", "New", "--app", "mail", "--from", "192.0.2.0/24", "--expires", "9d"],
    "label": ["label", "alice", "PHONE", "New"],
    "rotate": ["rotate", "alice", "PHONE"],
    "revoke": ["revoke", "alice", "PHONE"],
    "remove": ["remove", "alice"],
    "batch": ["create", "--batch", "--from", "192.0.2.0/24"],
    "export": ["export"],
    "import": ["import"],
    "import in the place of another": ["import", "--replace"],
    "watch": ["watch", "--once"],
    "doctor": ["doctor"],
    "log": ["log", "--file", LOGS / "traditional"],
    "log of the refused": ["log", "--file", LOGS / "rfc3339", "--refused"],
}
HAS_NO_DOCUMENT = ("help", "version", "export")
# A line that fails is told of by itself, and the others go on.
GOES_ON = {"--batch", "import"}
WAYS = [(name, way) for name in COMMANDS for way in (["--json"], []) if not (way and name in HAS_NO_DOCUMENT)]


@pytest.fixture(scope="session")
def starve(preloaded):
    """The environment in which an allocation of a process fails."""
    return preloaded("starve")


class Starving:
    """One command on a store that is the same each time."""

    def __init__(self, site, starve, words, way):
        self.site = site
        self.starve = starve
        self.phone = site.create("alice", "Phone é", "--app", "mail")
        old = site.create("alice", "Old", "--from", "192.0.2.0/24", "--expires", "30d", "--unused", "9d")
        site.run("revoke", "alice", old["id"], "--reason", "löst").done()
        for user in ("bob", "carol"):
            site.create(user, "Phone")
        exported = json.loads(site.run("export", "alice").done().out)
        self.input = self.phone["password"]
        if "--batch" in words:
            self.input = "dora\tNew\tmail\n"
        if "import" in words:
            user = "alice" if "--replace" in words else "dora"
            self.input = json.dumps({**exported, "user": user, "entries": exported["entries"][:1]})
        self.words = [*way, *(self.phone["id"] if word == "PHONE" else word for word in words)]
        self.saved = site.folder / "saved"
        shutil.copytree(site.store, self.saved)
        self.makes = {"create", "rotate"} & set(words)
        self.old = self.entries()
        self.sound, self.allocations = self.run("0")
        self.new = self.state()

    def run(self, at):
        """A run in which an allocation fails, on the store as it was, and how many it has asked for."""
        restore(self.saved, self.site.store)
        reader, writer = os.pipe()
        with open(reader, "rb") as counted:
            environment = {**self.starve, "ASP_TEST_STARVE": at, "ASP_TEST_STARVE_TO": str(writer)}
            run = self.site.run(*self.words, env=environment, input=self.input, pass_fds=[writer])
            os.close(writer)
            return run, int(counted.read() or 0)

    def state(self):
        """Each user's entries; None: nothing of the accounts is another than it was, but for what is pending."""
        if self.site.texts() == self.saved_accounts():
            return None
        entries = self.entries()
        return None if self.makes and entries == self.old else entries

    def entries(self):
        # Of a new account the file of last uses may be empty still: list begins it, and says so.
        rows = json.loads(self.site.run("--json", "list").done().out)
        return {row["user"]: self.site.states(row["user"]) for row in rows}

    def saved_accounts(self):
        return {path.name: path.read_bytes() for path in (self.saved / "users").iterdir()}

    def judge(self, at):
        run, _ = self.run(at)
        state = self.state()
        assert state in (None, self.new), (at, run)
        if run.code == self.sound.code:
            assert masked(run.out) == masked(self.sound.out), (at, run)
            assert masked(run.err) == masked(self.sound.err), (at, run)
            assert state == self.new, (at, run)
            return "done"
        assert run.code == 5 or (run.code == 1 and GOES_ON & set(self.words)), (at, run)
        assert re.fullmatch(r"(asp-admin: [^\n]+\n)+", run.err), (at, run)
        if run.out and "--json" in self.words:
            json.loads(run.out)
        if self.makes:
            # It has made nothing, and what it has shown is no app password.
            user = "dora" if {"dora", "--batch"} & set(self.words) else "alice"
            for password in PASSWORD.findall(run.out):
                assert self.site.check(password, user) in ("not-an-app-password", "no-account"), (at, run)
            assert state is None, (at, run)
            assert self.site.check(self.phone["password"]) == "accepted", (at, run)
        return "new" if state else "old"


def masked(text):
    return CHANGING.sub("#", text)


@pytest.fixture(params=WAYS, ids=lambda way: " ".join([way[0], *way[1]]))
def starving(site, starve, request):
    name, way = request.param
    return Starving(site, starve, COMMANDS[name], way)


# Lesson: each allocation fails.
@pytest.mark.of_files("a store is put back as it was, file for file")
def test_an_allocation_that_fails_is_told_of_or_changes_nothing(starving):
    assert starving.allocations > 10, "the allocations were not seen"
    seen = [starving.judge(str(at)) for at in some_of(range(1, starving.allocations + 1))]
    assert {"old", "done"} & set(seen)


@pytest.mark.of_files("a store is put back as it was, file for file")
@pytest.mark.long
def test_when_nothing_can_be_allocated_any_more_it_is_told(starving):
    for at in range(1, starving.allocations + 1):
        starving.judge(f"{at}+")


def test_a_configuration_for_which_asp_broker_has_no_memory_is_not_called_wrong(site, build, starve):
    """It is wrong here, so that each broker ends: with 6 where it could be read, with 5 and a reason where not."""
    site.configure(*(f'{section}: {{ socket = "{site.folder}/socket"; }};' for section in ("broker", "self_service")))
    words = [build / "asp-broker" / "asp-broker", "--config", site.conf]
    codes = []
    while codes[-30:] != [6] * 30:
        run = site.execute(*words, env={**starve, "ASP_TEST_STARVE": str(len(codes) + 1)})
        assert run.code == (5 if "emory" in run.err else 6), (len(codes), run)
        codes.append(run.code)
    assert 5 in codes
