"""An update is durable, raced by others, locked out. What becomes of it where one of its system calls fails or is the last
one: tests/fault."""

import collections
import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from support.folders import restore
from support.processes import children
from support.run import ended
from support.tracing import STRACE, Call, injecting, system_calls
from support.wait import LONG

# The words of each update, and what it makes of [("Phone", "active")].
UPDATES = {
    "create": (["create", "alice", "--label", "New", "--quiet"], [("New", "active"), ("Phone", "active")]),
    "revoke": (["revoke", "alice", "ID"], [("Phone", "revoked")]),
}
OLD = [("Phone", "active")]


class Update:
    """One update of Alice's account, from a saved store each time."""

    def __init__(self, site, name):
        self.site = site
        words, new = UPDATES[name]
        self.phone = site.create("alice", "Phone", "--app", "mail")
        self.words = [self.phone["id"] if word == "ID" else word for word in words]
        self.saved = site.folder / "saved"
        shutil.copytree(site.store, self.saved)
        self.calls = system_calls(site, site.folder, *self.words)
        assert site.states() == new
        self.back()

    def back(self):
        restore(self.saved, self.site.store)


def test_without_random_numbers_from_the_system_nothing_is_changed_and_it_is_said(site, strace, preloaded):
    """libsodium ends its process where getrandom fails: it is looked at before, at the start and at each update; the
    second of them is that which makes alive what was shown."""
    update = Update(site, "create")
    prefix = [*STRACE, "-o", site.folder / "calls", "-e", "trace=getrandom"]
    by_call = preloaded("random")
    update.back()
    site.run(*update.words, prefix=prefix, env=by_call).done()
    lines = (site.folder / "calls").read_text().splitlines()
    looks = [number for number, line in enumerate(lines, 1) if re.match(r"getrandom\(.*, 1, 0\)", line)]
    assert len(looks) == 3, lines
    for look in looks:
        update.back()
        run = site.run(*update.words, prefix=[*prefix, "-e", f"inject=getrandom:error=EPERM:when={look}+"], env=by_call)
        assert "no random numbers" in run.err and run.err.count("\n") == 1, run
        assert (run.code, site.states()) == (5, OLD)
        assert bool(run.out) == (look == looks[2])
        assert not run.out or update.site.check(run.out) == "not-an-app-password"


def test_an_update_is_written_fsynced_renamed_and_its_folder_fsynced(site, strace):
    calls = [call for call in Update(site, "revoke").calls]
    lines = [call.line for call in calls]
    (rename,) = [index for index, call in enumerate(calls) if call.name.startswith("rename")]
    syncs = [index for index, call in enumerate(calls) if call.name in ("fsync", "fdatasync")]
    assert len(syncs) == 2, "one fsync of the file and one of the folder, no more"
    assert syncs[0] < rename < syncs[1], lines
    assert not [line for line in lines if re.search(r"\b(fork|vfork|clone)\(", line)]


def test_every_descriptor_of_an_update_is_closed_on_exec(site, strace):
    for call in Update(site, "revoke").calls:
        if call.name in ("open", "openat", "openat2", "socket", "accept4", "pipe2"):
            assert re.search("O_CLOEXEC|SOCK_CLOEXEC| = -1 ", call.line), call


def test_check_and_list_take_no_lock(site, strace):
    update = Update(site, "revoke")
    log = site.folder / "calls"
    for words in (["check", "alice", "--service", "imap"], ["list", "alice"], ["history", "alice"], ["list"]):
        site.run(*words, prefix=[*STRACE, "-o", log], input=update.phone["password"]).done()
        lines = log.read_text()
        assert "alice" in lines or words == ["list"]
        assert not re.search(r"flock\(|F_(OFD_)?SETLKW?\b|O_WRONLY|O_RDWR|O_CREAT|rename", lines), words


def parallel(jobs, workers=12):
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return [job.result() for job in [pool.submit(function, *words) for function, *words in jobs]]


# Lesson: processes and threads at once.
def test_two_updates_of_one_user_at_once_lose_nothing(site):
    site.configure("virtual_users = true;", "limit = 100;")
    first = [site.create("alice", f"old {number}") for number in range(8)]
    jobs = [(site.json, "create", "alice", "--label", f"new {number}") for number in range(8)]
    jobs += [(site.json, "revoke", "alice", entry["id"]) for entry in first[:4]]
    jobs += [(site.json, "label", "alice", entry["id"], f"named {entry['id']}") for entry in first[4:6]]
    jobs += [(site.json, "rotate", "alice", entry["id"]) for entry in first[6:]]
    jobs += [(site.json, "create", f"user{number}", "--label", "x") for number in range(4)]
    answers = parallel(jobs)
    made = [answer for answer in answers if "password" in answer]
    assert len(made) == 14
    for entry in made:
        assert site.check(entry["password"], entry["user"]) == "accepted"
    states = {entry["id"]: (entry["label"], entry["state"]) for entry in site.entries("alice", "--all")}
    assert len(states) == 18
    assert {states[entry["id"]][1] for entry in first[:4]} == {"revoked"}
    assert [states[entry["id"]] for entry in first[4:6]] == [(f"named {e['id']}", "active") for e in first[4:6]]
    assert {states[entry["id"]][1] for entry in first[6:]} == {"revoked"}


# Lesson: WildDuck.
def test_processes_that_race_for_the_last_places_get_no_more(site):
    site.configure("virtual_users = true;", "limit = 5;")
    for number in range(2):
        site.create("alice", f"old {number}")
    runs = parallel([(site.run, "create", "alice", "--label", f"new {number}", "--quiet") for number in range(12)])
    assert collections.Counter(run.code for run in runs) == {0: 3, 4: 9}
    assert len(site.entries()) == 5
    assert all(site.check(run.out) == "accepted" for run in runs if run.code == 0)


