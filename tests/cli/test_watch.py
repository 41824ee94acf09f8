"""One pass of watch, with a command as the source of primary passwords. What concerns /etc/shadow is in the service
tests, which have one of their own."""

import fcntl
import json
import os
import re
import time

import pytest
from support.primaries import active, many
from support.processes import has_open, lives
from support.run import ended
from support.wait import LONG, wait_until
from support.watch import counts, once


# One pass


def test_a_pass_revokes_all_of_who_has_changed_and_nothing_else(site, three, log):
    site.create("bob", "Tablet")
    log.lines()
    three.say({"alice": "one", "bob": "new", "carol": "three"})
    assert once(site, prefix=log.prefix) == counts(accounts=3, changed=1, revoked=2)
    assert site.states("bob") == [("Phone", "revoked"), ("Tablet", "revoked")]
    for entry in site.entries("bob", "--all"):
        assert (entry["revoked"]["by"], entry["revoked"]["reason"]) == ("watch", "primary-password")
    assert active(site, "alice") and active(site, "carol")
    lines = log.lines()
    for label in ("Phone", "Tablet"):
        want = rf'event=revoked by="watch" user="bob" id=\w\w label="{label}" reason="primary-password"'
        assert sum(re.fullmatch(want, line) is not None for line in lines) == 1, lines
    assert len(lines) == 2


def test_a_pass_finds_the_same_change_once(site, three):
    three.say({"alice": "one", "bob": "new", "carol": "three"})
    assert once(site)["changed"] == 1
    site.create("bob", "Laptop")
    assert once(site) == counts(accounts=3)
    assert ("Laptop", "active") in site.states("bob")


def test_a_pass_runs_the_command_once_for_all(site, three):
    before = three.count()
    once(site)
    assert three.count() == before + 1


def test_a_pass_tells_a_person_its_counts_in_one_line(site, three):
    run = site.run("watch", "--once").done()
    assert run.out == "3 accounts: 0 changed, 0 app passwords revoked, 0 unknown, 0 held back\n"
    assert run.err == ""


def test_of_one_it_speaks_as_of_one(site, three):
    for user in ("bob", "carol"):
        site.run("remove", user).done()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    run = site.run("watch", "--once").done()
    assert run.out == "1 account: 1 changed, 1 app password revoked, 0 unknown, 0 held back\n"


def test_create_compares_with_the_command_before_anything_is_added(site, three):
    before = three.count()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    site.create("alice", "Laptop")
    assert three.count() == before + 1
    assert site.states("alice") == [("Laptop", "active"), ("Phone", "revoked")]
    assert once(site) == counts(accounts=3)


def test_create_is_refused_when_the_command_fails(site, three):
    three.write("exit 3")
    site.run("create", "alice", "--label", "Laptop").refused(5)
    assert active(site, "alice")


def test_the_first_pass_after_another_source_takes_the_fingerprint_and_revokes_nothing(site, primaries):
    site.configure("virtual_users = true;", 'primary: { source = "none"; };')
    site.create("alice", "Phone")
    primaries.configure()
    primaries.say({"alice": "one"})
    assert once(site) == counts(accounts=1)
    primaries.say({"alice": "two"})
    assert once(site) == counts(accounts=1, changed=1, revoked=1)


def test_with_no_source_a_pass_compares_nothing(site):
    site.configure("virtual_users = true;", 'primary: { source = "none"; };')
    site.create("alice", "Phone")
    assert once(site) == counts(accounts=1)
    assert active(site, "alice")


def test_a_mark_of_a_lock_before_the_text_is_no_change(site, three):
    three.say({"alice": "!one", "bob": "two", "carol": "three"})
    assert once(site) == counts(accounts=3)
    three.say({"alice": "one", "bob": "two", "carol": "three"})
    assert once(site) == counts(accounts=3)


def test_names_are_folded_where_the_configuration_folds_them(site, primaries):
    primaries.configure('user_name = "lower";')
    primaries.say({"Alice": "One"})
    site.create("alice", "Phone")
    assert once(site) == counts(accounts=1)
    primaries.say({"ALICE": "one"})
    assert once(site) == counts(accounts=1, changed=1, revoked=1)


# What is not known is never a change


@pytest.mark.parametrize(
    "text",
    ["bob\ttwo\ncarol\tthree\n", "alice\t\nbob\ttwo\ncarol\tthree\n", "alice\tx\nbob\ttwo\ncarol\tthree\nalice\ty\n"],
    ids=["missing", "empty", "twice"],
)
def test_a_user_of_whom_the_command_says_nothing_certain_is_unknown_and_the_others_are_not(site, three, text):
    three.print(text.replace("two", "new"))
    assert once(site) == counts(accounts=3, changed=1, revoked=1, unknown=1)
    assert active(site, "alice") and active(site, "carol")


