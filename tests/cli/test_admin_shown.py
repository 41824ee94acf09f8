"""Shown, then alive: what is made is pending until it was shown, and what others do meanwhile stays as they did it."""

import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess

import pytest
from support.passwords import PASSWORD
from support.run import ENVIRONMENT, Result, ended, text
from support.site import PERSON
from support.tracing import system_calls
from support.wait import LONG, wait_until

FILLED = 4096
MINUTE = 60


class Held:
    """A create or rotate whose standard output is a full pipe: what it makes is pending, and not shown."""

    def __init__(self, site, *words, prefix=()):
        self.site, self.user = site, words[1]
        self.reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, FILLED)
        os.write(writer, b"." * FILLED)
        before = self.pending()
        self.process = subprocess.Popen(
            [os.fspath(word) for word in [*prefix, *site.argv(*words)]],
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=subprocess.PIPE,
            env={**ENVIRONMENT, **PERSON},
        )
        os.close(writer)
        wait_until(lambda: self.pending() > before or self.process.poll() is not None, "it is not stored")

    def pending(self):
        return self.site.texts().get(self.user, b"").count(b"\npending=")

    def goes_on(self):
        """Somebody reads; how it ends."""
        with open(self.reader, "rb") as output:
            out = output.read()[FILLED:]
        err = self.process.stderr.read()
        return Result(self.process.wait(timeout=LONG), text(out), text(err))

    def nobody_reads(self):
        os.close(self.reader)
        err = self.process.stderr.read()
        return Result(self.process.wait(timeout=LONG), "", text(err))


@pytest.fixture
def hold(site):
    with contextlib.ExitStack() as stack:

        def begin(*words, **options):
            held = Held(site, *words, **options)
            stack.enter_context(ended(held.process))
            return held

        yield begin


def words_of(what, id):
    """What makes an app password of alice's, another in the place of that one, or the first of bob's."""
    return {
        "create": ["create", "alice", "--label", "New"],
        "rotate": ["rotate", "alice", id],
        "first": ["create", "bob", "--label", "New"],
    }[what]


def is_void(run, site, code, word):
    """It was shown, with a line beside it, and was never good."""
    assert run.code == code, run
    assert re.fullmatch(r"asp-admin: the app password .. that was shown is void, and was never good: [^\n]+\n", run.err)
    assert word in run.err, run
    password = PASSWORD.search(run.out).group()
    assert site.check(password) in ("not-an-app-password", "no-account"), run


# What nobody sees


# Lesson: taking back by restoring.
def test_what_is_pending_is_seen_by_nobody(site, hold):
    site.configure("virtual_users = true;", "limit = 2;")
    phone = site.create("alice", "Phone", "--app", "mail")
    before = site.run("list", "alice", "--all").done().out, site.run("history", "alice").done().out
    held = hold("create", "alice", "--label", "New", "--app", "mail", "--quiet")
    assert (site.run("list", "alice", "--all").done().out, site.run("history", "alice").done().out) == before
    assert [(row["active"], row["revoked"]) for row in site.json("list")] == [(1, 0)]
    assert site.check(phone["password"]) == "accepted"
    lines = site.text("alice").splitlines()
    (line,) = [line for line in lines if line.startswith("pending=")]
    assert lines[0].startswith("asp-account 2 ")
    id = line[len("pending=") :][:2]
    assert site.check(f"{id}{'0' * 23}") == "not-an-app-password"
    for words in (["revoke", "alice", id], ["label", "alice", id, "Other"], ["rotate", "alice", id]):
        site.run(*words).refused(3)
    # It has neither label nor place.
    site.create("alice", "New")
    is_void(held.goes_on(), site, 4, "label")
    assert site.states() == [("New", "active"), ("Phone", "active")]


