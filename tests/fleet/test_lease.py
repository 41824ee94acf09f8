"""primary.command is run by one machine for all that share a store: by the one whose watch has the lease."""

import contextlib
import os
import signal
import subprocess

import pytest
from machine import joined, leave_none
from support.processes import child_of, children
from support.run import MORTAL, TREE, execute
from support.wait import wait_until
from support.watch import Manager, counts, once, running_watch

COMMAND = "/etc/asp/primaries"
SAYS = "/run/primaries"
RUNS = "/run/primaries-runs"
HELD = "/run/primaries-held"  # while it is there, the command does not end
HOST = os.uname().nodename
ELSEWHERE = f"primary.command is run by {HOST}"
HERE = "watch: this machine runs primary.command from now on, for all that share the store"

PRIMARIES = f"""#!/bin/sh
echo >>{RUNS}
while [ -e {HELD} ]; do sleep 0.05; done
cat {SAYS}
"""
USERS = ("alice", "bob", "carol")


@pytest.fixture(scope="module")
def machines(layer, build, sandboxes, cluster, database):
    """Both have the name of this one, as two may: their ids are not the same."""

    def prepare(node):
        node.sandbox.write(COMMAND, PRIMARIES, mode="755")
        node.sandbox.write("/etc/machine-id", f"{os.urandom(16).hex()}\n")

    primary = f'primary: {{ source = "command"; command = "{COMMAND}"; }};'
    lines = ("virtual_users = true;", primary)
    with joined(layer, build, cluster, database, prepare=prepare, lines=[lines] * 2, wait=5000) as found:
        yield found


@pytest.fixture
def both(owner, machines):
    leave_none(owner)
    owner.ask("DELETE FROM asp.lease")
    for machine in machines:
        machine.sandbox.write(SAYS, "alice\tone\n")
        machine.sandbox.write(RUNS, "")
        machine.log_file.forget()
    return machines


def runs(machine):
    """How often the command was run there."""
    return len(machine.sandbox.read(RUNS))


def watch(machine, folder):
    return running_watch(machine.sandbox, machine.admin, folder)


def test_one_runs_the_command_and_what_it_says_is_so_on_all(both, folder):
    one, other = both
    made = one.create("alice", "Phone")
    with watch(one, folder) as tell_one, watch(other, folder) as tell_other:
        one.log_file.logged(HERE)
        other.log_file.logged(f"watch: {ELSEWHERE}")
        one.sandbox.write(SAYS, "alice\ttwo\n")
        tell_other("HUP")
        tell_one("HUP")
        wait_until(lambda: other.entry(made[:2])["state"] == "revoked", one.log_file.messages)
    assert runs(one) >= 3  # for the first one that was made, and two passes
    assert runs(other) == 0


def test_who_ends_leaves_it_to_another_at_once(both, folder):
    one, other = both
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(contextlib.ExitStack())
        first.enter_context(watch(one, folder))
        stack.enter_context(watch(other, folder))
        assert runs(other) == 0
        first.close()
        other.log_file.logged(HERE)
        wait_until(lambda: runs(other) > 0, other.log_file.messages)


def test_where_it_is_killed_another_goes_on_when_its_lease_has_ended(both, owner, folder):
    one, other = both
    with Manager(folder) as manager:
        process = one.sandbox.start(*MORTAL, *manager.prefix, one.admin, "watch", stdin=subprocess.DEVNULL)
        manager.wait_ready()
    with watch(other, folder):
        for pid in (*children(child_of(process)), child_of(process)):
            os.kill(pid, 9)
        process.wait()
        assert (runs(one), runs(other)) == (1, 0)
        left = owner.one("SELECT date_part('epoch', until - clock_timestamp()) FROM asp.lease WHERE what = 'primary'")
        assert 50 < left <= 90
        owner.ask("UPDATE asp.lease SET until = until - interval '1 s' * $1::int", int(left) - 3)
        other.log_file.logged(HERE)
        wait_until(lambda: runs(other) > 0, other.log_file.messages)


def test_a_single_pass_says_who_runs_it_and_one_there_is_made(both, folder):
    one, other = both
    one.create("alice", "Phone")
    with watch(one, folder):
        before = runs(other)
        run = other.asp_admin("watch", "--once").done()
        assert (run.err, run.out) == ("", f"{ELSEWHERE}: no primary password was compared here\n")
        assert once(other) == counts()
        run = other.asp_admin("watch", "--confirm")
        assert (run.code, f"{ELSEWHERE}: say it there" in run.err) == (5, True), run
        assert runs(other) == before
        run = one.asp_admin("watch", "--once").done()
        assert (run.err, run.out) == ("", "1 account: 0 changed, 0 app passwords revoked, 0 unknown, 0 held back\n")


def test_where_no_watch_runs_a_single_pass_takes_it(both, owner):
    one, other = both
    one.asp_admin("watch", "--once").done()
    assert (runs(one), runs(other)) == (1, 0)
    assert ELSEWHERE in other.asp_admin("watch", "--once").done().out
    owner.ask("UPDATE asp.lease SET until = clock_timestamp() - interval '1 s'")
    assert ELSEWHERE not in other.asp_admin("watch", "--once").done().out
    assert (runs(one), runs(other)) == (1, 1)


