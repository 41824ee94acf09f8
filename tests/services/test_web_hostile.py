"""What a web server that somebody has taken over can do at its socket of asp-broker, and what anybody can do through
one: nobody is held up, no account is reached without its answers, nothing of them stays."""

import contextlib
import os
import signal

import pytest
from support.account_page import Later
from support.broker import LOGIN, message
from support.memory import holders
from support.passwords import PASSWORD
from support.processes import children, descriptors, has_no_core, lives
from support.self_service import (
    ALICES,
    ASK,
    BOBS,
    COMMAND,
    DONE,
    NO,
    OVER,
    REPLY,
    SAID,
    SAY,
    SelfService,
    fields,
    reply,
)
from support.wait import LONG, seconds_of, wait_until
from support.web_sign_in import HERE, SIGN_IN, serve_web, sign_in, text, web_server

SIGN_INS, OF_AN_ADDRESS, SIGNED_IN = 64, 4, 5
SAID_NO = (False, [])
WRITTEN = message(SAID, b"0\0")
A_COMMAND = message(COMMAND, b"", b"", b"asp-admin\0", b"list\0")
NO_MESSAGE, NO_SIGN_IN = "what the web server says is no message", "this says of nobody that she signs in"
HANGS = "auth required pam_exec.so quiet /etc/asp/hang\nauth required pam_permit.so\n"


@pytest.fixture
def web(own):
    return serve_web(own)


@pytest.fixture
def server(web):
    with web_server(web) as one:
        yield one


def address(number):
    return f"198.51.{number // 250}.{number % 250}"


@pytest.fixture(scope="module", autouse=True)
def two_minutes(request, sandboxes, layer, build):
    """On another machine, while all tests of this file run: a sign-in whose module hangs, and one of who does not answer.
    Gives the machine, and how long the first was let go on and what then became of the other."""
    last = test_a_sign_in_has_two_minutes_whatever_a_module_or_its_user_does
    if all(item.function is not last for item in request.session.items):
        yield None
        return
    with contextlib.closing(SelfService(layer, build)) as machine:
        serve_web(machine.begin(), stack=HANGS)
        machine.sandbox.write("/etc/asp/hang", "#!/bin/sh\ntouch /run/hangs\nexec sleep 150\n", mode="755")
        with web_server(machine) as server:
            hung = server.begin("alice", address(1))
            wait_until(lambda: machine.sandbox.run("test", "-e", "/run/hangs").code == 0, "it does not hang")
            machine.sandbox.write("/etc/pam.d/asp-web", "auth required pam_unix.so\naccount required pam_unix.so\n")
            slow = server.begin("bob", address(2))
            server.asked(slow)
            yield machine, Later(lambda: (seconds_of(lambda: server.ends(hung, 130)), server.ends(slow, 30)))


def why_gone(server, number):
    """She may have been asked before she had to go."""
    kind, found = fields(server.receive(number))
    return server.refused(number) if kind == ASK else found[0].rstrip(b"\0").decode()


# What is no sign-in

WRONG = {
    "a-word": (b"hello", NO_MESSAGE),
    "too-long": (message(SIGN_IN, b"a" * 8190 + b"\0", b""), NO_MESSAGE),
    "far-too-long": (b"asp\x01\x0d\xff" + b"\0" * 60_000, NO_MESSAGE),
    "another-version": (message(SIGN_IN, text("alice"), b"", version=200), "the web server speaks version 200"),
    "a-command": (A_COMMAND, NO_SIGN_IN),
    "a-reply": (reply(ALICES), NO_SIGN_IN),
    "a-login": (message(LOGIN, b"alice\0", b"imap\0", b"", b"", b"secret"), NO_SIGN_IN),
    "nobody": (message(SIGN_IN, b"", b""), NO_SIGN_IN),
    "empty": (message(SIGN_IN, b"\0", b""), NO_SIGN_IN),
    "a-name-without-an-end": (message(SIGN_IN, b"alice", b""), NO_SIGN_IN),
    "two-lines": (message(SIGN_IN, b"a\nb\0", b""), NO_SIGN_IN),
    "a-name-too-long": (message(SIGN_IN, b"a" * 255 + b"\0", b""), NO_SIGN_IN),
    "no-address": (message(SIGN_IN, b"alice\0", b"host\0"), NO_SIGN_IN),
    "a-network": (message(SIGN_IN, b"alice\0", b"192.0.2.0/24\0"), NO_SIGN_IN),
    "one-field": (message(SIGN_IN, b"alice\0"), NO_SIGN_IN),
    "three-fields": (message(SIGN_IN, b"alice\0", b"", b""), NO_SIGN_IN),
}


def test_what_is_no_sign_in_is_refused_with_a_reason(web, server):
    for name, (said, why) in WRONG.items():
        number = server.open()
        server.send(number, said)
        assert server.refused(number).startswith(why), name
    assert not web.serves.sessions(), "no process was begun for it"
    server.signs_in()


