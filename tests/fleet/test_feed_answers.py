"""What a watch makes of each answer of the database about what was revoked: it hears each revocation, one after the other, and
goes on from there; what is no such answer is heard by nobody."""

import re

import pytest
from machine import Node
from store import pin
from store_server import STORE, StoreServer, loaded, number, told
from support.account_text import lines_of_text, sealed
from watched import FEED, Hooked

LINES = ("virtual_users = true;", 'primary: { source = "none"; };')
PARTS, PART = 64, 5
NOW, HOUR = 1800000000, 3600
OTHER = STORE.replace("0", "f")
NOT_OURS = "what is in the database is no store of ours"


def head(part, seq=0, tag=0, floor=0, store=STORE, now=NOW):
    return number(part, "h"), number(seq), number(tag), number(floor), store, number(now)


def event(seq, id=None, tag=None, name="alice"):
    """Of a revocation, whose tag is ten times its number; by which id it is known. Without one no hook is run."""
    numbers = (number(one) for one in (seq, 10 * seq if tag is None else tag, NOW - 60))
    return *numbers, name, f"a{seq % 10}" if id is None else id, "Phone", "mail", "imap", "admin", "root", ""


class Hearing(Hooked, Node):
    """A machine whose database is a server that says what it is told to say."""

    def __init__(self, layer, build, server):
        super().__init__(layer, build, server, "asp", *LINES, store=STORE, wait=5000, fence=0)
        self.server = server

    def says(self, **answers):
        """By statement."""
        self.server.says.update({name: [said] if isinstance(said, bytes) else said for name, said in answers.items()})

    def is_at(self, seq, tag=None, floor=0, now=NOW):
        """The database is, in one part; in the others nothing was ever revoked."""
        tag = 10 * seq if tag is None else tag
        rows = [head(part, now=now) for part in range(PARTS) if part != PART]
        self.says(heads=told(6, *rows, head(PART, seq, tag, floor, now=now)))

    def again(self):
        """It has heard of seven revocations, and there was no other."""
        self.sandbox.shell(f"rm -f {FEED} /run/hook-runs").done()
        self.sandbox.write("/var/lib/asp/store-id", pin(STORE), mode="600")
        self.hook()
        self.says(load=loaded(), names=told(2), accounts=told(10), expiring=told(4), before=told(2), since=told(11))
        self.is_at(7)
        self.look().done()
        self.log_file.settle()
        self.log_file.forget()
        self.server.heard.clear()
        self.server.asked.clear()

    def look(self):
        return self.asp_admin("watch", "--once")

    def asked(self, statement):
        """By which values, each time."""
        return [
            tuple(value.decode() for value in values)
            for name, values in zip(self.server.heard, self.server.asked)
            if name == statement
        ]

    def place(self):
        """How far it has heard: of which store, until when, and the number and tag of that part."""
        first, *parts = lines_of_text(self.sandbox.read(FEED))
        _, _, store, count, looked = first.split()
        assert (len(parts), int(count)) == (PARTS, PARTS)
        assert [line for at, line in enumerate(parts) if at != PART] == [f"{at} 0 0" for at in range(PARTS) if at != PART]
        return store, int(looked), tuple(map(int, parts[PART].split()[1:]))

    def notes(self):
        self.log_file.settle()
        return [re.sub("^.*watch: ", "", line) for line in self.log_file.new() if "watch: " in line]


@pytest.fixture(scope="module")
def server():
    with StoreServer() as made:
        yield made


@pytest.fixture(scope="module")
def hearing(layer, build, sandboxes, server):
    machine = Hearing(layer, build, server)
    yield machine
    machine.close()


@pytest.fixture
def machine(hearing):
    hearing.again()
    return hearing


def test_who_begins_hears_what_comes_from_then_on(machine):
    assert machine.place() == (STORE, NOW, (7, 70))
    machine.look().done()
    assert machine.asked("since") == [] and machine.runs() == []