def test_what_is_pending_alone_is_no_account(site, hold, login):
    held = hold("create", "alice", "--label", "New", "--quiet")
    assert "account=not-yet" in site.text("alice")
    assert site.json("list") == []
    for words in (["list", "alice"], ["history", "alice"], ["label", "alice", "7k", "x"], ["revoke", "alice", "7k"]):
        site.run(*words).refused(3)
    site.run("rotate", "alice", "7k").refused(3)
    assert site.check("0" * 25) == "no-account"
    assert login("0" * 25) == 10  # PAM_USER_UNKNOWN
    run = held.goes_on()
    assert site.check(run.done().out) == "accepted"
    assert not re.search("^(account|pending)=", site.text("alice"), re.MULTILINE)


def test_two_first_creates_at_once_are_two_app_passwords(site, hold):
    one, other = (hold("create", "alice", "--label", label, "--quiet") for label in ("One", "Two"))
    shown = [one.goes_on().done().out, other.goes_on().done().out]
    assert [site.check(password) for password in shown] == ["accepted"] * 2
    assert site.states() == [("One", "active"), ("Two", "active")]


# Not shown


@pytest.mark.parametrize("where", ["full", "closed"])
@pytest.mark.parametrize("what", ["create", "rotate", "first"])
def test_what_is_not_shown_leaves_nothing(site, log, where, what):
    phone = site.create("alice", "Phone", "--app", "mail")
    words = words_of(what, phone["id"])
    log.lines()
    before = site.texts()
    used = site.used()
    for way in ([], ["--json"], ["--quiet"]):
        shell = {"full": 'exec "$@" >/dev/full', "closed": 'exec "$@" >&-'}[where]
        run = site.run(*words, *way, prefix=[*log.prefix, "sh", "-c", shell, "sh"])
        assert run.code == 5, run
        assert re.fullmatch("asp-admin: standard output cannot be written: [^\n]+\n", run.err), run
        assert site.texts() == before
        assert site.used() == used
        (line,) = log.lines()
        assert line.startswith("event=dropped ") and line.endswith(' reason="not shown"'), line
    assert site.check(phone["password"]) == "accepted"


def test_whoever_reads_no_more_makes_nothing_alive(site, hold):
    phone = site.create("alice", "Phone", "--app", "mail")
    before = site.texts()
    run = hold("rotate", "alice", phone["id"], "--quiet").nobody_reads()
    assert run.code == 5 and "standard output cannot be written" in run.err
    assert site.texts() == before


@pytest.mark.parametrize("minutes", [11, -11])
def test_killed_before_it_was_shown_it_is_dropped_by_the_next_change_after_ten_minutes(site, hold, clock, minutes):
    phone = site.create("alice", "Phone", "--app", "mail")
    held = hold("rotate", "alice", phone["id"], "--quiet")
    held.process.kill()
    held.process.wait()
    assert held.pending() == 1
    assert site.states() == [("Phone", "active")]
    assert site.check(phone["password"]) == "accepted"
    site.create("alice", "Soon")
    assert held.pending() == 1, "it may be on its way"
    site.run("list", "alice", env=clock(minutes * MINUTE)).done()
    assert held.pending() == 1, "time alone drops nothing"
    site.create("alice", "Later", env=clock(minutes * MINUTE))
    assert held.pending() == 0
    assert site.states() == [("Later", "active"), ("Phone", "active"), ("Soon", "active")]


def test_killed_before_the_first_was_shown_there_is_no_account_and_the_next_makes_one(site, hold, clock):
    held = hold("create", "alice", "--label", "New", "--quiet")
    held.process.kill()
    held.process.wait()
    site.run("list", "alice").refused(3)
    made = site.create("alice", "New")
    assert site.check(made["password"]) == "accepted"
    assert held.pending() == 1
    # Left alone it goes with the next that looks under the lock.
    site.run("remove", "alice").done()
    assert "alice" not in site.texts()


def test_after_a_power_cut_before_the_first_was_shown_nothing_is_in_the_way(site, hold):
    """The last uses were begun with it, and nobody has waited for the disk."""
    held = hold("create", "alice", "--label", "New", "--unused", "30d", "--quiet")
    held.process.kill()
    held.process.wait()
    (site.store / "used" / "alice").write_bytes(b"")
    made = site.create("alice", "New", "--app", "mail", "--unused", "30d")
    assert site.states() == [("New", "active")]
    assert site.check(made["password"]) == "accepted"


