"""Two machines with one store in a database: their asp-admin, broker and module."""

import concurrent.futures

import pytest
from machine import joined, leave_none
from store import LONG_NAME, encoded, part_of, pin
from support.broker import SOON
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS
from support.wait import wait_until


@pytest.fixture(scope="module")
def nodes(layer, build, sandboxes, cluster, database):
    line = ("virtual_users = true;", 'primary: { source = "none"; };')
    with joined(layer, build, cluster, database, lines=[line] * 2) as found:
        yield found


@pytest.fixture
def empty(owner, nodes):
    leave_none(owner)
    return nodes


def test_what_is_made_here_opens_there_until_it_is_revoked_anywhere(empty):
    one, other = empty
    made = one.create("alice", "Phone", "--app", "calendar")
    assert other.login(made) == SUCCESS
    assert one.login(made) == SUCCESS
    other.asp_admin("revoke", "alice", made[:2]).done()
    assert (one.login(made), other.login(made)) == (AUTH_ERR, AUTH_ERR)
    assert one.json("list", "alice", "--all")[0]["state"] == "revoked"


def test_a_host_of_roots_asks_the_broker_too(empty):
    one, _ = empty
    made = one.create("alice", "Phone", "--app", "calendar")
    assert one.login(made, host="root") == SUCCESS


def test_the_first_use_binds_on_every_machine(empty):
    one, other = empty
    made = one.create("alice", "Phone")
    assert one.login(made, "nginx") == SUCCESS
    assert other.login(made, "imap") == AUTH_ERR
    assert other.login(made, "nginx") == SUCCESS


def test_a_use_here_is_shown_there(empty):
    one, other = empty
    made = one.create("alice", "Phone", "--app", "calendar")
    assert other.login(made) == SUCCESS
    wait_until(lambda: one.json("list", "alice")[0]["last_used"] is not None, "no use is told")


def test_of_a_revocation_every_machine_can_hear(empty, owner):
    one, _ = empty
    made = one.create("alice", "Phone", "--app", "calendar")
    one.asp_admin("revoke", "alice", "--all").done()
    (event,) = owner.ask("SELECT name, event, ids, labels, apps, services, reason, by_whom FROM asp.ended")
    assert event == {
        "name": "alice",
        "event": "revoked",
        "ids": made[:2],
        "labels": "Phone",
        "apps": "calendar",
        "services": "-",
        "reason": "admin",
        "by_whom": "root",
    }


def test_the_longest_name_is_whole_in_the_database_and_in_the_part_of_that(empty, owner):
    """A file of it would be named by a digest."""
    one, other = empty
    made = one.create(LONG_NAME, "Phone", "--app", "calendar")
    assert other.login(made, user=LONG_NAME) == SUCCESS
    place = {"part": part_of(encoded(LONG_NAME)), "name": encoded(LONG_NAME)}
    wait_until(lambda: place in owner.ask("SELECT part, name FROM asp.used"), "no use is told")
    assert [row["user"] for row in other.json("list")] == [LONG_NAME]
    other.asp_admin("revoke", LONG_NAME, made[:2]).done()
    assert one.login(made, user=LONG_NAME) == AUTH_ERR
    assert owner.ask("SELECT part, name FROM asp.account") == [place]
    assert owner.ask("SELECT part, name FROM asp.ended") == [place]
    assert one.asp_admin("store", "check").code == 0
    other.asp_admin("remove", LONG_NAME).done()
    assert one.json("list") == []


def test_a_database_that_hangs_is_unavailable_and_goes_on_by_itself(empty, cluster):
    one, _ = empty
    made = one.create("alice", "Phone", "--app", "calendar")
    assert one.login(made) == SUCCESS
    with cluster.hung():
        assert one.login(made) == AUTHINFO_UNAVAIL
        assert one.login("wrong-wrong") != SUCCESS
        run = one.asp_admin("revoke", "alice", "--all")
        assert (run.code, "no answer" in run.err) == (5, True), run
    wait_until(lambda: one.login(made) == SUCCESS, "it does not go on")
    assert [row["state"] for row in one.json("list", "alice")] == ["active"]


def test_a_machine_that_has_joined_another_store_lets_nobody_in(empty, owner):
    one, _ = empty
    made = one.create("alice", "Phone", "--app", "calendar")
    before = owner.one("SELECT id::text FROM asp.store")
    owner.ask("UPDATE asp.store SET id = gen_random_uuid()")
    try:
        assert one.login(made) == AUTHINFO_UNAVAIL
        run = one.asp_admin("list", "alice")
        said = "asp-admin: it is another database than the one that was joined; name in asp.conf the database that this "
        assert run.code == 5 and run.err.startswith(said), run
    finally:
        owner.ask(f"UPDATE asp.store SET id = '{before}'")
    assert one.login(made) == SUCCESS


