"""remove says what has gone, and on a terminal asks before it does."""

import types

import pytest
from support.documents import DAY
from support.terminal import terminal

HERE = types.SimpleNamespace(prefix=())


@pytest.fixture
def five(site, clock):
    """Five of Alice's, two of which work."""
    site.create("alice", "Unused", "--unused", "1d", env=clock(-2 * DAY))
    site.create("alice", "Expired", "--expires", "1d", env=clock(-2 * DAY))
    gone = site.create("alice", "Old")["id"]
    site.run("revoke", "alice", gone).done()
    for label in ("Phone", "Laptop"):
        site.create("alice", label)
    return site


def test_what_has_gone_is_counted(five):
    assert five.run("remove", "alice").done().out == "removed alice: 5 app passwords, 2 of them active\n"
    five.create("alice", "Phone")
    assert five.run("remove", "alice").done().out == "removed alice: 1 app password, 1 of them active\n"
    id = five.create("alice", "Phone")["id"]
    five.run("revoke", "alice", id).done()
    assert five.run("remove", "alice").done().out == "removed alice: 1 app password, 0 of them active\n"
    five.configure("virtual_users = true;", "history = 0;")
    id = five.create("alice", "Phone")["id"]
    five.run("revoke", "alice", id).done()
    assert five.run("remove", "alice").done().out == "removed alice: 0 app passwords, 0 of them active\n"


def test_the_document_counts_too(five):
    assert five.json("remove", "alice") == {"user": "alice", "removed": True, "entries": 5, "active": 2}


def test_of_what_cannot_be_read_nothing_is_counted(five):
    five.put("alice", b"damaged\n")
    assert five.run("remove", "alice").done().out == "removed alice: what was stored could not be read\n"


def at_terminal(site, *words):
    return terminal(HERE, *site.argv(*words))


@pytest.mark.parametrize("answer", ["", "no", "yess", " y"])
def test_on_a_terminal_it_is_asked_and_anything_but_yes_leaves_all(five, answer):
    before = five.entries()
    with at_terminal(five, "remove", "alice") as screen:
        assert screen.until("alice has 5 app passwords, 2 of them active; all that is stored .* goes, for good")
        assert screen.until(r"Remove it all\? \[y/N\] $")
        screen.answer(answer)
        assert screen.until("nothing was removed")
        assert screen.process.wait() == 1
    assert five.entries() == before


@pytest.mark.parametrize("answer", ["y", "YES"])
def test_with_a_yes_it_goes(five, answer):
    with at_terminal(five, "remove", "alice") as screen:
        assert screen.until(r"\[y/N\] $")
        screen.answer(answer)
        assert screen.until("removed alice: 5 app passwords, 2 of them active")
        assert screen.process.wait() == 0
    assert five.json("list") == []


def test_one_that_cannot_be_read_is_asked_for_as_well(five):
    five.put("alice", b"damaged\n")
    with at_terminal(five, "remove", "alice") as screen:
        assert screen.until(r"what is stored of alice cannot be read; it goes, for good")
        screen.answer("n")
        assert screen.process.wait() == 1
    assert five.text("alice") == "damaged\n"


def test_nobody_is_asked_for_what_is_not_there(site):
    site.create("bob", "Phone")
    with at_terminal(site, "remove", "alice") as screen:
        assert screen.until("alice has no app passwords")
        assert screen.process.wait() == 3


def test_nobody_is_asked_who_cannot_see_it(five):
    """Standard error is a pipe here."""
    assert five.terminal("remove", "alice").done().out.startswith("removed alice: 5 app passwords")