def test_remove_of_what_is_pending_alone_finds_no_account_and_leaves_nothing(site, hold):
    held = hold("create", "alice", "--label", "New", "--quiet")
    site.run("remove", "alice").refused(3)
    assert site.kept().keys() == {str(site.store), str(site.store / "users"), str(site.store / "used")}
    is_void(held.goes_on(), site, 5, "removed")
    assert "alice" not in site.texts()


# What others do meanwhile


def test_the_old_password_of_rotate_is_good_until_the_new_one_was_shown(site, hold, log):
    phone = site.create("alice", "Phone", "--app", "mail")
    log.lines()
    held = hold("rotate", "alice", phone["id"], "--quiet", prefix=log.prefix)
    assert site.check(phone["password"]) == "accepted"
    assert log.lines() == []
    run = held.goes_on().done()
    assert site.check(phone["password"]) == "revoked"
    assert site.check(run.out) == "accepted"
    assert [line.split()[0] for line in log.lines()] == ["event=created", "event=revoked"]
    events = [row["event"] for row in site.json("history", "alice") if row["event"] != "used"]
    assert sorted(events) == ["created", "created", "revoked"]


@pytest.fixture
def old(site):
    """Alice's phone, and two tombstones."""
    site.configure("virtual_users = true;", "limit = 3;", "history = 3;")
    for label in ("Lost", "Stolen"):
        made = site.create("alice", label)
        site.run("revoke", "alice", made["id"]).done()
    return site.create("alice", "Phone", "--app", "mail")


TOMBSTONES = [("Lost", "revoked"), ("Stolen", "revoked")]


# Lesson: taking back by restoring.
@pytest.mark.parametrize("what", ["create", "rotate"])
@pytest.mark.parametrize("ways", [["--all"], ["ID"], ["ID", "--all"], ["--all", "--all"]], ids=" ".join)
def test_what_root_revokes_meanwhile_stays_revoked(site, hold, log, old, what, ways):
    words = ["create", "alice", "--label", "New"] if what == "create" else ["rotate", "alice", old["id"]]
    log.lines()
    held = hold(*words, "--quiet", prefix=log.prefix)
    for way in ways:
        site.run("revoke", "alice", old["id"] if way == "ID" else way, "--reason", "root's", prefix=log.prefix).done()
    run = held.goes_on()
    events = [(line.split()[0], line.rpartition("reason=")[2]) for line in log.lines()]
    if what == "create" and "--all" not in ways:
        assert site.check(run.done().out) == "accepted"
        assert site.states() == [*TOMBSTONES[:1], ("New", "active"), ("Phone", "revoked"), *TOMBSTONES[1:]]
        assert events[-1][0] == "event=created"
    else:
        is_void(run, site, 5, "revoked")
        assert site.states() == [*TOMBSTONES[:1], ("Phone", "revoked"), *TOMBSTONES[1:]]
        assert events[-1] == ("event=dropped", '"void"')
    assert events[0] == ("event=revoked", "\"root's\"")
    assert len(events) == 2
    assert site.check(old["password"]) == "revoked"
    assert held.pending() == 0
    reasons = {row["id"]: row["reason"] for row in site.json("history", "alice") if row["event"] == "revoked"}
    assert reasons[old["id"]] == "root's"


def test_root_revokes_all_of_a_user_who_has_none_yet(site, hold):
    held = hold("create", "alice", "--label", "New", "--quiet")
    site.run("revoke", "alice", "--all").refused(3)
    is_void(held.goes_on(), site, 5, "revoked")
    assert "alice" not in site.texts()


