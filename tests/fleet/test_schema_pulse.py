"""The pulse of the store, and what one node alone may do at a time."""

import datetime

import pytest
from support.wait import wait_until

SECOND = datetime.timedelta(seconds=1)


def pulse(admin):
    return admin.one("SELECT at FROM asp.pulse")


def set_pulse(owner, words):
    owner.ask(f"UPDATE asp.pulse SET at = clock_timestamp() + interval '{words}'")
    return pulse(owner)


def test_it_beats_once_a_second_for_all(node, other, admin, owner):
    before = set_pulse(owner, "-2 seconds")
    for store in (node, other, node):
        store.ask("SELECT asp.beat()")
    first = pulse(admin)
    assert before < first <= node.load("x")["now"]

    def beaten_while_young():
        """When it was, and when it was after another beat; None where that came too late to show anything."""
        at = set_pulse(owner, "0 seconds")
        other.ask("SELECT asp.beat()")
        return (at, pulse(admin)) if node.load("x")["now"] < at + SECOND else None

    at, after = wait_until(beaten_while_young)
    assert after == at


def test_a_login_sees_how_long_ago_it_was(node, owner):
    set_pulse(owner, "-7 seconds")
    assert 7000 <= node.load("x")["pulse_age"] < 67_000
    set_pulse(owner, "1 hour")
    assert -3_600_000 <= node.load("x")["pulse_age"] < -3_500_000


def test_one_in_the_future_is_not_believed(node, admin, owner):
    """After a fail-over to a clock that is behind it looked fresh, for as long, whatever came to the primary."""
    future = set_pulse(owner, "1 hour")
    node.ask("SELECT asp.beat()")
    assert pulse(admin) < future - 1800 * SECOND


def test_nobody_waits_for_one_that_hangs(node, other, admin, owner):
    """It waits for a standby, and its row is locked."""
    set_pulse(owner, "-2 seconds")
    node.ask("BEGIN; SELECT asp.beat()")
    before = pulse(admin)
    other.ask("SET lock_timeout = '50ms'; SELECT asp.beat()")
    assert pulse(admin) == before
    assert other.load("x")["pulse_age"] >= 2000
    node.ask("COMMIT")
    assert pulse(admin) > before
    other.ask("RESET lock_timeout")


def test_it_is_on_the_standbys(owner):
    owner.ask("BEGIN; SET LOCAL synchronous_commit = 'off'; SELECT asp.beat()")
    assert owner.one("SHOW synchronous_commit") == "on"
    owner.ask("ROLLBACK")


# Leases


def lapse(owner, what):
    owner.ask("UPDATE asp.lease SET until = clock_timestamp() - interval '1 s' WHERE what = $1", what)


def test_a_lease_is_ones_and_can_be_prolonged(admin, another, node, name):
    assert admin.lease(name, "n1", 90)
    assert not another.lease(name, "n2", 90)
    first = admin.one("SELECT until FROM asp.lease WHERE what = $1", name)
    assert 0 < (first - node.load("x")["now"]).total_seconds() <= 90
    assert admin.lease(name, "n1", 90)
    assert admin.one("SELECT until FROM asp.lease WHERE what = $1", name) > first


def test_who_comes_after_its_end_has_it(admin, another, owner, name):
    assert admin.lease(name, "n1", 90)
    lapse(owner, name)
    assert another.lease(name, "n2", 90)
    assert not admin.lease(name, "n1", 90)


def test_who_gives_it_up_leaves_it_to_others(admin, another, name):
    assert admin.lease(name, "n1", 90)
    assert not another.lease(name, "n2", 0)
    assert not another.lease(name, "n2", 90)
    assert admin.lease(name, "n1", 0)
    assert another.lease(name, "n2", 90)


def test_one_that_ends_later_than_any_could_is_free(admin, another, owner, name):
    """The clock was ahead when it was taken."""
    assert admin.lease(name, "n1", 90)
    owner.ask("UPDATE asp.lease SET until = clock_timestamp() + interval '1 day' WHERE what = $1", name)
    assert another.lease(name, "n2", 90)


@pytest.mark.parametrize("lapsed", [False, True])
def test_of_two_who_take_it_at_once_one_has_it(admin, another, owner, name, lapsed):
    if lapsed:
        assert admin.lease(name, "n0", 90)
        lapse(owner, name)
    admin.ask("BEGIN")
    assert admin.lease(name, "n1", 90)
    another.connection.send("SELECT mine, held_by FROM asp.take_lease($1, $2, $3)", name, "n2", 90)
    assert another.connection.is_busy(0.2)
    admin.ask("COMMIT")
    assert another.connection.result() == [{"mine": False, "held_by": "n1"}]


def test_who_does_not_get_it_is_told_whose_it_is_and_for_how_long_and_writes_nothing(admin, another, owner, name):
    assert admin.lease(name, "n1", 90)
    row = "SELECT xmin::text, xmax::text, holder, until FROM asp.lease WHERE what = $1"
    before = owner.ask(row, name)
    (told,) = another.ask("SELECT * FROM asp.take_lease($1, $2, $3)", name, "n2", 90)
    assert (told["mine"], told["held_by"]) == (False, "n1")
    assert 0 < told["left_ms"] <= 90_000
    assert owner.ask(row, name) == before


def test_leases_of_other_things_are_others(admin, another, name):
    assert admin.lease(name, "n1", 90)
    assert another.lease(f"{name}.other", "n2", 90)