def test_processes_that_race_for_a_label_get_it_once(site):
    site.create("alice", "old")
    runs = parallel([(site.run, "create", "alice", "--label", "New", "--quiet") for _ in range(8)])
    assert collections.Counter(run.code for run in runs) == {0: 1, 4: 7}
    assert site.states() == [("New", "active"), ("old", "active")]


def test_processes_that_race_for_the_first_account_all_get_theirs(site):
    runs = parallel([(site.run, "create", "alice", "--label", f"L{number}", "--quiet") for number in range(8)])
    assert [run.code for run in runs] == [0] * 8, runs
    assert len(site.entries()) == 8


def test_processes_that_race_to_rotate_one_entry_leave_one_password(site):
    old = site.create("alice", "Phone")
    runs = parallel([(site.run, "rotate", "alice", old["id"], "--quiet") for _ in range(6)])
    good = [run for run in runs if run.code == 0]
    assert {run.code for run in runs} <= {0, 4, 5}
    assert [site.check(run.out) for run in good].count("accepted") == 1
    assert [state for _, state in site.states()].count("active") == 1


def test_readers_see_the_old_or_the_new_account_while_updates_go_on(site):
    made = site.create("alice", "Phone", "--app", "mail")
    seen = set()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        writer = pool.submit(lambda: [site.json("label", "alice", made["id"], f"L{number}") for number in range(60)])
        while not writer.done():
            seen.add(site.entries()[0]["label"])
            assert site.check(made["password"]) == "accepted"
    writer.result()
    assert seen <= {"Phone", *(f"L{number}" for number in range(60))}


@pytest.fixture
def holder(site, strace):
    """Stops an update of Alice's account at its first fsync: under the lock. Gives the pid and the tracer."""
    made = site.create("alice", "Phone", "--app", "mail")
    site.create("bob", "Phone", "--app", "mail")
    prefix = injecting(site.folder, Call("fsync,fdatasync", 1, ""), "signal=SIGSTOP")
    with ended(site.start("label", "alice", made["id"], "Held", prefix=prefix)) as tracer:
        deadline = time.monotonic() + LONG
        while "stopped by SIGSTOP" not in text_of(site.folder / "injected"):
            assert time.monotonic() < deadline, "the update never came to its fsync"
            time.sleep(0.01)
        (pid,) = children(tracer.pid)
        yield pid, tracer
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def text_of(path):
    return path.read_text(errors="replace") if path.exists() else ""


@pytest.mark.of_files("a database has no lock of an account")
def test_a_lock_wait_is_bounded_and_names_the_holder_and_others_go_on(site, holder):
    pid, _ = holder
    before = site.text("alice")
    began = time.monotonic()
    waiters = [site.start(*words) for words in (["create", "alice", "--label", "x"], ["revoke", "alice", "--all"])]
    # Neither readers nor the updates of other users wait.
    assert len(site.entries()) == 1
    assert site.check("x") == "not-an-app-password"
    site.json("create", "bob", "--label", "Tablet")
    assert time.monotonic() - began < 3
    for waiter in waiters:
        out, err = waiter.communicate(timeout=LONG)
        assert (waiter.returncode, out) == (5, b"")
        assert re.fullmatch(rb"[^\n]*\b%d\b[^\n]*\n" % pid, err), (pid, err)
    assert 4.5 <= time.monotonic() - began < 20
    assert site.text("alice") == before


@pytest.mark.of_files("a database has no lock of an account")
def test_a_lock_that_is_given_up_in_time_is_taken(site, holder):
    pid, tracer = holder
    waiter = site.start("--json", "create", "alice", "--label", "x")
    with pytest.raises(subprocess.TimeoutExpired):
        waiter.communicate(timeout=0.5)
    os.kill(pid, signal.SIGCONT)
    out, err = waiter.communicate(timeout=LONG)
    assert (waiter.returncode, err) == (0, b"")
    assert json.loads(out)["active"] == 2
    assert tracer.wait(timeout=LONG) == 0
    assert site.states() == [("Held", "active"), ("x", "active")]


@pytest.mark.of_files("a database has no lock of an account")
def test_the_lock_of_a_killed_process_is_free(site, holder):
    pid, _ = holder
    os.kill(pid, signal.SIGKILL)
    site.run("create", "alice", "--label", "x", timeout=4).done()
    assert site.states() == [("Phone", "active"), ("x", "active")]


@pytest.mark.long
def test_killed_at_random_nothing_acknowledged_is_lost(site):
    site.configure("virtual_users = true;", "limit = 500;")
    made, base = [], site.create("alice", "first")
    for number in range(300):
        child = site.start("--json", "create", "alice", "--label", f"L{number}")
        with ended(child):
            time.sleep((number % 30) / 2000)
            child.kill()
            out, _ = child.communicate()
        labels = {label for label, _ in site.states()}
        # What was shown is alive once create has ended well, and either that or nothing before.
        if child.returncode == 0:
            made.append(json.loads(out))
        elif out.endswith(b"}\n"):
            verdict = "accepted" if f"L{number}" in labels else "not-an-app-password"
            assert site.check(json.loads(out)["password"]) == verdict
        assert {entry["label"] for entry in made} <= labels
    assert made, "no create came to its end"
    for entry in [base, *made]:
        assert site.check(entry["password"]) == "accepted"
