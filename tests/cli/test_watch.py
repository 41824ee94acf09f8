"""watch: one pass and the running one, with a command as the source of primary passwords. What concerns /etc/shadow is
in the service tests, which have one of their own."""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
from support.files import exchange
from support.run import ended

UNIT = "asp-watch.service"
COUNTS = ["accounts", "changed", "revoked", "unknown", "held"]


def wait_until(true, seconds=10):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


class Directory:
    """The users' primary passwords, and the program that prints them; a shell script can stand in for it."""

    def __init__(self, site):
        self.site = site
        self.data = site.folder / "passwords"
        self.runs = site.folder / "runs"
        self.program = site.folder / "primaries"
        self.say({})
        self.write(f'echo >>{self.runs}; cat "{self.data}"')
        self.configure()

    def configure(self, *lines, interval=300):
        source = f'primary: {{ source = "command"; command = "{self.program}"; interval = {interval}; }};'
        self.site.configure("virtual_users = true;", source, *lines)

    def write(self, script):
        self.program.write_text(f"#!/bin/sh\n{script}\n")
        self.program.chmod(0o755)

    def say(self, passwords):
        self.print("".join(f"{user}\t{password}\n" for user, password in passwords.items()))

    def print(self, text):
        self.data.write_bytes(text.encode("utf-8", "surrogateescape"))

    def count(self):
        """How often the program was run."""
        return len(self.runs.read_text()) if self.runs.exists() else 0


@pytest.fixture
def directory(site):
    return Directory(site)


@pytest.fixture
def three(site, directory):
    """Alice, Bob and Carol with an entry each."""
    directory.say({"alice": "one", "bob": "two", "carol": "three"})
    for user in ("alice", "bob", "carol"):
        site.create(user, "Phone")
    return directory


def many(site, directory, count):
    """That many users with an entry each, and their passwords."""
    passwords = {f"user{i}": f"old{i}" for i in range(count)}
    directory.say(passwords)
    for user in passwords:
        site.create(user, "Phone")
    return passwords


def once(site, *more, **options):
    document = site.json("watch", "--once", *more, **options)
    assert list(document) == COUNTS
    return document


def active(site, user):
    return site.states(user) == [("Phone", "active")]


def counts(**given):
    return {**dict.fromkeys(COUNTS, 0), **given}


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


def test_the_first_pass_after_another_source_takes_the_fingerprint_and_revokes_nothing(site, directory):
    site.configure("virtual_users = true;", 'primary: { source = "none"; };')
    site.create("alice", "Phone")
    directory.configure()
    directory.say({"alice": "one"})
    assert once(site) == counts(accounts=1)
    directory.say({"alice": "two"})
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


def test_names_are_folded_where_the_configuration_folds_them(site, directory):
    directory.configure('user_name = "lower";')
    directory.say({"Alice": "One"})
    site.create("alice", "Phone")
    assert once(site) == counts(accounts=1)
    directory.say({"ALICE": "one"})
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
    assert 29 < time.monotonic() - begin < 40
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in note.read_text().split()))
    assert active(site, "alice")


@pytest.mark.parametrize("kind", ["missing", "no-program", "a-folder", "writable", "in-a-writable-folder", "a-link", "others"])
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
    three.write(f"{{ env; pwd; ls -l /proc/self/fd; cat; }} >{note}; printf 'alice\\tone\\nbob\\ttwo\\ncarol\\tthree\\n'")
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
    three.write(f'said=$(cat "{three.data}"); if rm {slow} 2>&-; then until [ -e {go} ]; do sleep 0.05; done; fi; echo "$said"')
    slow.touch()
    with ended(site.start("--json", "watch", "--once")) as process:
        wait_until(lambda: not slow.exists())
        three.say({"alice": "new", "bob": "two", "carol": "three"})
        site.create("alice", "Laptop")
        go.touch()
        out, _ = process.communicate(timeout=10)
    assert json.loads(out) == counts(accounts=3, unknown=1)
    assert site.states("alice") == [("Laptop", "active"), ("Phone", "revoked")]
    assert once(site) == counts(accounts=3)


def test_an_account_that_a_wrong_clock_has_written_in_the_future_is_compared_all_the_same(site, three):
    os.utime(site.account("alice"), (4102444800, 4102444800))
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    assert once(site) == counts(accounts=3, changed=1, revoked=1)


# Too many at once


