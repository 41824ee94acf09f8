"""A broker that is absent, hangs, dies, answers what is no answer, or is not root's: the host is told within a second
that it can't be told, and a line in the log says what to start."""

import re
import signal
import time

import pytest
from support.broker import LOGIN, OUTCOME, REFUSED, SOCKET, SOON, Host, in_its_place, message
from support.pam_codes import AUTHINFO_UNAVAIL, SUCCESS
from support.processes import child_of, descriptors, lives
from support.wait import wait_until

START = "start asp-broker.socket, or asp-broker(8) itself"
RESTART = "restart asp-broker.service, its log says more"

GOOD = (b"accepted\0", b"calendar\0", b"7k\0", b"Phone\0")
ACCEPTED = message(OUTCOME, *GOOD)
NO_MESSAGE = "what asp-broker says is no message"
NO_ANSWER = "what asp-broker says is no answer"

# What is answered, and what the log says of it.
ANSWERS = {
    "a-word": (b"hello", NO_MESSAGE),
    "a-web-page": (b"HTTP/1.1 200 OK\r\n\r\n" * 20, NO_MESSAGE),
    "half-of-it": (ACCEPTED[: len(ACCEPTED) // 2], NO_MESSAGE),
    "half-of-it-as-if-whole": (message(OUTCOME, *GOOD[:2], count=4), NO_MESSAGE),
    "more-than-it": (ACCEPTED + b"\0", NO_MESSAGE),
    "too-long": (message(OUTCOME, *GOOD[:3], b"a" * 8192 + b"\0"), NO_MESSAGE),
    "far-too-long": (b"asp\x01\x03\x04" + b"\0" * 60_000, NO_MESSAGE),
    "an-older-version": (
        message(OUTCOME, *GOOD, version=0),
        "asp-broker speaks version 0 of the messages and not 4: after an",
    ),
    "a-newer-version": (
        message(OUTCOME, *GOOD, b"more\0", version=5),
        "asp-broker speaks version 5 of the messages and not 4: after an upgrade, restart asp-broker and the services",
    ),
    "a-newer-version-that-refuses": (
        message(REFUSED, b"I speak version 5\nand you do not\0", version=5),
        r"asp-broker refuses: I speak version 5\x0aand you do not",
    ),
    "a-refusal-without-a-reason": (message(REFUSED), "asp-broker refuses: no reason"),
    "a-question": (message(LOGIN, b"alice\0", b"nginx\0", b"", b"", b"secret"), NO_ANSWER),
    "nothing-in-it": (message(OUTCOME), NO_ANSWER),
    "a-word-that-is-no-verdict": (message(OUTCOME, b"yes\0", *GOOD[1:]), NO_ANSWER),
    "a-verdict-without-its-end": (message(OUTCOME, b"accepted", *GOOD[1:]), NO_ANSWER),
    "an-account-before-its-version": (message(OUTCOME, *GOOD, b"alice\0", version=3), NO_ANSWER),
    "no-account-since-its-version": (message(OUTCOME, *GOOD, version=4), NO_ANSWER),
    "no-id": (message(OUTCOME, *GOOD[:2], b"\0", GOOD[3]), NO_ANSWER),
    "no-label": (message(OUTCOME, *GOOD[:3], b""), NO_ANSWER),
    "a-label-that-is-none": (message(OUTCOME, *GOOD[:3], b"a\nb\0"), NO_ANSWER),
    "a-label-that-is-too-long": (message(OUTCOME, *GOOD[:3], b"a" * 300 + b"\0"), NO_ANSWER),
    "an-app-that-is-none": (message(OUTCOME, GOOD[0], b"a b\0", *GOOD[2:]), NO_ANSWER),
}
WAYS = {"hasty": "broke off: " + RESTART, "rude": "broke off: " + RESTART}
SLOW_WAYS = {
    "deaf": "did not answer in time: " + RESTART,
    "mute": "did not answer in time: " + RESTART,
    "full": "takes no more: restart asp-broker.service",
}


@pytest.fixture
def machine(broker_machine):
    """Before any broker was started. Nobody writes to the store in these tests."""
    broker_machine.sandbox.shell("rm -rf /run/asp; mkdir -m 755 /run/asp").done()
    broker_machine.said()
    return broker_machine


def unavailable(machine, expected, host=None, *, begun=False):
    """The host is told soon, and the one line that it has logged says why."""
    host = host or machine.host()
    if begun:
        (answer,) = host.answers()
    else:
        answer = host.login(machine.phone)
    assert (answer.code, answer.environment) == (AUTHINFO_UNAVAIL, {})
    assert answer.seconds < SOON
    line = machine.said_one()
    assert (line.severity, line.by, line.word("verdict")) == (3, "nginx:auth", "unavailable")
    assert line.word("cause").startswith("/var/lib/asp: Permission denied; "), line
    assert expected in line.word("cause"), line


def test_where_no_broker_was_started_the_log_says_to_start_one(machine):
    machine.sandbox.run("rmdir", "/run/asp").done()
    unavailable(machine, f"{SOCKET}: no asp-broker is there: {START}")


def test_where_a_broker_has_left_its_socket_behind_the_log_says_to_start_one(machine):
    with machine.serving() as broker:
        assert machine.host().login(machine.phone).code == SUCCESS
        machine.said()
        workers = broker.workers()
        broker.kill()
        # Its workers end with it, however it ends.
        wait_until(lambda: not any(map(lives, workers)), "workers live on")
        assert machine.sandbox.run("test", "-S", SOCKET).code == 0
        unavailable(machine, f"{SOCKET}: no asp-broker is there: {START}")


def test_of_a_host_whose_user_is_not_in_the_group_the_log_says_so(machine):
    uid = machine.sandbox.run("id", "-u", "mallory").done().out.strip()
    with machine.serving():
        unavailable(
            machine,
            f"{SOCKET}: uid {uid} may not ask asp-broker: put its user into the group asp and restart the service",
            machine.host("mallory"),
        )


def test_a_broker_that_hangs_is_given_up_in_time(machine):
    with machine.serving() as broker:
        with broker.hung():
            unavailable(machine, "asp-broker did not answer in time: " + RESTART)
        assert machine.host().login(machine.phone).code == SUCCESS


def test_a_broker_that_is_killed_during_a_login_is_given_up(machine):
    with machine.serving() as broker:
        broker.signal(signal.SIGSTOP)
        pid = child_of(machine.host().process)
        before = descriptors(pid)
        machine.host().begin((machine.phone,))
        wait_until(lambda: descriptors(pid) != before, "the host does not connect")
        time.sleep(0.2)  # from the connection to the question it takes a few microseconds
        broker.signal(signal.SIGKILL)
        unavailable(machine, "asp-broker broke off: " + RESTART, begun=True)


@pytest.mark.parametrize("how", [*WAYS, *SLOW_WAYS])
def test_a_broker_that_does_not_answer_is_given_up_in_time(machine, how):
    with in_its_place(machine.sandbox, how):
        unavailable(machine, {**WAYS, **SLOW_WAYS}[how])


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_no_answer_is_not_believed(machine, answer):
    said, expected = ANSWERS[answer]
    with in_its_place(machine.sandbox, said.hex()):
        unavailable(machine, expected)


def test_an_answer_that_is_one_is_believed(machine):
    """The same stand-in with an answer that is one: nothing else was wrong with those that are none."""
    with in_its_place(machine.sandbox, ACCEPTED.hex()):
        answer = machine.host().login(machine.phone)
    environment = {"ASP_ID": "7k", "ASP_LABEL": "Phone", "ASP_APP": "calendar"}
    assert (answer.code, answer.account, answer.environment) == (SUCCESS, SUCCESS, environment)
    assert machine.said() == []
    received = machine.sandbox.run("cat", f"{SOCKET}.received").done().out
    assert machine.phone in received and "alice" in received and "192.0.2.7" in received


def test_a_broker_that_was_not_restarted_is_asked_again_in_its_own_version(machine):
    older = message(REFUSED, b"www-data speaks version 2 of the messages and not 1: after an upgrade, restart\0")
    with in_its_place(machine.sandbox, f"{older.hex()},{ACCEPTED.hex()}"):
        answer = machine.host().login(machine.phone)
    assert (answer.code, answer.environment["ASP_ID"]) == (SUCCESS, "7k")
    assert answer.seconds < SOON
    received = machine.sandbox.run("cat", f"{SOCKET}.received").done().out
    assert re.findall("asp([\x01-\x04])\x02", received) == ["\x04", "\x01"]
    assert received.count(machine.phone) == 2


def test_a_broker_that_refuses_in_every_version_is_asked_no_third_time(machine):
    with in_its_place(machine.sandbox, message(REFUSED, b"not you\0").hex()):
        unavailable(machine, "asp-broker refuses: not you")
        assert machine.sandbox.run("cat", f"{SOCKET}.received").done().out.count(machine.phone) == 2


def test_a_broker_of_another_user_is_told_nothing(machine):
    with in_its_place(machine.sandbox, ACCEPTED.hex(), user="mallory"):
        uid = machine.sandbox.run("id", "-u", "mallory").done().out.strip()
        unavailable(
            machine,
            f"{SOCKET}: uid {uid} listens there, which is not root: nothing was sent to it; start asp-broker as root",
        )
        assert machine.sandbox.read(f"{SOCKET}.received") == ""


def test_a_broker_of_the_hosts_own_user_is_believed(machine):
    """It could read the secret in the host's memory anyway."""
    with in_its_place(machine.sandbox, ACCEPTED.hex(), user="www-data"):
        assert machine.host().login(machine.phone).code == SUCCESS


# Lesson: pam-u2f CVE-2019-12210, yubico-pam CVE-2018-9275.
def test_failing_brokers_leave_no_descriptor_open_in_the_host(machine):
    host = Host(machine.sandbox, "www-data")
    try:
        host.login("x")
        pid = child_of(host.process)
        before = descriptors(pid)
        for how in (ACCEPTED.hex(), b"hello".hex(), "rude"):
            with in_its_place(machine.sandbox, how):
                for _ in range(20):
                    host.login("x")
            assert descriptors(pid) == before
    finally:
        host.close()


def test_what_needs_no_broker_does_not_wait_for_it(machine):
    """A conversation without a password."""
    with in_its_place(machine.sandbox, "mute"):
        answer = machine.host().login("")
        assert answer.code != SUCCESS and answer.seconds < 0.9, "it was waited for"
    machine.said()
