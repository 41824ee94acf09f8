"""What the connection to the database makes of each answer; and that no answer is one that says "there is no account"."""

import pytest
import wire
from fake_server import CLOSE, SLOWLY
from support.wait import wait_until

BROKEN = {"closes", "anew", "down"}
STALE = {"closes", "anew"}
SECRET = "s3cret-value"

# SQLSTATE: the status; what is to be done about a read, but for `unknown` of a write, which is in the last column.
TABLE = {
    "08006": ("ASP_IO", BROKEN, True),
    "08P01": ("ASP_IO", BROKEN, True),
    "57P01": ("ASP_IO", BROKEN, True),
    "57P02": ("ASP_IO", BROKEN, True),
    "57P03": ("ASP_IO", BROKEN, True),
    "57P05": ("ASP_IO", BROKEN, True),
    "25006": ("ASP_IO", BROKEN, False),
    "53300": ("ASP_IO", {"closes", "down"}, False),
    "40003": ("ASP_IO", set(), True),
    "55P03": ("ASP_BUSY", set(), False),
    "57014": ("ASP_BUSY", set(), False),
    "53100": ("ASP_IO", set(), False),
    "53200": ("ASP_IO", set(), False),
    "58030": ("ASP_IO", set(), False),
    "XX000": ("ASP_IO", set(), False),
    "XX001": ("ASP_IO", set(), False),
    "XX002": ("ASP_IO", set(), False),
    "28000": ("ASP_IO", set(), False),
    "28P01": ("ASP_IO", set(), False),
    "3D000": ("ASP_IO", set(), False),
    "42501": ("ASP_IO", set(), False),
    "42703": ("ASP_IO", set(), False),
    "42P01": ("ASP_IO", set(), False),
    "42883": ("ASP_IO", set(), False),
    "3F000": ("ASP_IO", set(), False),
    "P0002": ("ASP_UNSAFE", set(), False),
    "0A000": ("ASP_IO", STALE, False),
    "26000": ("ASP_IO", STALE, False),
    "42P05": ("ASP_IO", STALE, False),
    "22P02": ("ASP_IO", {"closes"}, False),
    "23505": ("ASP_IO", {"closes"}, False),
    "P0001": ("ASP_IO", {"closes"}, False),
    "ZZZZZ": ("ASP_IO", {"closes"}, False),
    "00000": ("ASP_IO", {"closes"}, False),
}


@pytest.mark.parametrize("sqlstate", TABLE)
def test_an_error_at_a_read(driver, server, sqlstate):
    status, what, _ = TABLE[sqlstate]
    server.answers = [[wire.refused(sqlstate)]]
    answer = driver.read()
    assert (answer.status, answer.what, answer.rows) == (status, what, ())
    assert sqlstate in answer.text and "db1" in answer.text
    times = 2 if "anew" in what else 1
    assert (len(server.asked), len(server.started)) == (times, times)
    # It is well again by itself, and on the same connection where that was not at fault.
    server.answers = [[wire.answered("9")]]
    assert driver.read().value == b"9"
    assert len(server.started) == times + ("closes" in what)


@pytest.mark.parametrize("sqlstate", TABLE)
def test_an_error_at_a_write_which_is_asked_once(driver, server, sqlstate):
    status, what, unknown = TABLE[sqlstate]
    server.answers = [[wire.refused(sqlstate)], [wire.answered("1")]]
    answer = driver.write()
    assert (answer.status, answer.what) == (status, what | ({"unknown"} if unknown else set()))
    assert (len(server.asked), len(server.started)) == (1, 1)
    assert driver.write().value == b"1"
    assert len(server.started) == 1 + ("closes" in what)


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_who_was_in_the_way_of_others_asks_again(driver, server, sqlstate):
    server.answers = [[wire.refused(sqlstate)]] * 3 + [[wire.answered("7")]]
    assert driver.read().value == b"7"
    assert (len(server.asked), len(server.started)) == (4, 1)
    server.answers = [[wire.refused(sqlstate)]]
    answer = driver.read(seconds=5)
    assert (answer.status, answer.what) == ("ASP_BUSY", set())
    asked = len(server.asked)
    # To say a write again is for whoever knows what it was made of.
    answer = driver.write()
    assert (answer.status, answer.what) == ("ASP_AGAIN", {"again"})
    assert (len(server.asked), len(server.started)) == (asked + 1, 1)