def test_what_comes_is_heard_once_and_kept(machine):
    machine.is_at(9)
    machine.says(since=told(11, event(7), event(8), event(9)))
    machine.look().done()
    assert machine.asked("since") == [(str(PART), "7")]
    assert machine.told() == ["a8", "a9"]
    assert machine.place() == (STORE, NOW, (9, 90))
    machine.look().done()
    assert len(machine.asked("since")) == 1 and len(machine.runs()) == 2
    assert machine.notes() == []


def events(first, last, ids):
    """Of which some have an id."""
    return [event(seq, ids.get(seq, "")) for seq in range(first, last + 1)]


def test_some_of_each_part_are_heard_in_turn_up_to_where_it_is(machine):
    ids = {15: "b1", 23: "b2", 27: "b3"}
    others = [head(part) for part in range(PARTS) if part not in (PART, PART + 1)]
    machine.says(heads=told(6, *others, head(PART, 27, 270), head(PART + 1, 2, 20)))
    ours = [told(11, *events(first, 27, ids)) for first in (7, 15, 23)]
    machine.says(since=[ours[0], told(11, event(1, "c1"), event(2, "c2")), *ours[1:]])
    machine.look().done()
    assert machine.asked("since") == [(str(PART), "7"), (str(PART + 1), "0"), (str(PART), "15"), (str(PART), "23")]
    assert machine.told() == ["b1", "c1", "c2", "b2", "b3"]
    assert {f"{PART} 27 270", f"{PART + 1} 2 20"} <= set(lines_of_text(machine.sandbox.read(FEED)))


def test_what_comes_while_it_is_looked_is_for_the_next_look(machine):
    machine.is_at(8)
    machine.says(since=[told(11, event(7), event(8), event(9)), told(11, event(8), event(9))])
    machine.look().done()
    assert machine.told() == ["a8"] and machine.place()[2] == (8, 80)
    machine.is_at(9)
    machine.look().done()
    assert machine.told() == ["a8", "a9"] and machine.place()[2] == (9, 90)


def test_what_was_tidied_away_unheard_is_missed_and_that_is_said(machine):
    machine.is_at(13, floor=11)
    machine.says(since=told(11, event(12), event(13)))
    machine.look().done()
    assert machine.told() == ["a2", "a3"]
    assert machine.notes() == [
        f"4 revocations of part {PART} of the database were missed: they were tidied away before this machine had heard of"
        " them, and no hook is run for them"
    ]


def test_where_the_last_that_was_heard_is_the_last_that_was_tidied_away_nothing_is_missed(machine):
    machine.is_at(8, floor=7)
    machine.says(since=told(11, event(8)))
    machine.look().done()
    assert machine.told() == ["a8"] and machine.notes() == [] and machine.asked("before") == []


HISTORY = (
    "the database has another history than this machine has heard, as after a fail-over that lost its last writes: revocations"
    " are told again from an hour before"
)
# What stands where the last one stood that was heard.
ANOTHER = {
    "another": [event(7, tag=71)],
    "nothing": [],
    "a later one": [event(8)],
    "one without a number": [(None, *event(7)[1:])],
    "one without a tag": [(event(7)[0], None, *event(7)[2:])],
}


@pytest.mark.parametrize("what", ANOTHER)
def test_where_there_is_another_history_it_is_heard_from_an_hour_before(machine, what):
    machine.is_at(8, 81)
    again = [event(6), event(7, "b7", tag=71), event(8, "b8", tag=81)]
    machine.says(since=[told(11, *ANOTHER[what]), told(11, *again)], before=told(2, (number(6), number(60))))
    machine.look().done()
    assert machine.asked("before") == [(str(PART), str(NOW - HOUR))]
    assert machine.asked("since") == [(str(PART), "7"), (str(PART), "6")]
    assert machine.told() == ["b7", "b8"] and machine.notes() == [HISTORY]
    assert machine.place()[2] == (8, 81)


def test_the_same_number_with_another_tag_is_news(machine):
    machine.is_at(7, 71)
    again = told(11, event(6), event(7, "b7", tag=71))
    machine.says(since=[again, again], before=told(2, (number(6), number(60))))
    machine.look().done()
    assert machine.told() == ["b7"]