def test_who_says_nothing_is_let_go_after_five_seconds(web, server):
    number = server.open()
    assert 4 < seconds_of(lambda: server.refused(number)) < LONG


def test_a_second_sign_in_ends_the_connection(web, server):
    number = server.begin("alice")
    server.asked(number)
    server.send(number, sign_in("bob"))
    assert server.ends(number) == SAID_NO and server.is_closed(number)
    number = server.signs_in("alice", ALICES, address=address(1))
    server.send(number, sign_in("bob"))
    assert server.refused(number) == "this is no command"


def test_a_question_takes_a_reply_and_nothing_else(web, server):
    numbers = []
    for at, said in enumerate((A_COMMAND, WRITTEN, message(REPLY), message(OVER, b"0\0"), b"x", reply("a\0b"))):
        numbers.append(server.begin("alice", address(at)))
        server.asked(numbers[-1])
        server.send(numbers[-1], said)
    for number in numbers:
        assert server.ends(number) == SAID_NO and server.is_closed(number)
    assert web.states() == []


def test_no_command_is_heard_before_she_is_let_in(web, server):
    number = server.open()
    for said in (sign_in("alice"), reply("wrong"), A_COMMAND, reply(ALICES)):
        server.send(number, said)
    server.asked(number)
    assert server.ends(number) == SAID_NO
    assert server.is_closed(number)


def test_in_a_session_what_is_no_command_ends_it(web, server):
    for said, why in (
        (b"x", "what the client says is no message"),
        (message(COMMAND, b"x" * 8200), "what the client says is no message"),
        (reply(ALICES), "this is no command"),
    ):
        number = server.signs_in()
        server.send(number, said)
        assert server.refused(number) == why
    number = server.signs_in()
    server.send(number, message(COMMAND))
    assert server.end(number)[0] == 2, "a line of a command that is none is an error of usage"
    assert server.does(number, "list")[0] == DONE


def test_the_web_server_makes_no_password_for_apps_and_users_that_are_not_hers(web, server):
    number = server.signs_in()
    for words in (
        ("create", "--label", "x", "--app", "sudo", "--new-app"),
        ("create", "--batch"),
        ("export",),
        ("watch",),
        ("log",),
        ("create", "bob", "--label", "x"),
    ):
        code, out, _ = server.does(number, *words)
        assert code != DONE and not PASSWORD.search(out), words
    assert server.does(number, "list")[0] == DONE


# How many


def test_of_seventy_sign_ins_the_oldest_go_and_no_session(web, server):
    session = server.signs_in("bob", BOBS, address=address(999))
    numbers = [server.begin("alice" if at % 2 else f"user{at}", address(at)) for at in range(70)]
    for number in numbers[:6]:
        assert why_gone(server, number).startswith("too many sign in")
    for number in numbers[6:]:
        server.asked(number)
    web.serves.have_sessions(SIGN_INS)
    assert server.does(session, "list")[0] == DONE
    server.send(numbers[69], reply(ALICES))
    assert server.ends(numbers[69]) == (True, [])
    server.leave(*numbers[6:69])
    web.serves.no_sessions()
    assert server.does(numbers[69], "list")[0] == DONE


def test_of_five_sign_ins_from_an_address_the_oldest_goes(web, server):
    numbers = [server.begin(f"user{at}", f"2001:db8::{at}") for at in range(OF_AN_ADDRESS + 1)]
    assert why_gone(server, numbers[0]).startswith("too many sign in from your address")
    for number in numbers[1:]:
        server.asked(number)
    assert server.asked(server.begin("user9", "2001:db8:1::"))[0] == "hidden"
    web.serves.have_sessions(OF_AN_ADDRESS + 1)


def test_nobody_has_to_go_for_who_has_hung_up_before_she_was_looked_at(web, server):
    numbers = [server.begin(f"user{at}") for at in range(OF_AN_ADDRESS)]
    for number in numbers:
        server.asked(number)
    listener = web.serves.listener()
    os.kill(listener, signal.SIGSTOP)
    server.leave(*(server.begin(f"user{at}") for at in range(OF_AN_ADDRESS, 30)))
    os.kill(listener, signal.SIGCONT)
    assert server.asked(server.begin("user30", address(30)))[0] == "hidden"
    web.serves.have_sessions(OF_AN_ADDRESS + 1)
    server.send(numbers[0], reply("wrong"))
    assert server.ends(numbers[0]) == SAID_NO


def test_what_a_module_of_a_sign_in_that_has_to_go_has_started_goes_too(own):
    """pam_exec gives each program a session of its own."""
    serve_web(own, stack=HANGS)
    own.sandbox.write("/etc/asp/hang", "#!/bin/sh\ntouch /run/hangs.$PAM_USER\nsleep 150\n", mode="755")
    with web_server(own) as server:
        first = server.begin("first")
        wait_until(lambda: own.sandbox.run("test", "-e", "/run/hangs.first").code == 0, "it does not hang")
        (sign_in,) = own.serves.sessions()
        below = [sign_in]
        for process in below:
            below += children(process)
        assert len(below) == 3, "the program, and what it runs"
        for at in range(OF_AN_ADDRESS):
            server.begin(f"user{at}")
        assert server.refused(first).startswith("too many sign in from your address")
        wait_until(lambda: not any(lives(process) for process in below), "the program runs on")
        own.serves.have_sessions(OF_AN_ADDRESS)


