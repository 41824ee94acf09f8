"""A primary fails, and its synchronous standby takes over: what was said to be done is there, once, and each node is told."""

import signal
import threading
import time

import pytest
from libpq import Refused
from store import Store, new_tag, part_of
from support.wait import LONG, wait_until

NAMES = ("alice", "bob")


class Writer(threading.Thread):
    """Adds marks to accounts, one after the other, until it is stopped: reads, changes, and where no answer comes asks for
    the very same again."""

    def __init__(self, pair, letter):
        super().__init__(daemon=True)
        self.pair, self.letter = pair, letter
        self.store = None
        self.over = threading.Event()
        self.asked, self.done = [], []

    def run(self):
        while not self.over.is_set():
            name, mark = NAMES[len(self.asked) % len(NAMES)], f"{self.letter}{len(self.asked)}"
            self.asked.append((name, mark))
            while not self.add(name, mark):
                pass
            self.done.append((name, mark))

    def add(self, name, mark):
        row, new = self.patiently("load", name), new_tag()
        body = f"{row['body'].decode()}{mark} ".encode()
        return self.patiently("write", name, row["tag"], new, body, event="revoked", reason=mark) == 1

    def patiently(self, what, *words, **more):
        end = time.monotonic() + LONG
        while True:
            try:
                self.store = self.store or self.pair.connect()
                return getattr(self.store, what)(*words, **more)
            except Refused as refused:
                assert time.monotonic() < end, refused
                self.store = None
                time.sleep(0.01)


@pytest.mark.parametrize("before", ["nothing", "hang", "cut"])
def test_what_was_acknowledged_is_there_once_and_told_once(pair, before):
    """Whatever the database is set to."""
    pair.primary.connect().ask("ALTER DATABASE asp SET synchronous_commit = 'off'")
    store = pair.connect()
    for name in NAMES:
        store.make(name, b"")
    writers = [Writer(pair, letter) for letter in "abc"]

    def wait_for(more):
        count = sum(len(writer.done) for writer in writers)
        wait_until(lambda: sum(len(writer.done) for writer in writers) >= count + more)

    for writer in writers:
        writer.start()
    wait_for(50)
    if before != "nothing":
        getattr(pair, before)()
        time.sleep(0.5)  # what the writers have begun then waits for the standby
    pair.fail_over()
    wait_for(50)
    for writer in writers:
        writer.over.set()
    for writer in writers:
        writer.join(LONG)
        assert writer.asked == writer.done

    owner = pair.connect("postgres")
    asked = sorted(one for writer in writers for one in writer.asked)
    kept = [(name, mark) for name in NAMES for mark in owner.load(name)["body"].decode().split()]
    assert sorted(kept) == asked
    for name in NAMES:
        part = part_of(name)
        events = owner.ask("SELECT seq, tag, name, reason FROM asp.ended WHERE part = $1 ORDER BY seq", part)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert [event["reason"] for event in events if event["name"] == name] == owner.load(name)["body"].decode().split()
        head = owner.head(part)
        assert (head["seq"], head["tag"]) == (events[-1]["seq"], events[-1]["tag"])


def test_while_its_standby_hangs_nobody_sees_what_is_not_on_it(pair):
    pair.connect().make("alice", b"first")
    pair.hang()
    writer, reader, beats, other = (pair.connect() for _ in range(4))
    tag = wait_until(lambda: (row := reader.load("alice"))["pulse_age"] > 1000 and row["tag"])
    writer.connection.send(*writer.statement("alice", tag, new_tag(), b"second", event="revoked"))
    beats.connection.send("SELECT asp.beat()")
    assert writer.connection.is_busy(1.2)
    row = reader.load("alice")
    assert row["body"] == b"first"
    assert reader.head(part_of("alice"))["seq"] == 0
    # Who would change the same account is refused after a second, and no other beat is waited for.
    with pytest.raises(Refused) as refused:
        other.change("alice")
    assert refused.value.state == "55P03"
    assert beats.connection.is_busy()
    reader.ask("SELECT asp.beat()")
    assert reader.load("alice")["pulse_age"] > row["pulse_age"] > 1000
    # Uses are recorded meanwhile: they wait for no standby.
    reader.record(("alice", "a", 1, 2, "imap", ""))
    pair.standby.send(signal.SIGCONT)
    assert writer.connection.result() == [{"write": 1}]
    beats.connection.result()
    assert reader.load("alice")["body"] == b"second"
    reader.ask("SELECT asp.beat()")
    assert reader.load("alice")["pulse_age"] < row["pulse_age"]
    assert reader.head(part_of("alice"))["seq"] == 1


