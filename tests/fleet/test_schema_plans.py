"""With ten thousand accounts nothing that a login or a node asks for is looked for from one end to the other."""

import re

import pytest
from store import part_of

COUNT = 10_000


@pytest.fixture(scope="module")
def filled(owner):
    """Accounts with a use, an expiry and an event each; and what the database knows of them."""
    names = [f"user{at}" for at in range(COUNT)]
    parts = [part_of(name) for name in names]
    given = "unnest($1::smallint[], $2::text[]) WITH ORDINALITY g(part, name, at)"
    owner.ask(f"CREATE TEMPORARY TABLE given AS SELECT * FROM {given}", parts, names)
    event = "now(), name, 'revoked', 'a', '', '', '', '', '', ''"
    for words in (
        "account SELECT part, name, at, ARRAY[at], now(), repeat('x', 1000)::bytea FROM given",
        "used SELECT part, name, 'a', 1, 2, 'imap', '' FROM given",
        "expiry SELECT part, name, 'a', '2099-01-01'::timestamptz + at * interval '1 s' FROM given",
        f"ended SELECT part, row_number() OVER (PARTITION BY part), at, {event} FROM given",
    ):
        owner.ask(f"INSERT INTO asp.{words}")
    owner.ask("UPDATE asp.feed f SET seq = (SELECT max(seq) FROM asp.ended e WHERE e.part = f.part)")
    # And not of those of one row, which are never looked at by themselves.
    owner.ask("ANALYZE asp.account, asp.used, asp.expiry, asp.ended, asp.feed")
    owner.ask("LOAD 'auto_explain'")
    for name, value in (("log_min_duration", "0"), ("log_nested_statements", "on"), ("log_level", "notice")):
        owner.ask(f"SET auto_explain.{name} = '{value}'")
    return owner


def plans(store, *statement):
    """How it is done, once the plan is one that is kept: the last of some turns."""
    for _ in range(8):
        store.connection.notices.clear()
        store.ask(*statement)
    return "\n".join(store.connection.notices)


STATEMENTS = {
    "load": ("SELECT * FROM asp.load($1, $2, $3)", part_of("user77"), "user77", "a"),
    "uses": ("SELECT * FROM asp.uses($1, $2)", part_of("user77"), "user77"),
    "since": ("SELECT * FROM asp.since($1, $2)", list(range(64)), [100] * 64),
    "expiring": ("SELECT * FROM asp.expiring($1, $2)", "2099-01-01 00:10:00+00", "2099-01-01 00:10:01+00"),
    "record": ("SELECT asp.record($1, $2, '{a}', '{1}', '{3}', '{imap}', '{h}')", [part_of("user77")], ["user77"]),
    "write": (
        "SELECT asp.write($1, $2, a.tag, a.tag + 1000000, '', '{b}', '{2098-01-01}', 'revoked', '', '', '', '', '', '', '')"
        " FROM asp.account a WHERE a.part = $1 AND a.name = $2",
        part_of("user77"),
        "user77",
    ),
}


@pytest.mark.parametrize("function", STATEMENTS)
def test_no_table_that_grows_is_read_whole(filled, function):
    plan = plans(filled, *STATEMENTS[function])
    assert "Query Text" in plan
    found = [table for table in ("account", "used", "expiry", "ended") if f"Seq Scan on {table} " in plan]
    assert found == [], plan
    # From some cost on, 100000 as it is shipped, the server compiles a query, which takes it many milliseconds.
    assert max(float(cost) for cost in re.findall(r"\(cost=[0-9.]+\.\.([0-9.]+) ", plan)) < 10_000, plan


def test_a_table_that_is_read_whole_would_be_seen(filled):
    assert "Seq Scan on account " in plans(filled, "SELECT count(body) FROM asp.account")
