"""Last uses, which may come late, twice and from many nodes; and what expires."""

import datetime
import itertools

import pytest
from libpq import Refused
from store import new_tag, part_of

SECOND = datetime.timedelta(seconds=1)
FIRST = ("a", 1000, 2000, "imap", "192.0.2.1")


def test_the_later_use_stays(node, name):
    later = ("a", 1000, 2001, "smtp", "192.0.2.2")
    node.record((name, *FIRST))
    node.record((name, *later))
    assert node.used(name, "a") == later[1:]
    node.record((name, *FIRST))
    assert node.used(name, "a") == later[1:]


def test_of_another_entry_with_the_same_id_it_is_not(node, name):
    """What was made later has the id now, however long ago it was used."""
    newer = ("a", 1500, 1600, "smtp", "")
    node.record((name, *FIRST))
    node.record((name, *newer))
    assert node.used(name, "a") == newer[1:]
    node.record((name, "a", 1000, 9000, "imap", ""))
    assert node.used(name, "a") == newer[1:]


def test_whatever_the_order_the_same_stays(node, name):
    """Also of uses in the same second."""
    uses = [("a", 1000, 2000, *where) for where in (("imap", "x"), ("smtp", "x"), ("smtp", "y"))]
    uses.append(("a", 999, 2001, "z", "z"))
    for at, order in enumerate(itertools.permutations(uses)):
        for use in order:
            node.record((f"{name}.{at}", *use))
        assert node.used(f"{name}.{at}", "a") == (1000, 2000, "smtp", "y")


def test_two_of_one_entry_in_a_batch_are_one(node, name):
    later = (name, "a", 1000, 2001, "smtp", "")
    node.record((name, *FIRST), later, (name, "b", 1, 2, "imap", ""), (name, *FIRST))
    assert node.used(name, "a") == later[2:]
    assert node.used(name, "b") == (1, 2, "imap", "")


def test_a_clock_that_is_ahead_is_not_believed(node, name):
    """Else it would be the last use for as long."""
    now = int(node.load(name)["now"].timestamp())
    node.record((name, "a", 1000, now + 86400, "imap", ""), (name, "a", 1000, now + 90000, "smtp", ""))
    assert now <= node.used(name, "a")[1] <= int(node.load(name)["now"].timestamp())


def test_nothing_to_record_is_no_error(node):
    assert node.ask("SELECT asp.record('{}', '{}', '{}', '{}', '{}', '{}', '{}')")


@pytest.mark.parametrize(
    "entry, service, host",
    [("abc", "", ""), ("A", "", ""), ("", "", ""), ("a\n", "", ""), ("a", "s" * 65, ""), ("a", "", "h" * 161)],
)
def test_a_use_is_no_longer_than_one_of_ours(node, name, entry, service, host):
    """Whoever lists accounts reads all uses of them."""
    with pytest.raises(Refused) as refused:
        node.record((name, entry, 1000, 2000, service, host))
    assert refused.value.state == "23514"
    node.record((name, "zz", 1000, 2000, "s" * 64, "h" * 160))
    assert node.used(name, "zz") == (1000, 2000, "s" * 64, "h" * 160)


def test_two_batches_with_the_same_entries_wait_for_each_other_and_in_no_circle(node, other, name):
    names = [f"{name}.{at}" for at in range(20)]
    for turn in range(5):
        node.ask("BEGIN")
        node.record(*((one, "a", 1000, 2000 + turn, "imap", "") for one in names))
        back = [(one, "a", 1000, 3000 + turn, "imap", "") for one in reversed(names)]
        columns = [list(column) for column in zip(*((part_of(use[0]), *use) for use in back))]
        other.connection.send("SELECT asp.record($1, $2, $3, $4, $5, $6, $7)", *columns)
        assert other.connection.is_busy(0.05)
        node.ask("COMMIT")
        other.connection.result()
        assert node.used(names[0], "a")[1] == 3000 + turn


def test_it_is_not_waited_for_a_disk_and_what_is_written_is(owner, name):
    owner.ask("BEGIN")
    owner.record((name, *FIRST))
    assert owner.one("SHOW synchronous_commit") == "off"
    owner.ask("COMMIT")
    assert owner.one("SHOW synchronous_commit") == "on"


def test_uses_begin_when_the_store_does_and_anew_when_root_says_so(admin, node, name):
    row = node.load(name)
    assert row["uses_since"] < row["now"]
    admin.ask("SELECT asp.begin_uses()")
    assert row["now"] < node.load(name)["uses_since"] < node.load(name)["now"]