def test_a_database_that_is_of_before_is_heard_from_an_hour_before(machine):
    machine.is_at(5)
    machine.says(before=told(2, (number(4), number(40))))
    machine.says(since=[told(11), told(11, event(4), event(5, "b5"))])
    machine.look().done()
    assert machine.told() == ["b5"] and machine.notes() == [HISTORY]


def test_where_nothing_is_older_than_an_hour_all_is_heard_that_was_not_tidied_away(machine):
    machine.is_at(6, 61, floor=4)
    machine.says(since=[told(11), told(11, event(5, "b5"), event(6, "b6", tag=61))])
    machine.look().done()
    assert machine.asked("since") == [(str(PART), "7"), (str(PART), "4")]
    assert machine.told() == ["b5", "b6"] and machine.notes() == [HISTORY]


def test_where_all_of_that_was_tidied_away_it_is_known_from_then_on(machine):
    machine.is_at(5, floor=5)
    machine.look().done()
    assert machine.place()[2] == (5, 0) and machine.notes() == [HISTORY]
    machine.is_at(6, floor=5)
    machine.says(since=told(11, event(6)))
    machine.look().done()
    assert machine.told() == ["a6"] and machine.notes() == [HISTORY]


def nothing_is_heard(machine):
    """That is an error, of which nothing is kept: the next one hears all."""
    run = machine.look()
    assert run.code == 5, run
    assert machine.runs() == [] and machine.place() == (STORE, NOW, (7, 70))
    return run.err


def test_a_second_history_in_one_look_is_no_answer_of_ours(machine):
    machine.is_at(8, 81)
    machine.says(since=[told(11), told(11)], before=told(2, (number(6), number(60))))
    run = machine.look()
    assert run.code == 5 and NOT_OURS in run.err
    assert machine.runs() == []
    # It is heard as it would have been by the first.
    machine.says(since=told(11, event(6), event(7, "b7", tag=71), event(8, "b8", tag=81)))
    machine.look().done()
    assert machine.told() == ["b7", "b8"]


def heads(*others):
    """Of all parts but one, and of these."""
    return told(6, *(head(part) for part in range(PARTS) if part != PART), *others)


BAD_HEADS = {
    "one part too few": heads(),
    "one part too many": heads(head(PART), head(PART)),
    "a part before the first": heads(head(-1)),
    "a part behind the last": heads(head(PARTS)),
    "no part": heads((None, *head(PART)[1:])),
    "no number": heads(head(PART, seq=None)),
    "no tag": heads(head(PART, tag=None)),
    "no floor": heads(head(PART, floor=None)),
    "no time": heads(head(PART, now=None)),
}


@pytest.mark.parametrize("what", BAD_HEADS)
def test_what_does_not_tell_of_each_part_is_no_answer_of_ours(machine, what):
    machine.says(heads=BAD_HEADS[what])
    assert NOT_OURS in nothing_is_heard(machine)


def test_of_another_store_nothing_is_heard(machine):
    machine.says(heads=told(6, *(head(part, store=OTHER) for part in range(PARTS))))
    assert "it is another database than the one that was joined" in nothing_is_heard(machine)
    assert machine.asked("since") == []


def test_of_a_store_that_was_closed_just_now_nothing_is_heard(machine):
    """It is asked once more, after all else that a look asks."""
    machine.is_at(8)
    machine.says(load=[loaded(), loaded(oldest=0)], since=told(11, event(7), event(8)))
    assert "the store was closed" in nothing_is_heard(machine)
    assert "names" in machine.server.heard and "heads" not in machine.server.heard


@pytest.mark.parametrize("wrong", [(None, *event(9)[1:]), (event(9)[0], None, *event(9)[2:])], ids=["number", "tag"])
def test_what_comes_before_one_without_a_number_or_a_tag_is_heard_and_kept(machine, wrong):
    machine.is_at(9)
    machine.says(since=told(11, event(7), event(8), wrong))
    run = machine.look()
    assert run.code == 5 and NOT_OURS in run.err
    assert machine.told() == ["a8"] and machine.place()[2] == (8, 80)