def test_a_change_of_very_many_is_held_back_until_it_is_confirmed(site, directory):
    old = many(site, directory, 22)
    new = {user: f"new{user}" for user in old}
    directory.say({**new, "user0": old["user0"]})
    held = counts(accounts=22, changed=21, held=21)
    run = site.run("--json", "watch", "--once")
    assert (run.code, json.loads(run.out)) == (0, held)
    assert "watch --confirm" in run.err
    assert all(active(site, user) for user in old)

    assert json.loads(site.run("--json", "watch", "--once").done().out) == held
    assert site.json("watch", "--confirm") == counts(accounts=22, changed=21, revoked=21)
    assert [user for user in old if active(site, user)] == ["user0"]
    assert once(site) == counts(accounts=22)


def test_a_change_of_twenty_is_not_held_back(site, directory):
    old = many(site, directory, 21)
    directory.say({**{user: "new" + user for user in old}, "user0": old["user0"]})
    assert once(site) == counts(accounts=21, changed=20, revoked=20)


def test_a_change_of_five_in_a_hundred_is_not_held_back(site, directory):
    old = many(site, directory, 421)
    directory.say({**old, **{f"user{i}": "new" for i in range(21)}})
    assert once(site) == counts(accounts=421, changed=21, revoked=21)


# The running one


@pytest.fixture
def watch(site, log):
    """Starts a watch that is logged, and waits until it is ready."""
    with contextlib.ExitStack() as stack:

        def start():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                path = pathlib.Path(log.prefix[-1]).parent / f"notify{time.monotonic_ns()}"
                manager.bind(str(path))
                manager.settimeout(20)
                process = site.start("watch", prefix=[*log.prefix, "env", f"NOTIFY_SOCKET={path}"])
                stack.enter_context(ended(process))
                assert manager.recv(4096) == b"READY=1"
            return process

        yield start


def logged(log, pattern, seconds=10):
    """Waits until lines match, and returns all that came until then."""
    lines = []

    def found():
        lines.extend(log.lines())
        return any(re.search(pattern, line) for line in lines)

    wait_until(found, seconds)
    return lines


def end(process):
    process.terminate()
    assert process.wait(10) == 0


def test_the_service_manager_is_told_when_it_is_ready_and_when_it_ends(site, three, log):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        path = pathlib.Path(log.prefix[-1]).parent / "notify"
        manager.bind(str(path))
        manager.settimeout(10)
        with ended(site.start("watch", prefix=["env", f"NOTIFY_SOCKET={path}"])) as process:
            assert manager.recv(4096) == b"READY=1"
            process.send_signal(signal.SIGHUP)
            assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", manager.recv(4096))
            assert manager.recv(4096) == b"READY=1"
            process.terminate()
            assert manager.recv(4096) == b"STOPPING=1"
            assert process.wait(10) == 0


def test_a_running_watch_reconciles_at_start_and_at_its_interval(site, three, log, watch):
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    three.configure(interval=10)
    process = watch()
    assert site.states("alice") == [("Phone", "revoked")]
    three.say({"alice": "new", "bob": "new", "carol": "three"})
    logged(log, 'event=revoked .*user="bob"', 12)
    assert active(site, "carol")
    end(process)


def test_each_pass_is_summarised_once(site, three, log, watch):
    site.create("bob", "Tablet")
    three.say({"alice": "new", "bob": "new", "carol": "three"})
    process = watch()
    end(process)
    lines = log.lines()
    assert sum("event=revoked" in line for line in lines) == 3
    assert [line for line in lines if "event=" not in line] == [
        "watch: 2 of 3 primary passwords have changed, 3 app passwords were revoked"
    ]


def test_a_second_watch_of_a_store_says_who_has_it_and_ends(site, three, watch):
    process = watch()
    refused = site.run("watch").refused(5)
    assert str(process.pid) in refused.err
    assert process.poll() is None
    end(process)
    again = watch()
    end(again)


def test_a_pass_by_hand_runs_beside_a_running_watch(site, three, watch):
    process = watch()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    assert once(site) == counts(accounts=3, changed=1, revoked=1)
    end(process)


def test_what_a_running_watch_holds_back_is_confirmed_beside_it(site, directory, log, watch):
    old = many(site, directory, 21)
    directory.say({user: "new" + user for user in old})
    log.lines()
    process = watch()
    lines = logged(log, "watch --confirm")
    assert not any("event=" in line for line in lines)
    assert all(active(site, user) for user in old)
    process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert log.lines() == []  # said once
    assert site.json("watch", "--confirm")["revoked"] == 21
    end(process)


