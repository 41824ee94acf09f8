"""What is revoked on one machine, or expires, is told to each: its watch runs the hook, whatever failed meanwhile."""

import contextlib
import os
import subprocess

import pytest
from machine import Joined, Node
from store import LONG_NAME, Store, part_of, pin
from support.passwords import PRIMARY
from support.processes import child_of, children
from support.run import MORTAL
from support.self_service import SelfService
from support.wait import wait_until
from support.watch import Manager
from watched import FEED, HELD, HOOK, RUNS, Hooked

LINES = ("virtual_users = true;", 'primary: { source = "none"; };')


class Watched(Hooked, Node):
    def wait_until_idle(self):
        """No hook runs: one that runs when the watch is to end is run again."""
        idle = "! grep -qs '/etc/asp/[h]ook' /proc/[0-9]*/cmdline"
        wait_until(lambda: self.sandbox.shell(idle).code == 0, "a hook does not end")

    def clear(self):
        self.sandbox.shell(f"rm -f {RUNS} {HELD} {FEED}").done()
        self.hook()
        self.log_file.forget()

    def revoked(self, user="alice", *more):
        """The id of one that was made and is revoked."""
        made = self.create(user, "Phone", *more)
        self.asp_admin("revoke", user, made[:2]).done()
        return made[:2]


class OwnService(Joined, SelfService):
    """A machine of it whose users act on their own accounts."""

    def __init__(self, layer, build, *where, **options):
        super().__init__(layer, build)
        self.join(*where, **options)
        self.ask_for()


@pytest.fixture(scope="module")
def machines(layer, build, sandboxes, cluster, database):
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(2):
            machine = Watched(layer, build, cluster, database, *LINES, wait=5000)
            stack.callback(machine.close)
            machine.begin()
            stack.callback(machine.end)
            found.append(machine)
        yield found


@pytest.fixture
def both(cluster, database, machines):
    """Nobody has any app passwords, and neither machine has heard of anything."""
    for table in ("account", "used", "expiry", "ended"):
        ask(cluster, database, f"DELETE FROM asp.{table}")
    ask(cluster, database, "UPDATE asp.feed SET seq = 0, tag = 0, floor = 0")
    for machine in machines:
        machine.clear()
    return machines


def ask(cluster, database, *words):
    return cluster.connect(database=database).ask(*words)


def test_every_machine_runs_the_hook_for_what_is_revoked_on_any(both, folder):
    one, other = both
    bound = one.create("alice", "Phone")
    assert one.login(bound, "nginx") == 0
    free = one.create("alice", "Old laptop")
    mail = one.create("alice", "TV", "--app", "calendar")
    with one.watch(folder), other.watch(folder):
        run = other.asp_admin("revoke", "alice", "--all").done()
        assert "no watch runs" not in run.err
        last = one.revoked("alice")  # of the same part: so all that came before it was told
        for machine in both:
            machine.wait_for(last)
            first, second = machine.runs()
            labels = {bound[:2]: "Phone", free[:2]: "Old laptop", mail[:2]: "TV"}
            apps = {row["id"]: row["app"] for row in one.entries()}
            ids = first["IDS"].split()
            assert sorted(ids) == sorted(labels)
            assert first["LABELS"].split("\n") == [labels[id] for id in ids]
            assert first["APPS"].split() == [apps[id] for id in ids]
            assert "nginx" in first["SERVICES"].split() and "caldav" in first["SERVICES"].split()
            assert (first["EVENT"], first["USER"], first["REASON"]) == ("revoked", "alice", "admin")
            assert (second["USER"], second["IDS"], second["SERVICES"]) == ("alice", last, "")


@pytest.fixture
def own(layer, build, sandboxes, cluster, database):
    machine = OwnService(layer, build, cluster, database, *LINES, wait=5000)
    try:
        machine.again()
        yield machine
    finally:
        machine.close()


def test_every_machine_is_told_by_which_way_a_user_did_it_herself(both, own, folder):
    one, _ = both
    made = [one.create("alice", label)[:2] for label in ("Phone", "TV")]
    with one.watch(folder):
        own.run("alice", "revoke", made[0], input=f"{PRIMARY['alice']}\n").done()
        own.asp_admin("revoke", "alice", made[1]).done()
        one.wait_for(*made)
        assert [(run["IDS"], run["VIA"]) for run in one.runs()] == [(made[0], "self"), (made[1], "")]


def test_whose_it_was_is_told_however_long_the_name_is_and_when_the_account_has_gone(both, folder):
    one, other = both
    with one.watch(folder):
        made = other.create(LONG_NAME, "Phone")
        other.asp_admin("remove", LONG_NAME).done()
        one.wait_for(made[:2])
        assert [run["USER"] for run in one.runs()] == [LONG_NAME]