@pytest.mark.parametrize("what", ["create", "rotate", "first"])
def test_an_account_that_is_imported_in_its_place_voids_what_was_shown(site, hold, old, what):
    text = site.run("export", "alice").done().out
    if what == "first":
        text = text.replace('"user":"alice"', '"user":"bob"')
    held = hold(*words_of(what, old["id"]), "--quiet")
    site.run("import", "--replace", input=text).done()
    assert held.pending() == 0
    is_void(held.goes_on(), site, 5, "replaced")
    assert site.run("export", "bob" if what == "first" else "alice").done().out == text


def test_revoking_the_one_that_is_replaced_twice_over_leaves_one_that_works(site, hold, old):
    """Two at once renew the same one."""
    one, other = (hold("rotate", "alice", old["id"], "--quiet") for _ in range(2))
    first = other.goes_on().done()
    is_void(one.goes_on(), site, 5, f"{old['id']} was revoked meanwhile")
    assert site.check(first.out) == "accepted"
    assert site.check(old["password"]) == "revoked"
    assert site.states().count(("Phone", "active")) == 1


def test_a_revoked_one_is_renewed_that_was_revoked_before(site, hold, old):
    site.run("revoke", "alice", old["id"]).done()
    run = hold("rotate", "alice", old["id"], "--quiet").goes_on().done()
    assert site.check(run.out) == "accepted"


def test_a_label_that_is_taken_meanwhile_voids_what_was_shown(site, hold, log, old):
    held = hold("create", "alice", "--label", "New", "--quiet", prefix=log.prefix)
    made = site.create("alice", "New")
    log.lines()
    is_void(held.goes_on(), site, 4, "label")
    assert site.check(made["password"]) == "accepted"
    assert [line.split()[0] for line in log.lines()] == ["event=dropped"]


def test_a_limit_that_is_reached_meanwhile_voids_what_was_shown_and_nothing_else(site, hold, old):
    held = hold("create", "alice", "--label", "New", "--quiet")
    renewing = hold("rotate", "alice", old["id"], "--quiet")
    made = [site.create("alice", label) for label in ("A", "B")]
    is_void(held.goes_on(), site, 4, "the limit is 3")
    run = renewing.goes_on().done()
    assert site.check(run.out) == "accepted", "it works at the limit"
    assert [site.check(entry["password"]) for entry in made] == ["accepted"] * 2


def test_rotate_takes_label_binding_and_limits_as_they_stand_when_it_was_shown(site, hold, login):
    made = site.create("alice", "Phone", "--from", "192.0.2.0/24")
    held = hold("rotate", "alice", made["id"], "--json")
    site.json("label", "alice", made["id"], "Tablet")
    assert login(made["password"], rhost="192.0.2.7") == 0
    document = json.loads(held.goes_on().done().out)
    entry = site.entry(document["id"])
    assert (entry["label"], entry["app"], entry["bound"]["service"]) == ("Tablet", "mail", "imap")
    assert (entry["networks"], entry["created"]) == (["192.0.2.0/24"], document["created"])
    assert site.states() == [("Tablet", "active"), ("Tablet", "revoked")]


def test_an_account_that_was_removed_meanwhile_is_not_made_again(site, hold, old):
    held = hold("create", "alice", "--label", "New", "--quiet")
    site.run("remove", "alice").done()
    is_void(held.goes_on(), site, 5, "removed")
    assert "alice" not in site.texts()
    held = hold("create", "alice", "--label", "New", "--quiet")
    made = site.create("alice", "Other")
    held.goes_on().done()
    assert site.check(made["password"]) == "accepted"


# Lesson: taking back by restoring.
@pytest.mark.parametrize("what", ["create", "rotate"])
def test_a_primary_password_that_watch_finds_changed_meanwhile_voids_what_was_shown(site, hold, primaries, what):
    primaries.say({"alice": "one"})
    phone = site.create("alice", "Phone", "--app", "mail")
    words = ["create", "alice", "--label", "New"] if what == "create" else ["rotate", "alice", phone["id"]]
    held = hold(*words, "--quiet")
    primaries.say({"alice": "another"})
    site.run("watch", "--once").done()
    is_void(held.goes_on(), site, 5, "primary password of alice was changed")
    assert site.states() == [("Phone", "revoked")]
    assert site.entry(phone["id"])["revoked"]["reason"] == "primary-password"