PARTS = {
    "by accident": (
        lambda text: text.replace(" 64\n", " 63\n"),
        "/var/lib/asp/store-id is not what we wrote",
        "see that asp.conf names the database that this machine is of",
    ),
    "as it is written": (
        lambda text: pin(text.split()[2], 63),
        "it is another database than the one that was joined",
        "name in asp.conf the database that this machine is of",
    ),
}


@pytest.mark.parametrize("how", PARTS)
def test_nobody_is_looked_for_in_another_part_than_the_database_has_her_in(empty, owner, how):
    one, _ = empty
    made = one.create("alice", "Phone", "--app", "calendar")
    before = one.sandbox.read("/var/lib/asp/store-id")
    change, line, mend = PARTS[how]
    one.sandbox.write("/var/lib/asp/store-id", change(before), mode="600")
    try:
        assert one.login(made) == AUTHINFO_UNAVAIL
        one.log_file.logged(line)
        for words in (["create", "alice", "--label", "Desk"], ["list"], ["revoke", "alice", "--all"]):
            run = one.asp_admin(*words)
            assert (run.code, f"{line}; {mend}" in run.err) == (5, True), run
    finally:
        one.sandbox.write("/var/lib/asp/store-id", before, mode="600")
    assert one.login(made) == SUCCESS
    assert owner.one("SELECT count(*) FROM asp.account") == 1


def test_a_machine_that_has_joined_no_store_says_so_whatever_it_is_asked(empty):
    one, _ = empty
    made = one.create("alice", "Phone", "--app", "calendar")
    one.sandbox.shell("mv /var/lib/asp/store-id /run/store-id").done()
    try:
        line = "/var/lib/asp does not say which database this machine is of; asp-admin store join"
        for words in (["create", "bob", "--label", "Phone"], ["list"], ["list", "alice"], ["revoke", "alice", "--all"]):
            run = one.asp_admin(*words)
            assert (run.code, line in run.err) == (5, True), (words, run)
    finally:
        one.sandbox.shell("mv /run/store-id /var/lib/asp/store-id").done()
    assert one.login(made) == SUCCESS


def test_whoever_creates_at_once_on_two_machines_keeps_within_the_limit(empty):
    """Nothing is locked: who is too late reads again, and finds that there is no room."""
    for node in empty:
        node.configure("limit = 3;")
    try:
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            words = [(empty[n % 2], f"App {n}") for n in range(12)]
            runs = list(pool.map(lambda one: one[0].asp_admin("create", "alice", "--label", one[1], "--quiet"), words))
    finally:
        for node in empty:
            node.configure()
    made = [run.out.strip() for run in runs if run.code == 0]
    assert len(made) == 3, [(run.code, run.err) for run in runs]
    assert {row["id"] for row in empty[0].json("list", "alice")} == {password[:2] for password in made}
    for run in runs:
        assert run.code == 0 or "the limit is 3" in run.err, run


def test_of_two_first_uses_at_once_one_binds(empty):
    one, other = empty
    for _ in range(5):
        made = one.create("alice", "Phone")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            first = pool.submit(one.login, made, "nginx")
            second = pool.submit(other.login, made, "imap")
            assert sorted([first.result(), second.result()]) == sorted([SUCCESS, AUTH_ERR])
        one.asp_admin("remove", "alice").done()


def test_of_64_who_ask_a_database_that_hangs_nobody_waits_long_and_the_next_one_is_served(empty, cluster):
    one, _ = empty
    made = one.create("alice", "Phone", "--app", "calendar")
    host = one.host("www-data")
    with cluster.hung():
        host.begin(*[(made, "nginx")] * 64)
        answers = host.answers()
    assert {answer.code for answer in answers} == {AUTHINFO_UNAVAIL}
    assert max(answer.seconds for answer in answers) < SOON
    wait_until(lambda: one.login(made) == SUCCESS, "it does not go on", seconds=SOON)


def test_the_configuration_may_name_no_database_any_more_and_one_again(empty):
    """A worker writes what it still has of the one before, and the next login is of the other."""
    one, other = empty
    there = one.create("alice", "Phone", "--app", "calendar")
    named, files = one.always, one.always[:-1]

    def configure(always):
        """And it is of a database, or of none."""
        one.always = always
        here, away = "/var/lib/asp/store-id", "/run/store-id"
        one.configure()
        one.sandbox.shell("mv -n $1 $2", *((here, away) if always == files else (away, here)))

    try:
        configure(files)
        here = one.create("alice", "Old phone", "--app", "calendar")
        configure(named)
        assert one.login(there) == SUCCESS
        configure(files)
        for _ in range(16):
            assert one.login(here) == SUCCESS
        assert one.login(there) != SUCCESS
        wait_until(lambda: other.json("list", "alice")[0]["last_used"] is not None, "no use is told")
    finally:
        configure(named)
    assert one.login(there) == SUCCESS