def test_a_name_that_no_user_has_holds_up_nothing(both, cluster, database, folder):
    one, other = both
    with one.watch(folder):
        name = "~alice"
        Store(cluster.connect(database=database)).make(name, event="revoked", part=part_of("alice"))
        id = other.revoked("alice")
        one.wait_for(id)
        one.log_file.logged("watch: the database tells of an account whose name no user has")
        assert one.told() == [id]


def test_what_is_revoked_while_no_watch_runs_is_told_to_the_next_and_once(both, folder):
    one, other = both
    with one.watch(folder):
        first = other.revoked("alice")
        one.wait_for(first)
        one.wait_until_idle()
    made = one.create("alice")
    assert "no watch runs on this machine" in one.asp_admin("revoke", "alice", "--all").done().err
    with one.watch(folder):
        one.wait_for(made[:2])
        last = other.revoked("alice")
        one.wait_for(last)
        assert one.told() == [first, made[:2], last]


def test_who_revokes_all_the_time_holds_up_nobody_in_another_part(both, folder):
    one, other = both
    with one.watch(folder):
        one.wait_until_idle()
    many, few = sorted(("alice", "bob"), key=part_of)
    ids = [other.revoked(many) for _ in range(12)]
    id = other.revoked(few)
    with one.watch(folder):
        one.wait_for(*ids, id)
        assert one.told() == [*ids[:8], id, *ids[8:]]


def test_a_machine_that_is_new_hears_what_comes_from_then_on(both, folder):
    one, other = both
    other.revoked("alice")
    with one.watch(folder):
        last = other.revoked("alice")
        one.wait_for(last)
        assert one.told() == [last]


def test_a_watch_that_is_killed_while_a_hook_runs_is_followed_by_one_that_runs_it(both, folder):
    one, other = both
    one.sandbox.run("touch", HELD).done()
    with Manager(folder) as manager:
        process = one.sandbox.start(*MORTAL, *manager.prefix, one.admin, "watch", stdin=subprocess.DEVNULL)
        manager.wait_ready()
    watch = child_of(process)
    one.wait_until_it_hears()
    (hears,) = children(watch)
    id = other.revoked("alice")
    one.wait_for(id)
    for pid in (hears, watch):
        os.kill(pid, 9)
    process.wait()
    assert one.told() == [id]
    one.sandbox.run("rm", HELD).done()
    with one.watch(folder):
        wait_until(lambda: one.told() == [id, id], one.runs)
        last = other.revoked("alice")
        one.wait_for(last)
        assert one.told() == [id, id, last]


def test_what_has_ended_is_begun_again(both, folder):
    one, other = both
    with one.watch(folder):
        watch = int(one.sandbox.read("/var/lib/asp/locks/.watch"))
        one.sandbox.shell(f"kill -KILL $(cat /proc/{watch}/task/{watch}/children)").done()
        id = other.revoked("alice")
        one.wait_for(id)
        one.log_file.logged("watch: the process that hears what is revoked has ended; another is started")


def test_what_expires_is_told_to_every_machine(both, folder):
    one, other = both
    with one.watch(folder), other.watch(folder):
        made = one.create("alice", "Guest", "--app", "calendar", "--expires", "2s")
        kept = one.create("alice", "Phone", "--expires", "1h")
        for machine in both:
            machine.wait_for(made[:2])
            (run,) = machine.runs()
            assert "caldav" in run.pop("SERVICES").split()
            assert run == {
                "EVENT": "expired",
                "USER": "alice",
                "IDS": made[:2],
                "LABELS": "Guest",
                "APPS": "calendar",
                "REASON": "expired",
                "VIA": "",
            }
        assert kept[:2] not in one.told()


def test_what_has_expired_while_no_watch_runs_is_told_to_the_next(both, folder):
    one, _ = both
    with one.watch(folder):
        pass
    made = one.create("alice", "Guest", "--expires", "1s")
    wait_until(lambda: one.entry(made[:2])["state"] == "expired")
    with one.watch(folder):
        one.wait_for(made[:2])
        assert [(run["EVENT"], run["LABELS"]) for run in one.runs()] == [("expired", "Guest")]


def test_of_an_account_that_is_damaged_no_more_is_told_than_could_be_an_id(both, cluster, database, folder):
    one, _ = both
    Store(cluster.connect(database=database)).make("alice", b"nothing of ours")
    with one.watch(folder):
        soon = "date_trunc('second', clock_timestamp()) + interval '1 s'"
        rows = ", ".join(f"({part_of('alice')}, 'alice', '{id}', {soon})" for id in ("oo", "7", "7k"))
        ask(cluster, database, f"INSERT INTO asp.expiry VALUES {rows}")
        wait_until(one.runs, one.log_file.messages)
        assert [(run["EVENT"], run["IDS"], run["LABELS"]) for run in one.runs()] == [("expired", "7k", "")]