def test_a_command_that_prints_nothing_knows_nobody(site, three):
    three.say({})
    assert once(site) == counts(accounts=3, unknown=3)


@pytest.mark.parametrize(
    "text",
    [
        "ldap_bind: Can't contact LDAP server\n",
        "alice\tnew\nbob\tnew\ncarol\tnew",
        "alice\tnew\n\nbob\tnew\n",
        "\tnew\nalice\tnew\n",
        "alice\tnew\nbob new\n",
        "alice\tne\0w\n",
    ],
    ids=["an-error", "cut", "an-empty-line", "no-name", "no-tab", "a-NUL"],
)
def test_a_command_that_prints_anything_else_and_ends_well_is_not_believed(site, three, text):
    three.print(text)
    refused = site.run("watch", "--once").refused(5)
    assert str(three.program) in refused.err and "line" in refused.err
    assert all(active(site, user) for user in ("alice", "bob", "carol"))


# Lesson: Nextcloud #7142 #8958 #12703.
@pytest.mark.parametrize(
    "script, why",
    [
        ("printf 'alice\\tnew\\nbob\\tnew\\ncarol\\tnew\\n'; exit 3", "exit code 3"),
        ("printf 'alice\\tnew\\nbob\\tnew\\ncarol\\tnew\\n'; kill -9 $$", "signal 9"),
        ("yes 'alice\tnew'", "too much"),
    ],
    ids=["exit", "killed", "flood"],
)
def test_of_a_command_that_fails_nothing_counts(site, three, script, why):
    three.write(script)
    assert why in site.run("watch", "--once").refused(5).err
    assert all(active(site, user) for user in ("alice", "bob", "carol"))


@pytest.mark.long
def test_a_command_that_hangs_is_ended_with_all_that_it_has_started(site, three):
    note = site.folder / "pids"
    three.write(f"printf 'alice\\tnew\\n'; sleep 300 & echo $$ $! >{note}; wait")
    begin = time.monotonic()
    assert "30 s" in site.run("watch", "--once", timeout=60).refused(5).err
    assert 29 < time.monotonic() - begin < 50
    wait_until(lambda: not any(map(lives, note.read_text().split())), "they live on")
    assert active(site, "alice")


@pytest.mark.parametrize(
    "kind", ["missing", "no-program", "a-folder", "writable", "in-a-writable-folder", "a-link", "others"]
)
def test_a_command_that_is_not_to_be_trusted_is_not_run(site, three, root, kind):
    path = three.program
    if kind == "missing":
        path.unlink()
    elif kind == "no-program":
        path.chmod(0o644)
    elif kind == "a-folder":
        path.unlink()
        path.mkdir()
    elif kind == "writable":
        path.chmod(0o775)
    elif kind == "in-a-writable-folder":
        folder = site.folder / "open"
        folder.mkdir()
        three.program = path.rename(folder / "primaries")
        folder.chmod(0o777)
        three.configure()
    elif kind == "a-link":
        path.rename(site.folder / "real")
        path.symlink_to(site.folder / "real")
    else:
        os.chown(path, 65534, 65534)
    before = three.count()
    site.run("watch", "--once").refused(5)
    assert three.count() == before


def test_the_command_gets_a_clean_environment_and_nothing_else_of_ours(site, three):
    note = site.folder / "note"
    look = f"{{ env; pwd; ls -l /proc/self/fd; cat; }} >{note}"
    three.write(f"{look}; printf 'alice\\tone\\nbob\\ttwo\\ncarol\\tthree\\n'")
    once(site, env={"LD_LIBRARY_PATH": "/nowhere", "SECRET": "x"})
    seen = note.read_text()
    names = set(re.findall(r"(?m)^(\w+)=", seen))
    assert names <= {"PATH", "LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"} and "PATH" in names
    assert "\n/\n" in seen
    fds = [line.split()[-3:] for line in seen.splitlines() if " -> " in line]
    assert {fd for fd, _, path in fds if not path.startswith("/proc/")} == {"0", "1", "2"}, seen
    assert ["0", "->", "/dev/null"] in fds


def test_what_the_command_says_to_standard_error_goes_to_the_log(site, three, log):
    three.write(f'echo "a \\"warning\\"" >&2; cat "{three.data}"')
    run = site.run("--json", "watch", "--once", prefix=log.prefix)
    assert (run.code, run.err) == (0, "")
    assert log.lines() == [r'primary.command says="a \x22warning\x22"']


