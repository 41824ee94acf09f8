"""What was revoked, as nodes are told of it: in order, without a gap, and never of something that was not done."""

import datetime

import pytest
from libpq import Refused
from store import new_tag, part_of

DAY = datetime.timedelta(days=1)


@pytest.fixture
def part(owner):
    """One in which nothing has happened."""
    part = owner.one("SELECT min(part) FROM asp.feed WHERE seq = 0")
    assert part is not None
    return part


def end(store, part, name, **more):
    """An event of an account, whatever its part were. Returns the tag."""
    tag = new_tag()
    was = store.one("SELECT tag FROM asp.load($1, $2, '')", part, name)
    assert store.write(name, was, tag, b"text", event="revoked", part=part, **more) == 1
    return tag


def told(store, part, cursor=0):
    return [(event["seq"], event["tag"]) for event in store.since((part, cursor))]


def age(owner, part, numbers, days):
    words = "UPDATE asp.ended SET at = clock_timestamp() - make_interval(days => $3) WHERE part = $1 AND seq = ANY ($2)"
    owner.ask(words, part, numbers, days)


def tidy(admin, part, before=30 * DAY):
    now = admin.one("SELECT clock_timestamp()")
    (row,) = admin.ask("SELECT * FROM asp.tidy($1, $2)", part, now - before)
    return row


def test_an_event_has_all_that_a_hook_is_told(node, admin, name):
    tag = node.make(name)
    revoked = node.change(name, event="revoked", reason="lost")
    assert tag != revoked
    head = node.head(part_of(name))
    (event,) = admin.since((part_of(name), head["seq"]))
    assert datetime.timedelta(0) <= node.load(name)["now"] - event.pop("at") < datetime.timedelta(seconds=60)
    assert event == {
        "part": part_of(name),
        "seq": head["seq"],
        "tag": revoked,
        "name": name,
        "event": "revoked",
        "ids": "a b",
        "labels": "Phone\nLaptop",
        "apps": "mail",
        "services": "imap smtp",
        "reason": "lost",
        "by_whom": "root",
        "via": "page",
    }
    assert head["tag"] == revoked


def test_it_is_there_after_the_account_is_gone(node, admin, name):
    node.make(name)
    removed = new_tag()
    assert node.write(name, node.load(name)["tag"], removed, None, event="revoked") == 1
    (event,) = admin.since((part_of(name), node.head(part_of(name))["seq"]))
    assert (event["tag"], event["name"], event["ids"]) == (removed, name, "a b")


MOST = {
    "event": 64, "ids": 3072, "labels": 263168, "apps": 66560, "services": 66560, "reason": 256, "by_whom": 254, "via": 64,
}


@pytest.mark.parametrize("field, most", MOST.items())
def test_an_event_has_no_more_than_a_hook_can_be_told(node, admin, name, field, most):
    """Every machine reads it, and one that could not would hear of nothing after it."""
    words = {"event": "revoked", "ids": "", "labels": "", "apps": "", "services": "", "reason": "", "by_whom": "", "via": ""}
    part = part_of(name)
    head = node.head(part)

    def revoke(length):
        values = [part, name, None, new_tag(), b"text", [], [], *(words | {field: "x" * length}).values()]
        return node.one(f"SELECT asp.write({', '.join(f'${at + 1}' for at in range(len(values)))})", *values)

    with pytest.raises(Refused) as refused:
        revoke(most + 1)
    assert (refused.value.state, node.head(part)) == ("23514", head)
    assert revoke(most) == 1


def test_an_account_is_no_longer_than_one_of_ours(node, name):
    with pytest.raises(Refused) as refused:
        node.make(name, b"x" * (8 * 1024 * 1024 + 1))
    assert refused.value.state == "23514"


def test_what_revokes_nothing_is_no_event(node, admin, part):
    for event in ("", None):
        assert node.write(f"name{event}", None, new_tag(), b"text", event=event, part=part) == 1
    assert node.head(part)["seq"] == 0
    assert told(admin, part) == []


def test_nor_is_what_was_not_done(node, part):
    end(node, part, "name")
    assert node.write("name", new_tag(), new_tag(), b"text", event="revoked", part=part) == 0
    assert node.head(part)["seq"] == 1


def test_numbers_have_no_gap_and_the_head_has_the_last_ones_tag(node, admin, other, part):
    tags = [end(store, part, name) for store, name in ((node, "a"), (other, "b"), (node, "a"), (other, "a"))]
    node.ask("BEGIN")
    end(node, part, "c")
    node.ask("ROLLBACK")
    tags.append(end(other, part, "c"))
    assert told(admin, part) == list(enumerate(tags, 1))
    assert node.head(part) == {"part": part, "seq": 5, "tag": tags[-1], "floor": 0}


