"""A database that does not answer, and the workers of a broker: one finds it out for all, and one for all that it is over."""

import contextlib
import re

import pytest
from machine import Node, leave_none
from support.pam_codes import AUTHINFO_UNAVAIL, SUCCESS
from support.wait import wait_until

WORKERS = 4
MANY = 64
# Far more than a database takes, also on a busy machine, and less than the module waits for a broker whose hashes are slow:
# five seconds, in place of one. For all of these each for itself it would be eight times as long.
WAIT = 2000
PATIENT = 'hash: { scheme = "argon2id"; };'
LINES = ("virtual_users = true;", 'primary: { source = "none"; };', f"broker: {{ workers = {WORKERS}; }};")


@pytest.fixture(scope="module")
def prepared(layer, build, sandboxes, cluster, database):
    node = Node(layer, build, cluster, database, *LINES, wait=WAIT)
    try:
        node.begin()
        yield node
    finally:
        node.end()
        node.close()


@pytest.fixture
def machine(prepared, owner):
    prepared.configure()

    def create():
        """The server may still be at what it was asked by others while it hung."""
        leave_none(owner)
        run = prepared.asp_admin("create", "alice", "--label", "Phone", "--app", "calendar", "--quiet")
        return run.code == 0 and run.out.strip()

    prepared.made = wait_until(create, "no app password is made")
    prepared.configure(PATIENT)
    wait_until(lambda: prepared.login(prepared.made) == SUCCESS, "it is not well")
    prepared.log_file.settle()
    prepared.log_file.forget()
    return prepared


# A worker has asked for a beat since then.
BEATEN = """SELECT 1 FROM pg_stat_activity
WHERE usename = 'asp_node' AND query LIKE '%asp.beat%' AND query_start > $1::timestamptz"""


def crowd(machine):
    """What that many are answered who ask at once."""
    host = machine.host("www-data")
    host.begin(*[(machine.made, "nginx")] * MANY)
    return {answer.code for answer in host.answers()}


def decided(machine, count):
    """The lines of so many logins, since last asked."""
    return machine.log_file.take_lines(count, lambda line: line.is_decision)


def refused_at_once(decisions):
    return [line for line in decisions if "nobody waits for it" in line.text]


def wait_for(machine, word):
    wait_until(lambda: any(line.word("database") == word for line in machine.database_lines()), machine.log_file.new)


@contextlib.contextmanager
def held(cluster, database, what):
    """Somebody has a row, and does not let it go."""
    with contextlib.closing(cluster.open("postgres", database)) as holder:
        holder.ask("BEGIN")
        assert holder.ask(f"SELECT 1 FROM asp.{what} FOR UPDATE") != []
        yield


def test_one_that_hangs_is_waited_for_by_each_worker_once_and_all_are_answered(machine, cluster):
    with cluster.hung():
        assert crowd(machine) == {AUTHINFO_UNAVAIL}
    decisions = decided(machine, MANY)
    assert {line.by for line in decisions} == {"asp-broker"}
    assert len(refused_at_once(decisions)) > MANY / 2, decisions


def test_once_it_answers_all_are_let_in_though_nobody_asked_meanwhile(machine, cluster):
    with cluster.hung():
        assert machine.login(machine.made) == AUTHINFO_UNAVAIL
        wait_for(machine, "down")
    wait_for(machine, "up")
    decided(machine, 1)
    crowd(machine)
    decisions = decided(machine, MANY)
    assert refused_at_once(decisions) == []
    assert "accepted" in {line.word("verdict") for line in decisions}


def test_it_is_logged_once_by_all_workers_when_it_begins_and_when_it_is_over(machine, cluster):
    with cluster.hung():
        for _ in range(3):
            crowd(machine)
        wait_for(machine, "down")
    wait_for(machine, "up")
    crowd(machine)
    machine.log_file.settle()
    down, up = machine.database_lines()
    assert (down.by, down.severity, down.word("host")) == ("asp-broker", 3, str(cluster.folder))
    assert "no answer" in down.word("cause")
    assert (up.by, up.severity, up.word("host")) == ("asp-broker", 5, str(cluster.folder))
    assert re.fullmatch(r"[0-9]+\.[0-9]s", up.word("after"))


def test_one_whose_last_write_is_long_ago_is_asked_for_one_before_anybody_is_refused(machine, owner):
    owner.ask("UPDATE asp.pulse SET at = now() - interval '1 hour'")
    assert machine.login(machine.made) == SUCCESS
    assert owner.one("SELECT now() - at < interval '10 minutes' FROM asp.pulse")
    assert machine.database_lines() == []


def test_where_that_cannot_be_made_nobody_is_let_in_until_it_can(machine, owner, cluster, database):
    owner.ask("UPDATE asp.pulse SET at = now() - interval '1 hour'")
    with held(cluster, database, "pulse"):
        assert machine.login(machine.made) == AUTHINFO_UNAVAIL
        assert crowd(machine) == {AUTHINFO_UNAVAIL}
        wait_for(machine, "down")
    wait_for(machine, "up")
    assert machine.login(machine.made) == SUCCESS
    machine.log_file.settle()
    down, _ = machine.database_lines()
    assert "no write on its standbys" in down.word("cause")


def test_an_account_that_somebody_holds_is_nothing_to_others(machine, cluster, database):
    machine.configure()
    first = machine.create("bob", "Phone")
    with held(cluster, database, "account WHERE name = 'bob'"):
        assert machine.login(first, user="bob") == AUTHINFO_UNAVAIL
        machine.configure(PATIENT)
        for _ in range(WORKERS):
            assert machine.login(machine.made) == SUCCESS
    assert machine.database_lines() == []
    assert machine.login(first, user="bob") == SUCCESS


def test_who_finds_another_at_the_write_that_it_needs_waits_until_that_is_safe(machine, cluster, database):
    """On a machine that nobody has logged in to for a while several find so at once. What was written last is too old for all of
    them, and one of them writes."""
    host = machine.host("www-data")
    watcher = cluster.connect()

    def is_let_in():
        with contextlib.closing(cluster.open("postgres", database)) as other:
            other.ask("UPDATE asp.pulse SET at = clock_timestamp() - interval '1 minute'")
            begun = other.one("SELECT clock_timestamp()::text")
            other.ask("BEGIN")
            other.ask("UPDATE asp.pulse SET at = clock_timestamp()")
            host.begin((machine.made, "nginx"))
            wait_until(lambda: watcher.ask(BEATEN, begun) != [], interval=0.001)
            other.ask("COMMIT")
            (answer,) = host.answers()
            return answer.code == SUCCESS

    # It does not wait for one that hangs, and this machine may be busy.
    assert any(is_let_in() for _ in range(5)), machine.log_file.new()