def test_while_the_database_hangs_the_watch_waits_and_says_so_once(both, cluster, folder):
    one, other = both
    with one.watch(folder):
        with cluster.hung():
            one.log_file.logged("asp-admin.*: database=down host=.*no answer")
        id = other.revoked("alice")
        one.wait_for(id)
        one.log_file.logged("asp-admin.*: database=up host=")
        said = [line for line in one.database_lines() if line.by == "asp-admin"]
        assert [line.word("database") for line in said] == ["down", "up"]
        assert not any("does not tell" in line for line in one.log_file.new())


def test_a_hook_that_cannot_be_started_waits_and_nothing_is_passed_over(both, folder):
    one, other = both
    with one.watch(folder):
        one.sandbox.run("chmod", "644", HOOK).done()
        first = other.revoked("alice")
        one.log_file.logged("hook=revoked user=.alice. .* failed=")
        second = other.revoked("bob")
        assert one.runs() == []
        one.sandbox.run("chmod", "755", HOOK).done()
        one.wait_for(first, second)
        assert sorted(one.told()) == sorted([first, second])


def test_without_a_hook_nothing_is_due_for_the_one_that_comes(both, folder):
    one, other = both
    with one.watch(folder):
        one.configure()
        wait_until(lambda: one.sandbox.run("test", "-e", FEED).code != 0, one.log_file.messages)
        other.revoked("alice")
        one.hook()
        one.wait_until_it_hears()
        last = other.revoked("alice")
        one.wait_for(last)
        assert one.told() == [last]


def test_a_single_pass_runs_what_was_told_since_the_last(both):
    one, other = both
    one.asp_admin("watch", "--once").done()
    id = other.revoked("alice")
    one.asp_admin("watch", "--once").done()
    one.asp_admin("watch", "--once").done()
    assert one.told() == [id]


def test_what_a_machine_has_heard_is_of_one_database(both, cluster, database, folder):
    one, other = both
    with one.watch(folder):
        pass
    before = ask(cluster, database, "SELECT id::text AS id FROM asp.store")[0]["id"]
    other.revoked("alice")
    after = ask(cluster, database, "UPDATE asp.store SET id = gen_random_uuid() RETURNING id::text AS id")[0]["id"]
    try:
        for machine in both:
            machine.sandbox.write("/var/lib/asp/store-id", pin(after), mode="600")
        with one.watch(folder):
            one.log_file.logged("watch: this machine has joined another database")
            last = other.revoked("alice")
            one.wait_for(last)
            assert one.told() == [last]
    finally:
        ask(cluster, database, f"UPDATE asp.store SET id = '{before}'")
        for machine in both:
            machine.sandbox.write("/var/lib/asp/store-id", pin(before), mode="600")


def test_where_it_is_damaged_what_was_revoked_of_late_is_told_again(both, cluster, database, folder):
    one, other = both
    with one.watch(folder):
        old = other.revoked("alice")
        one.wait_for(old)
        one.wait_until_idle()
    ask(cluster, database, "UPDATE asp.ended SET at = at - interval '2 h'")
    late = other.revoked("alice")
    one.sandbox.shell(f"truncate -s -1 {FEED}").done()
    with one.watch(folder):
        one.log_file.logged("watch: /var/lib/asp/feed is not what we wrote")
        one.wait_for(late)
        last = other.revoked("alice")
        one.wait_for(last)
        assert one.told() == [old, late, last]


def test_what_was_tidied_away_unheard_is_said_to_be_missed(both, cluster, database, folder):
    one, other = both
    with one.watch(folder):
        pass
    for _ in range(3):
        other.revoked("alice")
    ask(cluster, database, f"SELECT asp.tidy({part_of('alice')}::smallint, now() + interval '1 h')")
    with one.watch(folder):
        one.log_file.logged(f"watch: 2 revocations of part {part_of('alice')} of the database were missed")
        wait_until(one.runs)
        assert len(one.runs()) == 1


@contextlib.contextmanager
def closed(cluster, database):
    """Nobody is connected to it. Gives what asks the cluster."""
    own = cluster.connect()
    own.ask(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    own.ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    wait_until(lambda: own.one(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'") == 0)
    yield own
    own.ask(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")


def test_where_the_database_is_a_copy_of_before_it_is_told_again(both, cluster, database, folder):
    """The number that was heard last is given again, to another revocation."""
    one, other = both
    copy = f"{database}_copy"
    with one.watch(folder):
        kept = other.revoked("alice")
        one.wait_for(kept)
        with closed(cluster, database) as own:
            own.ask(f"CREATE DATABASE {copy} TEMPLATE {database}")
        lost = other.revoked("alice")
        one.wait_for(lost)
        one.wait_until_idle()
    with closed(cluster, database) as own:
        own.ask(f"DROP DATABASE {database}")
        own.ask(f"ALTER DATABASE {copy} RENAME TO {database}")
    given_again = other.revoked("alice")
    with one.watch(folder):
        one.log_file.logged("watch: the database has another history than this machine has heard")
        one.wait_for(given_again)
        last = other.revoked("alice")
        one.wait_for(last)
        assert one.told() == [kept, lost, kept, given_again, last]