def test_who_comes_second_gets_its_number_when_the_first_is_done(node, admin, other, part):
    """So nobody reads 2 before 1 can be read."""
    node.ask("BEGIN")
    first, second = end(node, part, "a"), new_tag()
    other.connection.send(*other.statement("b", None, second, b"text", event="revoked", part=part))
    assert other.connection.is_busy(0.2)
    assert told(admin, part) == []
    node.ask("COMMIT")
    assert other.connection.result() == [{"write": 1}]
    assert told(admin, part) == [(1, first), (2, second)]


def test_other_parts_wait_for_nobody(node, other, part, owner):
    node.ask("BEGIN")
    end(node, part, "a")
    elsewhere = owner.one("SELECT min(part) FROM asp.feed WHERE seq = 0 AND part <> $1", part)
    end(other, elsewhere, "a")
    node.ask("ROLLBACK")


def test_the_event_at_the_cursor_comes_too(node, admin, part):
    tags = [end(node, part, "name") for _ in range(4)]
    assert told(admin, part, 2) == [(2, tags[1]), (3, tags[2]), (4, tags[3])]
    assert told(admin, part, 4) == [(4, tags[3])]
    assert told(admin, part, 5) == []


def test_a_hundred_of_a_part_come_at_once_of_each_that_is_asked_for(node, admin, part, owner):
    elsewhere = owner.one("SELECT max(part) FROM asp.feed WHERE seq = 0")
    event = "now(), 'name', 'revoked', '', '', '', '', '', '', ''"
    owner.ask(f"INSERT INTO asp.ended SELECT $1, g, g, {event} FROM generate_series(1, 150) g", part)
    owner.ask("UPDATE asp.feed SET seq = 150, tag = 150 WHERE part = $1", part)
    end(node, elsewhere, "name")
    events = admin.since((elsewhere, 0), (part, 0))
    assert [(event["part"], event["seq"]) for event in events] == [
        *((part, number) for number in range(1, 101)), (elsewhere, 1)
    ]
    assert [number for number, _ in told(admin, part, 100)] == list(range(100, 151))


def test_what_is_older_goes_and_the_floor_says_up_to_where(node, admin, owner, part):
    tags = [end(node, part, "name") for _ in range(5)]
    age(owner, part, [1, 2, 3], 31)
    assert tidy(admin, part)["events"] == 3
    assert told(admin, part) == [(4, tags[3]), (5, tags[4])]
    assert node.head(part) == {"part": part, "seq": 5, "tag": tags[4], "floor": 3}
    assert tidy(admin, part)["events"] == 0
    assert node.head(part)["floor"] == 3


def test_the_newest_stays_however_old_it_is(node, admin, owner, part):
    tags = [end(node, part, "name") for _ in range(3)]
    age(owner, part, [1, 2, 3], 400)
    assert tidy(admin, part)["events"] == 2
    assert told(admin, part) == [(3, tags[2])]
    assert node.head(part)["floor"] == 2


def test_nothing_goes_that_comes_after_a_young_one(node, admin, owner, part):
    """A clock was wrong for a while: the floor is a number, and below it is nothing that a node may have to hear of."""
    for _ in range(4):
        end(node, part, "name")
    age(owner, part, [1, 3], 400)
    assert tidy(admin, part)["events"] == 1
    assert [number for number, _ in told(admin, part)] == [2, 3, 4]
    assert node.head(part)["floor"] == 1


def test_a_part_in_which_nothing_happened_is_left_alone(node, admin, part):
    assert tidy(admin, part) == {"events": 0, "accounts": 0, "expiries": 0, "uses": 0}
    assert node.head(part)["floor"] == 0


def test_accounts_that_were_removed_go_but_for_those_of_the_last_day(node, admin, owner, part):
    for name in ("old", "young", "there"):
        node.write(name, None, new_tag(), None if name != "there" else b"text", part=part)
    words = "UPDATE asp.account SET written = clock_timestamp() - interval '25 hours' WHERE part = $1 AND name <> 'young'"
    owner.ask(words, part)
    assert tidy(admin, part, before=-DAY)["accounts"] == 1
    names = admin.ask("SELECT name FROM asp.account WHERE part = $1 ORDER BY 1", part)
    assert [row["name"] for row in names] == ["there", "young"]


def test_uses_of_nobody_go(node, admin, part):
    node.write("there", None, new_tag(), b"text", part=part)
    node.write("removed", None, new_tag(), None, part=part)
    for name in ("there", "removed", "never"):
        node.ask("SELECT asp.record($1, $2, '{a}', '{1}', '{2}', '{imap}', '{h}')", [part], [name])
    assert tidy(admin, part)["uses"] == 2
    assert [row["name"] for row in admin.ask("SELECT name FROM asp.used WHERE part = $1", part)] == ["there"]