def test_a_single_pass_that_is_ended_leaves_it_to_another_at_once(both):
    one, other = both
    one.sandbox.write(HELD, "")
    process = one.sandbox.start(*MORTAL, one.admin, "watch", "--once", stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: runs(one) > 0, "the command was not run")
        os.kill(child_of(process), signal.SIGTERM)
        process.wait()
    finally:
        process.kill()
        process.wait()
        one.sandbox.run("rm", "-f", HELD).done()
    assert ELSEWHERE not in other.asp_admin("watch", "--once").done().out
    assert runs(other) == 1


@pytest.fixture
def slow(tmp_path):
    """Before a command: by its clock a revocation takes more than a third of the time that a lease has."""
    library = tmp_path / "slow.so"
    execute("cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, TREE / "tests" / "fleet" / "slow_revocation.c").done()
    return ("env", f"LD_PRELOAD={library}")


@contextlib.contextmanager
def begun_pass(machine, prefix):
    """A single pass, for which the primary passwords of all users have changed, and which is at the command. Gives a
    function by which it goes on, and which returns how it ended."""
    for what in ("one", "two"):
        machine.sandbox.write(SAYS, "".join(f"{user}\t{what}\n" for user in USERS))
        for user in USERS if what == "one" else ():
            machine.create(user, "Phone")
    begun = runs(machine)
    machine.sandbox.write(HELD, "")
    process = machine.sandbox.start(
        *MORTAL, *prefix, machine.admin, "watch", "--once", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )

    def end():
        machine.sandbox.run("rm", HELD).done()
        out, err = process.communicate()
        return process.returncode, out, err

    try:
        wait_until(lambda: runs(machine) > begun, "the command was not run")
        yield end
    finally:
        machine.sandbox.run("rm", "-f", HELD).done()
        process.communicate()


def active(machine):
    return [user for user in USERS if machine.entries(user)[0]["state"] == "active"]


def test_within_a_pass_that_lasts_longer_it_is_prolonged(both, owner, slow):
    one, _ = both
    with begun_pass(one, slow) as end:
        owner.ask("UPDATE asp.lease SET until = clock_timestamp() + interval '20 s'")
        assert end() == (0, "3 accounts: 3 changed, 3 app passwords revoked, 0 unknown, 0 held back\n", "")
    assert owner.one("SELECT until > clock_timestamp() + interval '30 s' FROM asp.lease")
    assert active(one) == []


def test_a_pass_ends_where_another_has_it_by_now(both, owner, slow):
    one, _ = both
    with begun_pass(one, slow) as end:
        owner.ask("UPDATE asp.lease SET holder = 'other 0'")
        code, out, err = end()
    assert (code, out) == (5, "")
    assert "primary.command is run by other by now: this pass was not finished" in err
    assert len(active(one)) == len(USERS) - 1


def found(machine, check):
    """What doctor has to say there: whether it is well, and in which words."""
    document = machine.sandbox.run(machine.admin, "--json", "doctor").document(1)
    ((well, message),) = [(row["ok"], row["message"]) for row in document if row["check"] == check]
    return well, message


def test_a_watch_that_has_ended_leaves_the_time_of_its_last_pass(both, folder):
    one, _ = both
    one.sandbox.shell("touch -d '13 minutes ago' /var/lib/asp/locks/.watch").done()
    with watch(one, folder):
        wait_until(lambda: runs(one) > 0, one.log_file.messages)
    well, message = found(one, "watch")
    assert (well, message.startswith("note: no watch runs now; the last pass was made 0 minutes ago, ")) == (True, True), message


def test_doctor_says_who_runs_it_and_runs_nothing(both, owner, folder):
    one, other = both
    trusted = f"{COMMAND} is a program that can be trusted"
    nobody = "no machine has run it: the first watch of one that shares the store does, or asp-admin watch --once"
    assert found(other, "primary") == (True, f"note: {trusted}, and {nobody}")
    with watch(one, folder):
        before = runs(one)
        for machine, who in ((one, f"{HOST}, this machine,"), (other, HOST)):
            well, message = found(machine, "primary")
            says = f"{trusted}; {who} runs it for all that share the store, and has the lease of it for "
            assert (well, message.startswith(says)) == (True, True), message
            assert 0 < int(message.removeprefix(says).removesuffix(" s more unless that is prolonged")) <= 90
        other.asp_admin("watch", "--once").done()
        nothing = "no watch runs on this machine, and there is nothing for it to do"
        assert found(other, "watch") == (True, f"{nothing}: primary.command is run by {HOST}")
        assert (runs(one), runs(other)) == (before, 0)
    owner.ask("UPDATE asp.lease SET until = clock_timestamp() - interval '1 h'")
    other.sandbox.shell("touch -d '1 hour ago' /var/lib/asp/locks/.watch").done()
    well, message = found(other, "primary")
    ended = f"note: {trusted}, and no watch runs it: {HOST} was the last whose watch did, and its lease ended 360"
    assert (well, message.startswith(ended)) == (True, True), message
    well, message = found(other, "watch")
    assert (well, message.startswith("no watch runs: a change that primary.command tells of is seen by")) == (False, True)