ENDS = {
    "without an answer": [CLOSE],
    "within one": [wire.row("7")[:-3], CLOSE],
    "before it is complete": [wire.row("7"), CLOSE],
    "after it is told why": [wire.error("57P01", "terminating connection", "FATAL"), CLOSE],
    # What is complete is not yet committed.
    "before it is ready again": [wire.row("7"), wire.COMPLETE, CLOSE],
    "with what is no message": [b"\xff" * 64],
    "with a COPY": [wire.message("2"), wire.COPY_OUT],
    "within a transaction": [wire.row("7") + wire.COMPLETE + wire.IN_TRANSACTION],
    "with no SQLSTATE": [wire.refused("")],
    "with no rows": [wire.READY],
}


@pytest.mark.parametrize("how", ENDS)
def test_a_connection_that_ends(driver, server, how):
    server.answers = [ENDS[how], [wire.answered("7")]]
    assert driver.read().value == b"7"
    assert (len(server.asked), len(server.started)) == (2, 2)
    server.answers = [ENDS[how]]
    answer = driver.read()
    assert (answer.status, answer.what) == ("ASP_IO", BROKEN)
    assert (len(server.asked), len(server.started)) == (4, 3)  # the one that was there, and another


@pytest.mark.parametrize("how", ENDS)
def test_of_a_write_it_is_not_known_what_came_then(driver, server, how):
    server.answers = [ENDS[how], [wire.answered("1")]]
    answer = driver.write()
    assert (answer.status, answer.what) == ("ASP_IO", BROKEN | {"unknown"})
    assert "whether it was written is not known" in answer.text
    assert (len(server.asked), len(server.started)) == (1, 1)
    assert driver.write().value == b"1"


def test_what_a_connection_was_ended_with_is_told(driver, server):
    server.answers = [[wire.error("57P01", "terminating connection", "FATAL"), CLOSE]]
    assert "(SQLSTATE 57P01): terminating connection" in driver.read().text


def test_an_error_after_the_rows_is_one(driver, server):
    server.answers = [[wire.row("1") + wire.COMPLETE + wire.refused("40001")], [wire.answered("1")]]
    answer = driver.write()
    assert (answer.status, answer.rows) == ("ASP_AGAIN", ())


WARNINGS = {
    "01000": wire.notice("01000", "WARNING", "canceling wait for synchronous replication"),
    # That of a server which is to end: PostgreSQL, syncrep.c.
    "57P01": wire.notice("57P01", "WARNING", "canceling the wait for synchronous replication"),
    "01004": wire.notice("01004", "NOTICE"),
}


@pytest.mark.parametrize("warning", WARNINGS)
@pytest.mark.parametrize("before", [b"", wire.row("1") + wire.COMPLETE], ids=["before", "after"])
def test_a_write_that_is_warned_of_has_failed(driver, server, warning, before):
    rest = wire.READY if before else wire.answered("1")
    server.answers = [[before + WARNINGS[warning] + rest], [wire.answered("1")]]
    answer = driver.write()
    assert (answer.status, answer.what, answer.rows) == ("ASP_IO", {"unknown"}, ())
    assert "standby" in answer.text
    # The next one was not.
    assert driver.write().value == b"1"
    assert len(server.started) == 1


@pytest.mark.parametrize("what", ["read", "write"])
def test_an_error_that_calls_itself_a_warning_is_one(driver, server, what):
    server.answers = [[wire.refused("01000")]]
    answer = getattr(driver, what)()
    assert (answer.status, answer.rows) == ("ASP_IO", ())


def test_a_warning_at_a_read_and_a_notice_at_a_write_are_none(driver, server):
    server.answers = [[WARNINGS["01000"] + wire.answered("7")], [wire.notice("00000", "NOTICE") + wire.answered("1")]]
    assert driver.read().value == b"7"
    assert driver.write().value == b"1"