def test_a_user_is_signed_in_five_times_at_most(web, server):
    numbers = [server.signs_in() for _ in range(SIGNED_IN)]
    number, ended = server.tries("alice", ALICES)
    assert ended.startswith("you are signed in five times")
    assert server.is_closed(number)
    server.leave(numbers[0])
    server.signs_in()
    assert all(server.does(number, "list")[0] == DONE for number in numbers[1:])


def test_three_wrong_answers_from_an_address_make_her_wait_there_alone(web, server):
    users = ("alice", "nobodys")
    for answer in ("wrong", "", "wrong"):
        assert server.try_together(users, answer) == [SAID_NO] * 2
    for user in users:
        number = server.begin(user, HERE)
        assert server.ends(number).startswith("too many wrong answers: wait ")
        assert server.ends(server.begin(user.upper(), HERE)).startswith("too many wrong answers: wait ")
    took = seconds_of(lambda: server.signs_in("alice", ALICES, address=address(1)))
    assert took >= 2, "elsewhere she is only slowed down"
    server.signs_in("bob", BOBS)


def test_who_hangs_up_after_an_answer_has_tried(web, server):
    for _ in range(3):
        number = server.begin("alice")
        server.asked(number)
        server.send(number, reply("wrong"))
        server.leave(number)
        web.serves.no_sessions()
    wait_until(
        lambda: "too many wrong answers" in str(server.tries("alice", "wrong")[1]), "it is no wrong try", interval=1
    )


def test_sixty_changes_in_a_minute_are_the_most(web, server):
    id = web.makes("alice", "Phone")[:2]
    number = server.signs_in()

    def is_told():
        code, _, err = server.does(number, "label", id, "Phone")
        return code == NO and "too many changes in a minute" in err

    wait_until(is_told, "nobody is told of too many changes", interval=0)
    assert server.does(number, "list")[0] == DONE


# How long


def test_who_never_acknowledges_what_a_command_says_holds_up_nobody(web, server):
    number = server.signs_in()
    server.says(number, "list")
    server.told(number)
    assert server.does(server.signs_in("bob", BOBS), "list")[0] == DONE
    web.serves.have_sessions(1)
    server.leave(number)
    web.serves.no_sessions()


def test_at_the_end_of_the_broker_who_is_signed_in_is_told_and_a_change_is_brought_to_its_end(web, server):
    idle, busy, begins = server.signs_in(), server.signs_in("bob", BOBS), server.begin("alice", address(1))
    server.asked(begins)
    server.says(busy, "create", "--label", "Phone", "--quiet")
    server.told(busy)
    with contextlib.ExitStack() as stack:
        stack.callback(web.serves.stop)
        web.serves.signal(15)
        assert server.ends(idle) == server.ends(begins) == "asp-broker ends: sign in again"
        server.send(busy, WRITTEN)
        kind, _ = fields(server.receive(busy))
        assert kind in (OVER, SAY)
    assert web.states("bob") == [("Phone", "active")]


# What stays


def test_nothing_that_she_has_typed_stays_in_memory_and_nobody_looks_in(web, server):
    web.set_primary("alice", "a primary canary")
    assert server.tries("alice", "a wrong canary")[1] == SAID_NO
    assert server.tries("a name that is a wrong canary", "x")[1] == SAID_NO
    number = server.begin("alice")
    server.asked(number)
    (process,) = web.serves.sessions()
    assert has_no_core(process)
    server.send(number, reply("a primary canary"))
    assert server.ends(number) == (True, [])
    web.serves.no_sessions()
    assert holders(web.serves, "primary canary") == holders(web.serves, "wrong canary") == set()
    assert server.does(number, "list")[0] == DONE


def test_no_descriptor_is_left_and_none_is_taken(web, server):
    def held():
        return {pid: len(descriptors(pid)) for pid in web.serves.processes()}

    before = held()
    for _ in range(3):
        number = server.open()
        server.send(number, sign_in("alice"), 200)
        server.asked(number)
        (process,) = web.serves.sessions()
        assert len(descriptors(process)) < 20
        server.send(number, reply(ALICES), 200)
        assert server.ends(number) == (True, [])
        server.does(number, "list")
        server.leave(number)
        web.serves.no_sessions()
    wait_until(lambda: held() == before, "descriptors are left")


def test_a_sign_in_has_two_minutes_whatever_a_module_or_its_user_does(two_minutes):
    machine, later = two_minutes
    seconds, ended = later.result(160)
    assert 100 < seconds < 130
    assert ended == SAID_NO
    machine.serves.no_sessions()