def test_no_user_has_the_name_of_the_lock_of_the_watch(site, directory, watch):
    directory.say({".watch": "one"})
    site.create(".watch", "Phone")
    process = watch()
    site.create(".watch", "Tablet")
    directory.say({".watch": "two"})
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: site.states(".watch") == [("Phone", "revoked"), ("Tablet", "revoked")])
    end(process)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_nothing_half_done(site, three, watch, number):
    process = watch()
    process.send_signal(number)
    assert process.wait(5) == 0


def test_a_signal_ends_it_while_the_command_runs_too(site, three, log):
    started = site.folder / "started"
    three.write(f"echo $$ >{started}; sleep 300")
    with ended(site.start("watch", prefix=log.prefix)) as process:
        wait_until(lambda: started.exists() and started.read_text())
        process.terminate()
        assert process.wait(5) == 0
    wait_until(lambda: not os.path.exists(f"/proc/{started.read_text().strip()}"))


def test_sighup_reads_the_configuration_anew_and_makes_a_pass(site, three, log, watch):
    process = watch()
    other = site.folder / "other"
    other.write_text("#!/bin/sh\nprintf 'alice\\tnew\\nbob\\ttwo\\ncarol\\tthree\\n'\n")
    other.chmod(0o755)
    before = three.program
    three.program = other
    # In place, and the file is not closed: that alone tells nobody.
    three.configure()
    process.send_signal(signal.SIGHUP)
    logged(log, 'event=revoked .*user="alice"')
    assert before.exists()
    end(process)


def test_a_broken_configuration_is_logged_at_once_and_the_old_one_kept(site, three, log, watch):
    process = watch()
    log.lines()
    site.conf.write_text("limit = many;\n")
    lines = logged(log, f"{site.conf}:1:", 3)
    assert any("is kept" in line for line in lines)
    process.send_signal(signal.SIGHUP)
    logged(log, f"{site.conf}:1:", 3)
    three.configure()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    logged(log, 'event=revoked .*user="alice"')
    end(process)


def wake(folder):
    """Something that happens in a folder that is watched, and means nothing."""
    (folder / "nothing").write_text("")


def test_a_configuration_whose_folder_was_replaced_is_read(site, three, log, watch):
    folder, other = site.folder / "etc", site.folder / "other"
    folder.mkdir()
    site.conf = folder / "asp.conf"
    three.configure()
    process = watch()
    shutil.copytree(folder, other)
    (other / "asp.conf").write_text("limit = many;\n")
    time.sleep(3)  # what was written this moment may not be whole yet
    exchange(folder, other)
    wake(other)  # the one that it watches; without that it looks once in a minute
    lines = logged(log, f"{site.conf}:1:", 3)
    assert sum("is kept" in line for line in lines) == 1
    wake(other)
    three.configure()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    logged(log, 'event=revoked .*user="alice"')
    site.conf.write_text("limit = many;\n")  # the new folder is watched now
    logged(log, f"{site.conf}:1:", 3)
    end(process)