def test_a_standby_tells_nothing_that_a_login_is_decided_by(pair):
    """Whoever has come to it: what pools connections has another behind it from one statement to the next."""
    pair.connect().make("alice", b"first")
    standby = Store(pair.standby.connect("asp_node", "asp"))
    for ask in (lambda: standby.load("alice"), lambda: standby.mark(1)):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.state == "25006"


WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'asp_node'"


def waits_for_a_standby(owner):
    """Until a node's session does."""
    wait_until(lambda: owner.one(f"SELECT count(*) {WAITING}") == 1)


def test_what_is_sent_again_is_done_when_the_standby_has_it(pair):
    """The primary has it already, and was restarted before the standby had: it shows it, and may be lost with it."""
    tag = pair.connect().make("alice", b"first")
    pair.primary.connect().ask("ALTER DATABASE asp SET synchronous_commit = 'off'")
    pair.cut()
    question = Store.statement("alice", tag, new_tag(), b"second", event="revoked")
    writer = pair.connect()
    writer.connection.send(*question)
    waits_for_a_standby(pair.connect("postgres"))
    pair.primary.crash()
    pair.primary.hang_up()
    pair.primary.start()
    again = pair.connect()
    assert again.load("alice")["body"] == b"second"
    again.connection.send(*question)
    waits_for_a_standby(pair.connect("postgres"))
    assert again.connection.is_busy(0.2)


def test_so_is_an_account_that_is_made(pair):
    """Whoever made it was told to wait no longer: it is there, and not on the standby."""
    pair.primary.connect().ask("ALTER DATABASE asp SET synchronous_commit = 'off'")
    pair.cut()
    question = Store.statement("alice", None, new_tag(), b"text")
    first, again, owner = pair.connect(), pair.connect(), pair.connect("postgres")
    again.ask("SET lock_timeout = 0")
    first.connection.send(*question)
    waits_for_a_standby(owner)
    again.connection.send(*question)
    assert again.connection.is_busy(0.2)
    owner.ask(f"SELECT pg_cancel_backend(pid) {WAITING}")
    assert first.connection.result() == [{"write": 1}]
    assert first.connection.notices == ["canceling wait for synchronous replication due to user request"]
    waits_for_a_standby(owner)
    assert again.connection.is_busy(0.2)


def test_an_old_primary_that_is_restarted_shows_an_event_whose_number_is_given_again(pair):
    """That is why a cursor has the event's tag."""
    pair.connect().make("alice", b"first")
    pair.cut()
    part, seen = part_of("alice"), new_tag()
    writer = pair.connect()
    tag = writer.load("alice")["tag"]
    writer.connection.send(*writer.statement("alice", tag, seen, b"second", event="revoked"))
    assert writer.connection.is_busy(0.5)
    waits_for_a_standby(pair.connect("postgres"))
    pair.primary.crash()
    pair.primary.hang_up()
    pair.primary.start()
    assert [event["tag"] for event in pair.connect("asp_admin").since((part, 1))] == [seen]

    pair.fail_over()
    given_again = pair.connect().change("alice", b"third", event="revoked")
    (event,) = pair.connect("asp_admin").since((part, 1))
    assert (event["seq"], event["tag"]) == (1, given_again)
    assert given_again != seen
