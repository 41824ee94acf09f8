"""Of very many users a database is asked by pages: what list, doctor and watch say of them, and how many statements that
takes."""

import itertools
import re

import pytest
from store import new_tag, part_of
from support.account_text import lines_of_text, sealed
from support.passwords import ALPHABET
from support.wait import wait_until
from test_store_command import CONFIGURATION, cluster, joined, machine, place  # noqa: F401: fixtures

MANY = 2345
# A page is of a thousand; whose store it is, is asked with each, and some more before all.
STATEMENTS = 20
DONE = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1"
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'asp_admin'"
USED = 2_000_000_000


@pytest.fixture
def many(joined):  # noqa: F811
    """Users with two app passwords each, of which alice has used both; and one who was removed."""
    owner = joined.cluster.connect(database=joined.database)
    for label in ("Laptop", "Phone"):
        joined.create("alice", label, "--app", "mail")
    joined.create("removed")
    joined.asp_admin("remove", "removed").done()
    first, *lines = lines_of_text(bytes(owner.one("SELECT body FROM asp.account WHERE name = 'alice'")).decode())
    names = [f"user{number:06}" for number in range(MANY)]
    owner.ask(
        "INSERT INTO asp.account (part, name, tag, past, body) SELECT part, name, tag, ARRAY[tag], body"
        " FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::bytea[]) AS made(part, name, tag, body)",
        [part_of(name) for name in names],
        names,
        [new_tag() for _ in names],
        [sealed([first.replace("alice", name), *lines]) for name in names],
    )
    for number, entry in enumerate(joined.asp_admin("list", "alice", "--json").document(0)):
        words = "INSERT INTO asp.used SELECT $1::smallint, 'alice', $2, extract(epoch FROM $3::timestamptz), $4, 'imap', ''"
        owner.ask(words, part_of("alice"), entry["id"], entry["created"], USED + number)
    joined.names = ["alice", *names]
    return joined


def statements(machine, ask):  # noqa: F811
    """What came of it, and how many the database was asked for; a server counts those of a process when that is gone."""
    maintained = machine.cluster.connect()
    wait_until(lambda: maintained.one(CONNECTED) == 0, "asp-admin is still connected")
    before = maintained.one(DONE, machine.database)
    run = ask()
    wait_until(lambda: maintained.one(CONNECTED) == 0, "asp-admin is still connected")
    return run, maintained.one(DONE, machine.database) - before


def test_all_users_are_listed_by_pages(many):
    run, asked = statements(many, lambda: many.asp_admin("list", "--json"))
    said = [(row["user"], row["active"], row["revoked"], row["last_used"]) for row in run.document(0)]
    assert said[0] == ("alice", 2, 0, "2033-05-18T03:33:21Z")
    assert said[1:] == [(name, 2, 0, None) for name in many.names[1:]]
    assert 0 < asked <= STATEMENTS


@pytest.mark.parametrize("aside", [-1, 1])
def test_what_is_in_a_part_that_is_not_its_own_is_found_by_nobody(joined, aside):  # noqa: F811
    """store check says that it is there. It lies beside the one that is found."""
    owner = joined.cluster.connect(database=joined.database)
    name = next(name for name in map("user{}".format, itertools.count()) if 0 < part_of(name) < 63)
    joined.create(name)
    owner.ask("UPDATE asp.account SET part = part + $1::smallint", aside)
    assert joined.asp_admin("list", "--json").document(0) == []
    joined.create(name)
    joined.create(name, "Laptop")
    assert [(row["user"], row["active"]) for row in joined.asp_admin("list", "--json").document(0)] == [(name, 2)]


LARGE = {("list",): "(user[0-9]+) in the database: it is damaged", ("store", "check"): "FAULT  (user[0-9]+): it is damaged"}


@pytest.mark.parametrize("words", LARGE, ids=" ".join)
def test_of_large_accounts_there_are_fewer_in_a_page(joined, words):  # noqa: F811
    """As large as there may be, and many of them, for who has room for a few."""
    owner = joined.cluster.connect(database=joined.database)
    names = [f"user{number:02}" for number in range(16)]
    owner.ask(
        "INSERT INTO asp.account (part, name, tag, past, body)"
        " SELECT part, name, tag, ARRAY[tag], convert_to(repeat('x', $4), 'UTF8')"
        " FROM unnest($1::smallint[], $2::text[], $3::bigint[]) AS made(part, name, tag)",
        [part_of(name) for name in names],
        names,
        [new_tag() for _ in names],
        8 << 20,
    )
    run = joined.sandbox.run("prlimit", f"--data={64 << 20}", joined.admin, *words)
    assert sorted(re.findall(LARGE[words], run.out + run.err)) == names, run


def test_of_accounts_with_many_uses_there_are_fewer_in_a_page(many):
    """As many as there may be."""
    owner = many.cluster.connect(database=many.database)
    ids = [first + second for first in ALPHABET for second in ALPHABET]
    some = many.names[1:301]
    owner.ask(
        "INSERT INTO asp.used SELECT part, name, id, 1, 2, $4, $5"
        " FROM unnest($1::smallint[], $2::text[]) AS made(part, name), unnest($3::text[]) id",
        [part_of(name) for name in some],
        some,
        ids,
        "s" * 64,
        "h" * 160,
    )
    run = many.sandbox.run("prlimit", f"--data={48 << 20}", many.admin, "list", "--json")
    assert [row["user"] for row in run.document(0)] == many.names


def test_doctor_reads_all_accounts_by_pages(many):
    run, asked = statements(many, lambda: many.asp_admin("doctor", "--json"))
    (row,) = [row for row in run.document(run.code) if row["check"] == "accounts"]
    assert (row["ok"], row["message"]) == (True, f"{MANY + 1} users, each account can be read")
    assert 0 < asked <= 2 * STATEMENTS


def test_watch_compares_all_accounts_by_pages(many):
    by_shadow = '"shadow"; realm = "mail"'
    many.configure(CONFIGURATION.format(folder=many.cluster.folder, name=many.database).replace('"none"', by_shadow))
    many.asp_admin("watch", "--once").done()
    many.set_primary("alice", "another one")
    run, asked = statements(many, lambda: many.asp_admin("watch", "--once"))
    assert run.done().out == f"{MANY + 1} accounts: 1 changed, 2 app passwords revoked, 0 unknown, 0 held back\n"
    assert 0 < asked <= STATEMENTS + 4  # all accounts once, and what is revoked


def test_where_nothing_is_compared_watch_counts_accounts_and_reads_none(joined):  # noqa: F811
    joined.create("alice")
    joined.cluster.connect(database=joined.database).ask("REVOKE SELECT ON asp.used FROM asp_admin")
    joined.asp_admin("list").refused(5)
    run = joined.asp_admin("watch", "--once").done()
    assert run.out.startswith("1 account: "), run
