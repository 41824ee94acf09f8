"""A store is filled from a copy, and one that was left takes no writes."""

import datetime

import pytest
from libpq import Refused
from store import new_tag, part_of
from support.wait import LONG

THEN = datetime.datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.timezone.utc)
LATER = datetime.datetime(2099, 1, 1, tzinfo=datetime.timezone.utc)


def put(admin, *accounts):
    """Each: name, text, when it was written, and its expiries."""
    rows = [(part_of(name), name, new_tag(), body, written) for name, body, written, _ in accounts]
    expiries = [(part_of(name), name, *expiry) for name, _, _, all_ in accounts for expiry in all_.items()]
    columns = [list(column) for column in zip(*rows)] + ([list(column) for column in zip(*expiries)] or [[]] * 4)
    return admin.one("SELECT asp.put($1, $2, $3, $4, $5, $6, $7, $8, $9)", *columns)


def kept(node, name):
    row = node.load(name)
    return row["body"], row["written"]


def expiries(admin, name):
    return {row["id"]: row["at"] for row in admin.ask("SELECT id, at FROM asp.expiry WHERE name = $1", name)}


def test_what_is_put_is_there_as_it_was(admin, node, name):
    body = bytes(range(256)) * 100
    accounts = [(f"{name}.{at}", body + b"%d" % at, THEN, {"a": LATER} if at % 2 else {}) for at in range(100)]
    assert put(admin, *accounts) == 100
    for one, text, written, times in accounts:
        assert kept(node, one) == (text, written)
        assert expiries(admin, one) == times


def test_put_again_it_is_the_same_and_not_written(admin, node, name):
    account = (name, b"text", THEN, {"a": LATER})
    assert put(admin, account) == 1
    tag = node.load(name)["tag"]
    assert put(admin, account) == 0
    assert node.load(name)["tag"] == tag
    assert expiries(admin, name) == {"a": LATER}


def test_what_was_there_is_written_over(admin, node, name):
    read = node.make(name, b"old", expires={"a": LATER, "b": LATER})
    assert put(admin, (name, b"new", THEN, {"b": LATER})) == 1
    assert kept(node, name) == (b"new", THEN)
    assert expiries(admin, name) == {"b": LATER}
    assert node.write(name, read, new_tag(), b"old, changed") == 0


def test_what_was_removed_too(admin, node, name):
    node.make(name)
    node.change(name, None)
    assert put(admin, (name, b"new", THEN, {})) == 1
    assert kept(node, name) == (b"new", THEN)


def test_a_store_that_has_moved_says_so_and_takes_no_write(admin, node, name):
    read = node.make(name, b"text")
    admin.ask("SELECT asp.close_store(0)")
    try:
        row = node.load(name)
        assert (row["oldest"], row["body"]) == (0, b"text")
        assert node.write(name, read, new_tag(), b"another") == 0
        assert node.write(name, read, new_tag(), None, event="revoked") == 0
        assert node.write(f"{name}.new", None, new_tag(), b"text") == 0
        # What was done before is.
        assert node.write(name, None, read, b"text") == 1
        assert kept(node, name)[0] == b"text"
        # It can be filled again.
        assert put(admin, (f"{name}.put", b"text", THEN, {})) == 1
    finally:
        admin.ask("SELECT asp.close_store(1)")
    assert node.write(name, read, new_tag(), b"another") == 1


def test_it_is_closed_when_those_who_write_have_written(admin, node, other, owner, name):
    read = node.make(name, b"first")
    node.ask("BEGIN")
    assert node.write(name, read, new_tag(), b"second") == 1
    admin.connection.send("SELECT asp.close_store(0)")
    try:
        assert admin.connection.is_busy(0.2)
        # Who comes meanwhile waits behind it, but no login does.
        other.connection.send(*other.statement(f"{name}.other", None, new_tag(), b"text"))
        assert other.connection.is_busy(0.2)
        owner.connection.send("SELECT oldest FROM asp.load($1, $2, '')", part_of(name), name)
        assert not owner.connection.is_busy(LONG)
        assert owner.connection.result() == [{"oldest": 1}]
        node.ask("COMMIT")
        admin.connection.result()
        assert other.connection.result() == [{"write": 0}]
        assert kept(node, name)[0] == b"second"
    finally:
        admin.ask("SELECT asp.close_store(1)")


def test_what_it_was_before_is_kept_while_it_is_closed(admin, owner):
    owner.ask("UPDATE asp.store SET schema = 2, oldest = 2")
    try:
        for _ in range(2):
            admin.ask("SELECT asp.close_store(0)")
            assert owner.ask("SELECT oldest, before FROM asp.store") == [{"oldest": 0, "before": 2}]
    finally:
        owner.ask("UPDATE asp.store SET schema = 1, oldest = 1, before = 1")


@pytest.mark.parametrize("oldest", [-1, 2])
def test_what_no_node_could_know_is_refused(admin, oldest):
    with pytest.raises(Refused) as refused:
        admin.ask("SELECT asp.close_store($1)", oldest)
    assert refused.value.state == "23514"