def test_a_configuration_is_read_also_when_the_event_was_lost(site, three, log, watch):
    process = watch()
    process.send_signal(signal.SIGSTOP)
    most = int(pathlib.Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for number in range(most + 2):  # by turns: one that comes again at once is kept once
        os.close(os.open(site.folder / f"nothing{number % 2}", os.O_WRONLY | os.O_CREAT))
    site.conf.write_text("limit = many;\n")
    process.send_signal(signal.SIGCONT)
    logged(log, f"{site.conf}:1:", 5)
    end(process)


def test_another_store_in_the_place_of_the_one_that_is_watched_is_found(site, three, log, watch):
    process = watch()
    copy = site.folder / "copy"
    shutil.copytree(site.store, copy)
    exchange(site.store, copy)
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    wake(site.folder)
    logged(log, 'event=revoked .*user="alice"', 5)
    assert not active(site, "alice")
    site.run("watch").refused(5)
    end(process)


def test_a_command_that_fails_revokes_nothing_and_is_said_once(site, three, log, watch):
    three.write("exit 3")
    process = watch()
    logged(log, "exit code 3")
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert log.lines() == []
    three.write(f'cat "{three.data}"')
    process.send_signal(signal.SIGHUP)
    logged(log, "well again")
    assert all(active(site, user) for user in ("alice", "bob", "carol"))
    end(process)


def test_a_store_that_goes_away_and_comes_back_is_watched_again(site, three, log, watch):
    process = watch()
    log.lines()
    aside = site.folder / "aside"
    site.store.rename(aside)
    process.send_signal(signal.SIGHUP)
    logged(log, "no store at")
    aside.rename(site.store)
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    logged(log, 'event=revoked .*user="alice"')
    site.run("watch").refused(5)
    end(process)


def test_an_account_that_is_damaged_hides_no_other(site, three, log, watch):
    site.account("alice").write_text("damaged\n")
    three.say({"alice": "new", "bob": "new", "carol": "three"})
    run = site.run("--json", "watch", "--once")
    assert run.code == 5 and "users/alice" in run.err
    assert json.loads(run.out) == counts(accounts=3, changed=1, revoked=1, unknown=1)
    process = watch()
    logged(log, "users/alice")
    end(process)


# Hooks


@pytest.fixture
def hooked(site, three):
    """A hook that notes what it is run for."""
    note = site.folder / "hooked"
    hook = site.folder / "hook"
    hook.write_text(f'#!/bin/sh\necho "$ASP_EVENT $ASP_USER $ASP_IDS $ASP_REASON" >>{note}\n')
    hook.chmod(0o755)
    three.configure(f'hooks: {{ revoked = "{hook}"; }};')
    return lambda: note.read_text().splitlines() if note.exists() else []


def test_a_pass_runs_the_hooks_of_what_it_revoked_and_only_once(site, three, hooked):
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    once(site)
    (entry,) = site.entries("alice", "--all")
    assert hooked() == [f"revoked alice {entry['id']} primary-password"]
    once(site)
    assert len(hooked()) == 1


def test_a_running_watch_runs_hooks_that_another_process_left_due(site, three, hooked, watch):
    process = watch()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    # A pass beside the watch leaves them to it.
    once(site)
    wait_until(lambda: len(hooked()) == 1, 2)
    assert hooked()[0].startswith("revoked alice ")
    # The mark goes after the run: who is ended in between runs it again.
    wait_until(lambda: "hook=due" not in site.account("alice").read_text(), 2)
    end(process)


def test_hooks_that_were_due_when_it_was_not_running_are_run_at_start(site, three, hooked, watch):
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    with open(site.store / "locks" / ".watch", "w", encoding="ascii") as lock:
        os.fchmod(lock.fileno(), 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a watch has it, so that the pass leaves the hook to that
        once(site)
    assert hooked() == [] and "hook=due" in site.account("alice").read_text()
    process = watch()
    wait_until(lambda: "hook=due" not in site.account("alice").read_text())
    end(process)
    assert len(hooked()) == 1


def test_a_hook_is_run_for_what_has_just_expired(site, three, hooked, watch):
    process = watch()
    entry = site.create("bob", "Tablet", "--expires", "2s")
    wait_until(lambda: hooked(), 8)
    end(process)
    assert hooked() == [f"expired bob {entry['id']} expired"]
    assert ("Tablet", "expired") in site.states("bob")


def test_what_expired_while_no_watch_ran_is_found_by_the_next_one(site, three, hooked, watch):
    end(watch())
    entry = site.create("bob", "Tablet", "--expires", "1s")
    time.sleep(1.5)
    process = watch()
    wait_until(lambda: hooked(), 5)
    end(process)
    end(watch())
    assert hooked() == [f"expired bob {entry['id']} expired"]


@pytest.fixture
def slow(site, three):
    """A hook that notes its beginning and its end, and waits in between until it may go on."""
    note, go, hook = (site.folder / name for name in ("hooked", "go", "hook"))
    wait = f"until [ -e {go} ]; do sleep 0.05; done"
    hook.write_text(f'#!/bin/sh\nfor what in begin end; do echo "$what $ASP_EVENT $ASP_USER" >>{note}; {wait}; done\n')
    hook.chmod(0o755)
    three.configure(f'hooks: {{ revoked = "{hook}"; timeout = 60; }};')
    return lambda: note.read_text().splitlines() if note.exists() else []


def test_what_expires_while_another_hook_runs_is_found_after_it(site, three, slow, watch):
    process = watch()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    once(site)
    wait_until(slow, 5)
    site.create("bob", "Tablet", "--expires", "1s")
    time.sleep(1.1)
    (site.folder / "go").touch()
    wait_until(lambda: "end expired bob" in slow(), 5)
    end(process)


def test_a_hook_for_what_has_expired_that_is_cut_short_is_run_again(site, three, slow, watch):
    process = watch()
    site.create("bob", "Tablet", "--expires", "1s")
    wait_until(slow, 8)
    end(process)
    (site.folder / "go").touch()
    process = watch()
    wait_until(lambda: len(slow()) == 3, 5)
    end(process)
    end(watch())
    assert slow() == ["begin expired bob", "begin expired bob", "end expired bob"]


def test_hooks_that_are_due_in_a_folder_put_in_place_of_the_other_are_run(site, three, hooked, watch):
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    with open(site.store / "locks" / ".watch", "w", encoding="ascii") as lock:
        os.fchmod(lock.fileno(), 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        once(site)
    copy = site.folder / "copy"
    shutil.copytree(site.store / "users", copy)
    process = watch()
    wait_until(lambda: "hook=due" not in site.account("alice").read_text())
    exchange(site.store / "users", copy)
    wait_until(lambda: len(hooked()) == 2, 5)
    end(process)


# Mistakes


def test_watch_takes_no_arguments(site):
    site.run("watch", "alice").refused(2)


@pytest.mark.parametrize("option", ["--once", "--confirm"])
def test_once_and_confirm_are_for_watch_alone(site, option):
    site.run("list", option).refused(2)


def test_a_running_watch_has_no_document(site, directory):
    site.run("--json", "watch").refused(2)


@pytest.mark.parametrize("words", [["watch"], ["watch", "--once"], ["watch", "--confirm"]], ids=" ".join)
def test_without_a_store_it_ends(site, directory, words):
    assert "no store" in site.run(*words).refused(5).err


@pytest.mark.parametrize("words", [["watch"], ["watch", "--once"]], ids=" ".join)
def test_it_is_for_root(shared, nobody, words):
    shared.configure("virtual_users = true;", 'primary: { source = "none"; };')
    shared.create("alice", "Phone")
    assert "root" in shared.run(*words, prefix=nobody).refused(5).err


@pytest.mark.parametrize("words", [["watch"], ["watch", "--once"]], ids=" ".join)
def test_a_broken_configuration_is_told_before_it_begins(site, words):
    site.conf.write_text("limit = many;\n")
    site.run(*words).refused(6)


# The unit


@pytest.fixture
def unit(build, tmp_path):
    """The unit as it was built, for the tool that was built with it."""
    text = (build / "conf" / UNIT).read_text()
    assert re.search(r"(?m)^ExecStart=/\S+/asp-admin watch$", text)
    path = tmp_path / UNIT
    path.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={build}/asp-admin/asp-admin", text))
    return path


def analyze(*words):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    return subprocess.run(
        ["systemd-analyze", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def test_systemd_finds_nothing_to_say_about_the_unit(unit):
    assert analyze("verify", unit).stdout == ""
    unit.write_text(unit.read_text().replace("ProtectHome", "ProtectHoam"))
    assert analyze("verify", unit).stdout != ""


def test_the_unit_is_hardened(unit):
    run = analyze("security", "--offline=yes", "--threshold=35", unit)
    assert run.returncode == 0, run.stdout


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
        out, err = process.communicate(timeout=10)
    assert process.returncode == 5 and b"try again" in err and out == b""
    assert site.states("alice") == [("Laptop", "active"), ("Phone", "revoked")]


def test_what_a_pass_waited_to_write_is_compared_with_what_was_written_meanwhile(site, three):
    before = site.account("alice").read_bytes()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    site.create("alice", "Laptop")
    after = site.account("alice").read_bytes()
    site.account("alice").write_bytes(before)
    time.sleep(0.05)
    three.say({"alice": "between", "bob": "two", "carol": "three"})
    with open(site.store / "locks" / "alice", "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        runs = three.count()
        with ended(site.start("--json", "watch", "--once")) as process:
            wait_until(lambda: three.count() > runs)
            time.sleep(0.5)  # now it waits for the lock
            site.account("alice").write_bytes(after)
            fcntl.flock(lock, fcntl.LOCK_UN)
            out, _ = process.communicate(timeout=10)
    assert json.loads(out) == counts(accounts=3, unknown=1)
    assert site.states("alice") == [("Laptop", "active"), ("Phone", "revoked")]
