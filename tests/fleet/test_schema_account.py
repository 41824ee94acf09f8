"""Accounts: what a login reads, and a change that is done where nobody else was faster."""

import datetime
import threading

import pytest
from libpq import Refused
from store import Store, new_tag, part_of

NEVER_THERE = dict.fromkeys(("tag", "body", "written", "used_created", "used_last", "used_service", "used_host"))
LATER = datetime.datetime(2099, 1, 1, tzinfo=datetime.timezone.utc)


def test_of_an_account_that_is_not_there_a_login_reads_what_the_store_is(node, owner, name):
    row = node.load(name)
    assert {key: row[key] for key in NEVER_THERE} == NEVER_THERE
    (store,) = owner.ask("SELECT id AS store, schema, oldest, parts, uses_since FROM asp.store")
    assert {key: row[key] for key in store} == store
    assert (row["schema"], row["oldest"], row["parts"]) == (1, 1, 64)
    assert 0 <= row["pulse_age"] < 600_000
    assert abs(row["now"] - owner.one("SELECT clock_timestamp()")) < datetime.timedelta(seconds=60)


def test_what_was_written_is_read_byte_for_byte(node, name):
    body = bytes(range(256)) * 400
    tag = node.make(name, body)
    row = node.load(name)
    assert (row["tag"], row["body"], row["used_last"]) == (tag, body, None)
    assert datetime.timedelta(0) <= row["now"] - row["written"] < datetime.timedelta(seconds=60)


def test_of_an_account_that_was_removed_its_tag_is_there(node, name):
    node.make(name)
    removed = new_tag()
    assert node.write(name, node.load(name)["tag"], removed, None) == 1
    row = node.load(name)
    assert (row["tag"], row["body"]) == (removed, None)
    assert row["schema"] == 1


def test_the_use_of_one_entry_comes_with_it(node, name):
    node.make(name)
    node.record((name, "a", 1000, 2000, "imap", "192.0.2.1"), (name, "b", 1000, 3000, "smtp", ""))
    assert node.used(name, "a") == (1000, 2000, "imap", "192.0.2.1")
    assert node.used(name, "b") == (1000, 3000, "smtp", "")
    assert node.used(name, "c") == (None, None, None, None)


def test_without_its_own_row_it_is_no_store(owner, name):
    owner.ask("BEGIN; DELETE FROM asp.store")
    with pytest.raises(Refused) as refused:
        owner.load(name)
    owner.ask("ROLLBACK")
    assert refused.value.state == "P0002"


def test_a_second_account_of_a_name_is_not_made(node, name):
    node.make(name, b"first")
    assert node.write(name, None, new_tag(), b"second") == 0
    assert node.load(name)["body"] == b"first"


def test_a_change_of_what_is_another_by_now_is_not_made(node, other, name):
    read = node.make(name, b"first")
    other.change(name, b"second")
    assert node.write(name, read, new_tag(), b"third") == 0
    assert node.load(name)["body"] == b"second"


def test_nor_of_what_is_not_there(node, name):
    assert node.write(name, new_tag(), new_tag(), b"text") == 0
    assert node.load(name)["tag"] is None


def test_the_same_write_again_is_done_and_changes_nothing(node, admin, name):
    first, second = node.make(name, b"first"), new_tag()
    for _ in range(2):
        assert node.write(name, first, second, b"second", event="revoked") == 1
    assert node.head(part_of(name))["tag"] == second
    assert [event["tag"] for event in admin.since((part_of(name), 0)) if event["name"] == name] == [second]


def test_it_is_known_after_63_others_and_not_after_64(node, name):
    first = node.make(name, b"first")
    for _ in range(63):
        node.change(name, b"another")
    assert node.write(name, None, first, b"first") == 1
    node.change(name, b"another")
    assert node.write(name, None, first, b"first") == 0
    assert node.load(name)["body"] == b"another"


def test_a_removal_that_is_sent_again_is_done(node, name):
    read, removed = node.make(name), new_tag()
    for _ in range(2):
        assert node.write(name, read, removed, None) == 1
    node.make(name, b"its second life")
    assert node.write(name, read, removed, None) == 1
    assert node.load(name)["body"] == b"its second life"


def test_who_read_it_in_its_life_before_does_not_write_to_the_next(node, name):
    read = node.make(name, b"first")
    node.change(name, None)
    node.make(name, b"its second life")
    assert node.write(name, read, new_tag(), b"first, changed") == 0
    assert node.load(name)["body"] == b"its second life"


def test_what_was_removed_can_be_made_again_by_who_saw_its_tag_and_who_did_not(node, name):
    for again in (None, "tag"):
        node.change(name, b"text")
        node.change(name, None)
        was = again and node.load(name)["tag"]
        assert node.write(name, was, new_tag(), b"made again") == 1
        assert node.load(name)["body"] == b"made again"


def test_with_it_go_its_uses_and_the_expiries_to_come(node, admin, name):
    node.make(name, expires={"a": LATER, "b": LATER})
    node.record((name, "a", 1, 2, "imap", ""))
    node.change(name, None)
    for table in ("used", "expiry"):
        assert admin.ask(f"SELECT * FROM asp.{table} WHERE name = $1", name) == []
    assert admin.one("SELECT count(*) FROM asp.account WHERE name = $1", name) == 1