# Expiries. Each test has a year of its own.


@pytest.fixture
def year(owner):
    last = owner.one("SELECT max(extract(year FROM at))::int FROM asp.expiry") or 2100
    return datetime.datetime(last + 1, 1, 1, tzinfo=datetime.timezone.utc)


def expiring(admin, *words):
    rows = admin.ask(f"SELECT * FROM asp.expiring({', '.join(f'${at + 1}' for at in range(len(words)))})", *words)
    return [(row["name"], row["id"], row["at"]) for row in rows]


def test_what_expires_after_and_up_to_is_told(node, admin, name, year):
    times = {letter: year + at * SECOND for at, letter in enumerate("abcd")}
    node.make(name, expires=times)
    assert expiring(admin, year, year + 2 * SECOND) == [(name, "b", times["b"]), (name, "c", times["c"])]
    assert expiring(admin, year - SECOND, year) == [(name, "a", year)]
    assert expiring(admin, year + 3 * SECOND, year + 9 * SECOND) == []


def test_a_write_says_all_that_is_to_come(node, admin, name, year):
    """Also what is sooner than what came before it, and none that it does not name."""
    node.make(name, expires={"a": year + 5 * SECOND, "b": year + 6 * SECOND})
    node.change(name, expires={"b": year + 6 * SECOND, "c": year + SECOND})
    node.change(name, expires={"b": year + 2 * SECOND, "c": year + SECOND})
    assert expiring(admin, year, year + 9 * SECOND) == [(name, "c", year + SECOND), (name, "b", year + 2 * SECOND)]
    node.change(name)
    assert expiring(admin, year, year + 9 * SECOND) == []


def test_a_write_that_is_not_done_says_nothing(node, admin, name, year):
    node.make(name, expires={"a": year + SECOND})
    assert node.write(name, new_tag(), new_tag(), b"text", expires={"b": year + SECOND}) == 0
    assert expiring(admin, year, year + 9 * SECOND) == [(name, "a", year + SECOND)]


def test_of_what_has_expired_a_node_is_told_whatever_is_written_after(node, admin, owner, name):
    """One that asks a second later, or was away for an hour."""
    node.make(name, expires={"a": datetime.datetime(2099, 1, 1, tzinfo=datetime.timezone.utc)})
    at = owner.one("UPDATE asp.expiry SET at = date_trunc('second', clock_timestamp()) - interval '2 hours' WHERE name = $1 RETURNING at", name)
    node.change(name)
    assert expiring(admin, at - SECOND, at) == [(name, "a", at)]
    node.change(name, None)
    assert expiring(admin, at - SECOND, at) == [(name, "a", at)]
    (row,) = admin.ask("SELECT * FROM asp.tidy($1, $2)", part_of(name), at + SECOND)
    assert row["expiries"] == 1
    assert expiring(admin, at - SECOND, at) == []


def test_tidying_leaves_what_is_to_come(node, admin, name, year):
    node.make(name, expires={"a": year})
    admin.ask("SELECT * FROM asp.tidy($1, $2)", part_of(name), year + SECOND)
    assert expiring(admin, year - SECOND, year) == [(name, "a", year)]


def test_of_many_at_one_moment_a_thousand_come_and_then_the_rest(admin, owner, year):
    owner.ask("INSERT INTO asp.expiry SELECT g % 64, 'many' || g / 2, g % 2, $1 FROM generate_series(1, 2500) g", year)
    pages = [expiring(admin, year - SECOND, year)]
    while len(pages) < 3:
        name, entry, at = pages[-1][-1]
        part = owner.one("SELECT part FROM asp.expiry WHERE name = $1 AND id = $2", name, entry)
        pages.append(expiring(admin, at, year, part, name, entry))
    assert [len(page) for page in pages] == [1000, 1000, 500]
    assert len(set().union(*pages)) == 2500


@pytest.mark.parametrize(
    "entry, at, state",
    [
        pytest.param("a", None, "23502", id="no_time"),
        pytest.param("a", "2099-01-01 00:00:06.3+00", "23514", id="no_whole_second"),
        pytest.param("abc", "2099-01-01 00:00:06+00", "23514", id="no_id"),
    ],
)
def test_an_expiry_that_no_node_could_be_told_of_is_refused(node, name, entry, at, state):
    with pytest.raises(Refused) as refused:
        node.make(name, expires={entry: at})
    assert refused.value.state == state
    assert node.load(name)["tag"] is None