@pytest.mark.parametrize("row", [(None, number(60)), (number(6), None)], ids=["number", "tag"])
def test_who_is_told_of_no_place_to_go_back_to_hears_nothing(machine, row):
    machine.is_at(8, 81)
    machine.says(since=told(11), before=told(2, row))
    assert NOT_OURS in nothing_is_heard(machine)


def test_a_hook_that_cannot_be_started_holds_up_what_comes_after_it(machine):
    machine.is_at(9)
    machine.says(since=told(11, event(7), event(8), event(9)))
    machine.hook(mode="644")
    nothing_is_heard(machine)
    machine.hook()
    machine.look().done()
    assert machine.told() == ["a8", "a9"]


def test_a_name_that_no_user_has_is_passed_over_and_that_is_said(machine):
    machine.is_at(9)
    machine.says(since=told(11, event(7), event(8, name="~alice"), event(9)))
    machine.look().done()
    assert machine.told() == ["a9"] and machine.place()[2] == (9, 90)
    assert machine.notes() == ["the database tells of an account whose name no user has: it is passed over"]


def write_place(machine, store=STORE, parts=PARTS, seq=3, looked=NOW):
    """As it is kept, of a machine that has heard of so many in that part."""
    lines = [f"{part} {seq if part == PART else 0} {10 * seq if part == PART else 0}" for part in range(parts)]
    text = sealed([f"asp-feed 1 {store} {parts} {looked}", *lines]).decode()
    machine.sandbox.write(FEED, text, mode="600")


def test_what_was_kept_is_where_it_goes_on(machine):
    write_place(machine)
    machine.says(since=told(11, event(3), *(event(seq) for seq in range(4, 8))))
    machine.look().done()
    assert machine.told() == ["a4", "a5", "a6", "a7"] and machine.notes() == []


@pytest.mark.parametrize("kept", [{"store": OTHER}, {"parts": PARTS // 2}], ids=["of another store", "of less parts"])
def test_what_was_kept_of_another_database_is_nothing_of_this(machine, kept):
    write_place(machine, **kept)
    machine.look().done()
    assert machine.asked("since") == [] and machine.place() == (STORE, NOW, (7, 70))
    assert machine.notes() == ["this machine has joined another database: what that tells is heard from now on"]


def damage(machine, written):
    write_place(machine)
    machine.sandbox.shell(f"truncate -s -1 {FEED}; touch -d @{written} {FEED}").done()


WRITTEN = {"long ago": (NOW - 100, NOW - 160), "just": (NOW - 1, NOW - 61), "now": (NOW, NOW), "to come": (NOW + 9, NOW)}


@pytest.mark.parametrize("written, looked", WRITTEN.values(), ids=WRITTEN)
def test_what_was_kept_and_is_damaged_goes_back_to_an_hour_before_it_was_written(machine, written, looked):
    damage(machine, written)
    machine.is_at(7, floor=2)
    machine.says(since=told(11, *(event(seq) for seq in range(3, 8))))
    machine.look().done()
    assert machine.asked("before") == [(str(part), str(looked - HOUR)) for part in range(PARTS)]
    assert machine.asked("since") == [(str(PART), "2")]
    assert machine.told() == ["a3", "a4", "a5", "a6", "a7"]
    assert machine.place() == (STORE, NOW, (7, 70))
    assert machine.notes() == [
        "/var/lib/asp/feed is not what we wrote: what was revoked since an hour before it was written is told again"
    ]


def test_where_that_cannot_be_asked_it_is_as_damaged_as_before(machine):
    damage(machine, NOW - 100)
    machine.says(before=told(2, (None, None)))
    run = machine.look()
    assert run.code == 5 and machine.notes() == []
    machine.says(before=told(2), since=told(11, *(event(seq) for seq in range(1, 8))))
    machine.look().done()
    assert len(machine.runs()) == 7 and len(machine.notes()) == 1


def test_what_was_kept_and_cannot_be_read_is_a_fault(machine):
    machine.sandbox.shell(f"rm {FEED}; mkdir {FEED}").done()
    try:
        run = machine.look()
        assert run.code == 5 and FEED in run.err
        assert machine.asked("since") == [] and machine.asked("before") == []
    finally:
        machine.sandbox.shell(f"rmdir {FEED}").done()