@pytest.mark.parametrize("end, answer", [("COMMIT", 0), ("ROLLBACK", 1)])
def test_of_two_who_make_it_at_once_one_does(node, other, name, end, answer):
    node.ask("BEGIN")
    assert node.write(name, None, new_tag(), b"first") == 1
    other.connection.send(*other.statement(name, None, new_tag(), b"second"))
    assert other.connection.is_busy(0.2)
    node.ask(end)
    assert other.connection.result() == [{"write": answer}]
    assert node.load(name)["body"] == (b"second" if answer else b"first")


@pytest.mark.parametrize("end, answer", [("COMMIT", 0), ("ROLLBACK", 1)])
def test_of_two_who_change_it_at_once_one_does(node, other, name, end, answer):
    read = node.make(name, b"first")
    node.ask("BEGIN")
    assert node.write(name, read, new_tag(), b"second") == 1
    other.connection.send(*other.statement(name, read, new_tag(), b"third"))
    assert other.connection.is_busy(0.2)
    node.ask(end)
    assert other.connection.result() == [{"write": answer}]
    assert node.load(name)["body"] == (b"third" if answer else b"second")


def test_the_first_write_sent_again_before_it_is_committed_is_done(node, other, name):
    """By another connection: the answer to the first was not waited for."""
    tag = new_tag()
    node.ask("BEGIN")
    node.write(name, None, tag, b"text")
    other.connection.send(*other.statement(name, None, tag, b"text"))
    assert other.connection.is_busy(0.2)
    node.ask("COMMIT")
    assert other.connection.result() == [{"write": 1}]
    assert node.load(name)["tag"] == tag


def test_a_later_one_likewise(node, other, name):
    read, tag = node.make(name), new_tag()
    node.ask("BEGIN")
    node.write(name, read, tag, b"text")
    other.connection.send(*other.statement(name, read, tag, b"text"))
    assert other.connection.is_busy(0.2)
    node.ask("COMMIT")
    assert other.connection.result() == [{"write": 1}]


def test_a_login_waits_for_no_writer(node, other, name):
    node.make(name, b"first")
    node.ask("BEGIN")
    node.change(name, b"second")
    assert other.load(name)["body"] == b"first"
    node.ask("COMMIT")
    assert other.load(name)["body"] == b"second"


def test_a_node_waits_a_second_for_another_writer(cluster, database, node, name):
    read = node.make(name)
    node.ask("BEGIN")
    node.change(name)
    waiting = Store(cluster.connect("asp_node", database))
    with pytest.raises(Refused) as refused:
        waiting.write(name, read, new_tag(), b"text")
    assert refused.value.state == "55P03"
    node.ask("COMMIT")


def test_many_writers_change_it_one_after_the_other(cluster, database, node, name):
    """Each adds a letter, ten times, and says which were added: none is lost, none is there twice."""
    node.make(name, b"")

    def add(letter):
        writer = Store(cluster.connect("asp_node", database))
        writer.ask("SET lock_timeout = 0; SET statement_timeout = 0")
        for at in range(10):
            while True:
                read = writer.load(name)
                if writer.write(name, read["tag"], new_tag(), read["body"] + f"{letter}{at} ".encode()) == 1:
                    break

    writers = [threading.Thread(target=add, args=letter) for letter in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    words = node.load(name)["body"].decode().split()
    assert sorted(words) == sorted(f"{letter}{at}" for letter in "abcd" for at in range(10))


@pytest.mark.parametrize("wrong", ["", "x" * 763])
def test_a_name_that_nobody_has_is_not_stored(node, wrong):
    with pytest.raises(Refused) as refused:
        node.make(wrong)
    assert refused.value.state == "23514"


def test_the_longest_name_is(node):
    name = "%C3" * 254
    node.make(name)
    assert node.load(name)["body"] == b"text"


def test_a_part_that_the_store_has_not_is_not_stored(node, name):
    with pytest.raises(Refused) as refused:
        node.write(name, None, new_tag(), b"text", part=64)
    assert refused.value.state == "23503"


def test_what_is_reported_is_on_the_standbys_whatever_the_database_is_set_to(owner, name):
    for setting, word in (("off", "on"), ("local", "on"), ("remote_write", "on"), ("remote_apply", "remote_apply")):
        owner.ask("BEGIN")
        owner.ask(f"SET LOCAL synchronous_commit = '{setting}'")
        owner.write(f"{name}.{setting}", None, new_tag(), b"text")
        assert owner.one("SHOW synchronous_commit") == word
        owner.ask("COMMIT")
        assert owner.one("SHOW synchronous_commit") == "on"


def test_a_password_that_was_set_has_the_mark_of_the_last_time_on_every_node(node, other):
    assert other.mark(65535) == 0
    for number in (2**62, 3):
        node.note(65535, number)
        assert other.mark(65535) == number
    assert (other.mark(65534), other.mark(65535, part=2)) == (0, 0)


def test_that_a_password_was_set_is_on_the_standbys(owner):
    owner.ask("BEGIN; SET LOCAL synchronous_commit = 'off'; SELECT asp.note_password(1::smallint, 1, 2)")
    assert owner.one("SHOW synchronous_commit") == "on"
    owner.ask("ROLLBACK")