@pytest.mark.parametrize("what", ["read", "write"])
def test_who_says_nothing_is_left_at_the_deadline(driver, server, what):
    ask = getattr(driver, what)
    server.answers = [[wire.answered("7")], []]
    assert ask().value == b"7"
    answer = ask(seconds=0.3)
    assert (answer.status, answer.what) == ("ASP_IO", BROKEN | ({"unknown"} if what == "write" else set()))
    assert "nothing in time" in answer.text
    # It was asked once: there was no time left.
    wait_until(lambda: len(server.asked) == 2)
    assert len(server.started) == 1
    server.answers = [[wire.answered("8")]]
    assert ask().value == b"8"
    assert len(server.started) == 2


def test_who_does_not_read_is_left_at_the_deadline_too(driver, server):
    """However much there is to be sent: it is more than the sockets take."""
    assert driver.write("SELECT asp.write($1)", b"x").value == b"7"
    server.deaf = True
    answer = driver.write("SELECT asp.write($1)", bytes(16 * 1024 * 1024), seconds=1)
    assert (answer.status, answer.what) == ("ASP_IO", BROKEN | {"unknown"})
    assert "nothing in time" in answer.text
    server.deaf = False
    assert driver.write("SELECT asp.write($1)", b"x").value == b"7"


def test_an_error_after_which_it_is_not_ready_again_is_the_last_of_its_connection(driver, server):
    server.answers = [[wire.answered("7")], [wire.error("55P03")], [wire.answered("8")]]
    assert driver.read().value == b"7"
    answer = driver.read(seconds=4)
    assert (answer.status, answer.what) == ("ASP_BUSY", set())
    assert driver.write().value == b"8"
    assert len(server.started) == 2


def test_what_comes_a_byte_at_a_time_is_an_answer(driver, server):
    server.answers = [[SLOWLY, wire.notice("00000", "NOTICE") + wire.answered("7", "eight")]]
    assert driver.read().rows == ((b"7", b"eight"),)
    # And it is no way to go on for ever.
    server.answers = [[SLOWLY, wire.row("x" * 100000) + wire.COMPLETE + wire.READY]]
    assert driver.read(seconds=0.5).status == "ASP_IO"


@pytest.mark.parametrize("what", ["read", "write"])
def test_a_connection_that_was_ended_while_nobody_asked_is_opened_anew(driver, server, what):
    ask = getattr(driver, what)
    assert ask().value == b"7"
    server.say_unasked(wire.error("57P05", "terminating connection due to idle-session timeout", "FATAL"))
    server.hang_up()
    assert ask().value == b"7"
    assert (len(server.asked), len(server.started)) == (2, 2)
    # What is said to all is no end of it.
    server.say_unasked(wire.parameter_status("TimeZone", "UTC") + wire.notice("01000", "WARNING"))
    assert ask().value == b"7"
    assert len(server.started) == 2


def test_no_value_is_in_a_line(driver, server):
    said = f'invalid input syntax for type bigint: "{SECRET}"'
    server.answers = [[wire.refused(sqlstate, said)] for sqlstate in ("22P02", "23505", "P0001", "42601", "40001", "P0002")]
    for _ in server.answers:
        answer = driver.write("SELECT asp.write($1)", SECRET)
        assert answer.status != "ASP_OK"
        assert SECRET not in answer.text + answer.advice
    assert server.asked[0] == [SECRET.encode()]


def test_values_are_given_as_they_are(driver, server):
    values = ("a text", None, b"\x00\xff bytes", "")
    assert driver.read("SELECT asp.read($1, $2, $3, $4)", *values).value == b"7"
    assert server.asked == [[b"a text", None, b"\x00\xff bytes", b""]]


def test_a_statement_is_prepared_once_on_a_connection(driver, server):
    for _ in range(3):
        driver.read("SELECT 1")
        driver.read("SELECT 2")
    assert server.parsed == ["SELECT 1", "SELECT 2"]
    driver.forget()
    driver.read("SELECT 2")
    assert server.parsed == ["SELECT 1", "SELECT 2", "SELECT 2"]
    assert len(server.started) == 2
