"""What a power cut leaves in the store, and who finds it: unfinished files of an account, and last uses that are empty."""

import json

import pytest
from support.watch import once, stop

DAY = 86400
STRAYS = (".alice.0123456789abcdef", ".alice.~0123456789abcdef")


@pytest.fixture
def drawer(site):
    """An app password that may lie unused for 30 days, with its file of last uses emptied."""
    made = site.create("alice", "Drawer", "--app", "mail", "--unused", "30d")
    used(site).write_bytes(b"")
    return made


@pytest.fixture
def watched(primaries):
    """Users whose primary passwords are known."""
    primaries.say({"alice": "one", "bob": "two"})
    return primaries


def used(site, user="alice"):
    return site.store / "used" / user


def state(site, **options):
    (entry,) = json.loads(site.run("--json", "list", "alice", **options).done().out)
    return entry["state"]


def rows(site, check):
    found = json.loads(site.run("--json", "doctor").out)
    return [row for row in found if row["check"] == check]


# Last uses


def test_list_begins_empty_last_uses_anew_once_and_says_so(site, drawer, clock):
    run = site.run("list", "alice", env=clock(40 * DAY)).done()
    assert "active" in run.out
    assert run.err == (
        "asp-admin: the last uses of alice were damaged or lost: what was lost begins anew now, and so does the time"
        " that an app password may lie unused\n"
    )
    assert site.run("list", "alice", env=clock(40 * DAY)).done().err == ""
    assert state(site, env=clock(69 * DAY)) == "active"
    assert state(site, env=clock(71 * DAY)) == "unused"


def test_a_list_of_all_users_says_it_in_one_line(site, drawer):
    for user in ("bob", "carol"):
        site.create(user, "Drawer", "--unused", "30d")
    used(site, "bob").unlink()
    run = site.run("list").done()
    assert run.err.count("\n") == 1
    assert "and of 1 more were damaged or lost" in run.err
    assert site.run("list").done().err == ""


def test_nothing_is_said_of_last_uses_that_decide_nothing(site):
    site.create("alice", "Phone")
    used(site).unlink()
    assert site.run("list", "alice").done().err == ""
    assert site.run("list").done().err == ""
    assert not used(site).exists()


def test_check_begins_nothing_and_says_what_a_login_would(site, drawer, clock):
    for days in (40, 80, 0):
        assert site.check(drawer["password"], env=clock(days * DAY)) == "accepted"
        assert used(site).read_bytes() == b""


def test_a_login_begins_empty_last_uses_anew_once(site, drawer, clock, login):
    other = site.create("alice", "Other", "--app", "mail", "--unused", "30d")
    used(site).write_bytes(b"")
    assert login(drawer["password"], env=clock(40 * DAY)) == 0
    assert state_of(site, other, clock(69 * DAY)) == "active"
    assert state_of(site, other, clock(71 * DAY)) == "unused"


def state_of(site, made, env):
    return {entry["id"]: entry["state"] for entry in site.entries("alice", env=env)}[made["id"]]


def test_last_uses_that_cannot_be_written_count_from_the_creation(site, drawer, clock, namespaces):
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
    prefix = [*namespaces, "sh", "-c", script, "sh", site.store]
    run = site.run("list", "alice", prefix=prefix, env=clock(40 * DAY)).done()
    assert "unused" in run.out
    assert "cannot be written, so the time that an app password may lie unused counts from when it was made" in run.err
    assert "Read-only file system" in run.err
    assert site.check(drawer["password"], prefix=prefix) == "accepted"


def test_a_clock_that_is_behind_begins_nothing(site, drawer, clock):
    assert "the clock is behind" in site.run("list", "alice", env=clock(-DAY)).done().err
    assert used(site).read_bytes() == b""


def test_doctor_tells_of_last_uses_that_are_empty_or_gone_and_begins_them(root, site, drawer):
    site.create("bob", "Drawer", "--unused", "30d")
    used(site, "bob").unlink()
    (row,) = rows(site, "usage")
    assert row["ok"]
    assert row["message"].startswith("note: the last uses of alice and bob are damaged or lost. What is lost begins anew")
    (row,) = rows(site, "usage")
    assert row["message"] == "the last uses can be read"
    assert used(site, "bob").stat().st_mode & 0o777 == 0o600


def test_a_running_watch_begins_them_when_it_starts(site, watched, drawer, log, watch):
    site.create("bob", "Drawer", "--unused", "30d")
    used(site, "bob").unlink()
    stop(watch())
    (line,) = [line for line in log.lines() if "last uses" in line]
    assert "begun anew: the last uses of 2 users, first " in line
    assert len(used(site).read_bytes()) == len(used(site, "bob").read_bytes()) > 0


def test_one_pass_of_watch_begins_what_is_there(site, watched, drawer):
    once(site)
    assert len(used(site).read_bytes()) > 0


# Unfinished files


@pytest.fixture
def strays(site):
    made = site.create("alice", "Phone", "--app", "mail")
    for name in STRAYS:
        (site.store / "users" / name).write_bytes(site.account("alice").read_bytes())
    return made


def users(site):
    return sorted(path.name for path in (site.store / "users").iterdir())


def test_doctor_names_and_removes_unfinished_files(root, site, strays):
    found = rows(site, "store")
    assert "note: a kill or a power cut left unfinished files of alice." in " ".join(row["message"] for row in found)
    assert users(site) == ["alice"]
    assert not [row for row in rows(site, "store") if "unfinished" in row["message"]]
    assert site.check(strays["password"]) == "accepted"


def test_watch_removes_unfinished_files_when_it_starts(site, watched, strays, log, watch):
    stop(watch())
    (line,) = [line for line in log.lines() if "unfinished" in line]
    assert line.startswith("watch: 2 unfinished files") and line.endswith(", the first of alice")
    assert users(site) == ["alice"]


def test_after_remove_nothing_of_the_account_is_anywhere(site, strays):
    site.create("bob", "Phone")
    (site.store / "users" / STRAYS[0].replace("alice", "bob")).write_bytes(b"x")
    site.run("remove", "alice").done()
    assert not [path for path in site.store.rglob("*") if "alice" in path.name]
    assert users(site) == [STRAYS[0].replace("alice", "bob"), "bob"], "another's may just be written"


@pytest.mark.parametrize("look", [once, lambda site: site.run("doctor")], ids=["watch", "doctor"])
def test_what_is_left_of_accounts_that_are_not_there_goes(look, root, site, watched):
    bob = site.create("bob", "Phone", "--app", "mail")
    kept = {path for path in site.store.rglob("*") if path.name == "bob"}
    for name in ("alice", "Carol.Smith@example.org", "jos%C3%A9%20m"):
        for folder in ("used", "locks"):
            (site.store / folder / name).write_bytes(b"x")
    look(site)
    left = {path for path in site.store.rglob("*") if path.is_file() and not path.name.startswith(".")}
    assert left == kept == {site.store / folder / "bob" for folder in ("users", "used", "locks")}
    assert site.check(bob["password"], "bob") == "accepted"