def test_what_the_command_said_before_a_create_does_not_undo_it(site, three):
    slow, go = site.folder / "slow", site.folder / "go"
    wait = f"if rm {slow} 2>&-; then until [ -e {go} ]; do sleep 0.05; done; fi"
    three.write(f'said=$(cat "{three.data}"); {wait}; echo "$said"')
    slow.touch()
    with ended(site.start("--json", "watch", "--once")) as process:
        wait_until(lambda: not slow.exists())
        three.say({"alice": "new", "bob": "two", "carol": "three"})
        site.create("alice", "Laptop")
        go.touch()
        out, _ = process.communicate(timeout=LONG)
    assert json.loads(out) == counts(accounts=3, unknown=1)
    assert site.states("alice") == [("Laptop", "active"), ("Phone", "revoked")]
    assert once(site) == counts(accounts=3)


def test_an_account_that_a_wrong_clock_has_written_in_the_future_is_compared_all_the_same(site, three):
    os.utime(site.account("alice"), (4102444800, 4102444800))
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    assert once(site) == counts(accounts=3, changed=1, revoked=1)


# Too many at once


def test_a_change_of_very_many_is_held_back_until_it_is_confirmed(site, primaries):
    old = many(site, primaries, 22)
    new = {user: f"new{user}" for user in old}
    primaries.say({**new, "user0": old["user0"]})
    held = counts(accounts=22, changed=21, held=21)
    run = site.run("--json", "watch", "--once")
    assert (run.code, json.loads(run.out)) == (0, held)
    assert "watch --confirm" in run.err
    assert all(active(site, user) for user in old)

    assert json.loads(site.run("--json", "watch", "--once").done().out) == held
    assert site.json("watch", "--confirm") == counts(accounts=22, changed=21, revoked=21)
    assert [user for user in old if active(site, user)] == ["user0"]
    assert once(site) == counts(accounts=22)


def test_a_change_of_twenty_is_not_held_back(site, primaries):
    old = many(site, primaries, 21)
    primaries.say({**{user: "new" + user for user in old}, "user0": old["user0"]})
    assert once(site) == counts(accounts=21, changed=20, revoked=20)


def test_a_change_of_five_in_a_hundred_is_not_held_back_and_one_of_more_is(site, primaries):
    old = many(site, primaries, 421)
    primaries.say({**old, **{f"user{i}": "new" for i in range(22)}})
    assert json.loads(site.run("--json", "watch", "--once").done().out) == counts(accounts=421, changed=22, held=22)
    primaries.say({**old, **{f"user{i}": "new" for i in range(21)}})
    assert once(site) == counts(accounts=421, changed=21, revoked=21)


# While others write


def test_an_older_answer_of_the_command_does_not_undo_what_a_create_has_seen_since(site, three):
    slow, go = site.folder / "slow", site.folder / "go"
    wait = f"if rm {slow} 2>&-; then until [ -e {go} ]; do sleep 0.05; done; fi"
    three.write(f'said=$(cat "{three.data}"); {wait}; echo "$said"')
    slow.touch()
    with ended(site.start("--json", "create", "alice", "--label", "Tablet")) as process:
        wait_until(lambda: not slow.exists())
        three.say({"alice": "new", "bob": "two", "carol": "three"})
        site.create("alice", "Laptop")
        go.touch()
        out, err = process.communicate(timeout=LONG)
    assert process.returncode == 5 and b"try again" in err and out == b""
    assert site.states("alice") == [("Laptop", "active"), ("Phone", "revoked")]


def test_what_a_pass_waited_to_write_is_compared_with_what_was_written_meanwhile(site, three):
    before = site.texts()["alice"]
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    site.create("alice", "Laptop")
    after = site.texts()["alice"]
    site.put("alice", before)
    time.sleep(0.05)
    three.say({"alice": "between", "bob": "two", "carol": "three"})
    with open(site.store / "locks" / "alice", "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        runs = three.count()
        with ended(site.start("--json", "watch", "--once")) as process:
            wait_until(lambda: three.count() > runs)
            wait_until(lambda: has_open(process.pid, lock.name), "it does not come to the lock")
            site.put("alice", after)
            fcntl.flock(lock, fcntl.LOCK_UN)
            out, _ = process.communicate(timeout=LONG)
    assert json.loads(out) == counts(accounts=3, unknown=1)
    assert site.states("alice") == [("Laptop", "active"), ("Phone", "revoked")]