def test_the_command_is_run_once_for_both_updates(site, hold, primaries):
    primaries.say({"alice": "one"})
    held = hold("create", "alice", "--label", "New", "--quiet")
    primaries.say({"alice": "another"})
    run = held.goes_on().done()
    assert primaries.count() == 1
    assert site.check(run.out) == "accepted"
    site.run("watch", "--once").done()
    assert site.check(run.out) == "revoked", "whoever looks next finds it"


def test_a_primary_password_that_another_create_finds_changed_voids_what_was_shown(site, hold, primaries):
    """Also where it is as it was before by then: it is another fingerprint."""
    primaries.say({"alice": "one"})
    site.create("alice", "Phone")
    held = hold("create", "alice", "--label", "New", "--quiet")
    for password in ("another", "one"):
        primaries.say({"alice": password})
        site.create("alice", password)
    is_void(held.goes_on(), site, 5, "primary password of alice was changed")
    assert site.states() == [("Phone", "revoked"), ("another", "revoked"), ("one", "active")]


# Hooks, and what it costs


def test_hooks_run_once_it_is_alive_and_for_none_that_was_not_shown(site, hooks, hold):
    phone = site.create("alice", "Phone", "--app", "mail")
    hooks.runs()
    held = hold("rotate", "alice", phone["id"], "--quiet")
    assert hooks.runs() == []
    assert hold("create", "alice", "--label", "x").nobody_reads().code == 5
    assert hooks.runs() == []
    id = held.goes_on().done().out[:2]
    seen = hooks.environments()
    assert {(run["ASP_EVENT"], run["ASP_IDS"]) for run in seen} == {("revoked", phone["id"]), ("created", id)}


def test_nobody_waits_for_one_that_nobody_reads(site, hooks, hold):
    """Neither for the lock nor for the turn of the hooks."""
    phone = site.create("alice", "Phone", "--app", "mail")
    hold("rotate", "alice", phone["id"], "--quiet")
    hooks.runs()
    site.run("revoke", "alice", phone["id"], timeout=4).done()
    assert [event for event, _, _ in hooks.events()] == ["revoked"]
    assert site.hooks_due("alice") == 0


@pytest.mark.of_files("what is written to a database is written by that")
@pytest.mark.parametrize("what", ["create", "first", "rotate"])
def test_each_of_the_two_updates_costs_one_fsync_of_file_and_folder(site, strace, what):
    phone = site.create("alice", "Phone", "--app", "mail")
    words = words_of(what, phone["id"])
    calls = system_calls(site, site.folder, *words)
    names = [call.name for call in calls if call.name in ("fsync", "fdatasync") or call.line.startswith("write(1<")]
    assert names == ["fsync", "fsync", "write", "fsync", "fsync"]


def test_a_signal_while_it_waits_ends_it_and_nothing_is_alive(site, hold):
    for number in (signal.SIGTERM, signal.SIGINT):
        held = hold("create", "alice", "--label", "New", "--quiet")
        held.process.send_signal(number)
        held.process.wait(timeout=LONG)
        site.run("list", "alice").refused(3)


@pytest.mark.parametrize("words", [("revoke", "alice", "--all"), ("remove", "alice")], ids=lambda words: words[0])
def test_what_is_pending_and_cannot_be_dropped_is_not_called_gone(site, hold, words):
    held = hold("create", "alice", "--label", "New", "--quiet")
    with open(site.store / "locks" / "alice", "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "locked by process" in site.run(*words).refused(5).err
    assert held.goes_on().code == 0
    assert site.states() == [("New", "active")]


def test_of_an_account_that_was_removed_before_its_app_password_was_shown_nothing_is_left(site, hold):
    held = hold("create", "alice", "--label", "New", "--quiet")
    site.run("remove", "alice")
    is_void(held.goes_on(), site, 5, "removed")
    assert not [path for path in site.store.rglob("*alice*")]
