"""What a hostile user of this machine can do at the users' socket of asp-broker is bounded: nobody is held up or kept
out, nobody else's account is reached, nothing of a password stays in memory."""

import contextlib
import os
import re
import signal
import statistics
import subprocess

import pytest
from support.broker import LOGIN, message
from support.pam_codes import SUCCESS
from support.passwords import PASSWORD
from support.memory import holders
from support.processes import descendant, descriptors, has_no_core
from support.run import BIN, MORTAL, as_user
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
    SELF,
    STORE,
    command,
    fields,
    reply,
)
from support.wait import comes_true, seconds_of, wait_until

SESSIONS, SESSIONS_EACH = 64, 3


@pytest.fixture(scope="module")
def self_service(self_service):
    """With more users than may be served at a time."""
    self_service.sandbox.shell("for i in {1..22}; do useradd --uid $((3000 + i)) user$i; done").done()
    return self_service


@pytest.fixture
def mallory(own):
    with own.hostile_client("mallory") as one:
        yield one


@pytest.fixture
def alice(own):
    with own.hostile_client("alice") as one:
        yield one


def serves(own):
    """She is served, as ever."""
    assert own.run("alice", "list").code == DONE


# What is no conversation


GOOD = [b"", b"", b"asp-admin\0", b"list\0"]
NO_MESSAGE, NO_COMMAND = "what the client says is no message", "this is no command"
WRONG = {
    "a-word": (b"hello", NO_MESSAGE),
    "half-a-command": (message(COMMAND, *GOOD)[:12], NO_MESSAGE),
    "fewer-fields-than-it-says": (message(COMMAND, *GOOD, count=9), NO_MESSAGE),
    "more-fields-than-it-says": (message(COMMAND, *GOOD, count=2), NO_MESSAGE),
    "too-long": (message(COMMAND, *GOOD[:3], b"x" * 8200 + b"\0"), NO_MESSAGE),
    "far-too-long": (b"asp\x01\x04\xff" + b"\0" * 60_000, NO_MESSAGE),
    "another-version": (message(COMMAND, *GOOD, version=5), "the client speaks version 5 of the messages and not 4"),
    "an-answer": (message(SAID, b"0\0"), NO_COMMAND),
    "a-reply": (reply(ALICES), NO_COMMAND),
    "an-order": (message(SAY, b"out\0", b"x"), NO_COMMAND),
    "a-login": (message(LOGIN, b"alice\0", b"imap\0", b"", b"", b"secret"), NO_COMMAND),
    "a-type-that-is-none": (message(200, *GOOD), NO_COMMAND),
}
USAGE_WRONG = {
    "no-word": message(COMMAND, b"", b""),
    "nothing": message(COMMAND),
    "no-command": message(COMMAND, b"", b"", b"asp-admin\0"),
    "a-word-that-is-missing": message(COMMAND, b"", b"", b"asp-admin\0", b"", b"list\0"),
    "a-word-without-an-end": message(COMMAND, b"", b"", b"asp-admin\0", b"list"),
    "two-words-in-one": message(COMMAND, b"", b"", b"asp-admin\0", b"list\0bob\0"),
    "255-fields": message(COMMAND, *[b"x\0"] * 255),
    "an-unknown-command": message(COMMAND, b"", b"", b"asp-admin\0", b"\x1b[31m\xff\0"),
}


def test_what_is_no_command_is_refused_with_a_reason(own, mallory):
    for said, why in WRONG.values():
        number = mallory.open()
        mallory.send(number, said)
        assert mallory.refused(number).startswith(why), said[:40]
        own.serves.no_sessions()
    serves(own)


def test_what_is_no_line_of_a_command_is_an_error_of_usage(own, mallory):
    for name, said in USAGE_WRONG.items():
        number = mallory.open()
        assert mallory.send(number, said) == 0
        code, out, err = mallory.end(number)
        assert (code, out) == (2, ""), name
        assert err == "" or re.fullmatch(r"asp-admin: [ -~]+\n", err), (name, err)
        own.serves.no_sessions()


def test_numbers_that_are_none_do_no_harm(own, mallory):
    for width in (b"0\0", b"-1\0", b"99999999999999\0", b"1e9\0", b"\xff\0", b"80"):
        number = mallory.open()
        mallory.send(number, message(COMMAND, width, b"x\0", *GOOD[2:]))
        code, out, _ = mallory.end(number)
        assert code == DONE and "no app passwords" in out
        own.serves.no_sessions()
    for answer in (
        message(SAID),
        message(SAID, b""),
        message(SAID, b"x\0"),
        message(SAID, b"-5\0"),
        message(ASK, b"0\0"),
        b"x",
    ):
        number = mallory.begin("list")
        assert mallory.told(number)[0] == "out"
        mallory.send(number, answer)
        assert mallory.told(number)[1].startswith("asp-admin: standard output cannot be written")
        mallory.leave(number)
        own.serves.no_sessions()


def test_descriptors_that_are_sent_along_go_nowhere(own, mallory):
    def held():
        return {pid: descriptors(pid) for pid in own.serves.processes()}

    before = held()
    number = mallory.open()
    assert mallory.send(number, command("create", "--label", "x"), 200) == 0
    mallory.asked(number)
    (session,) = own.serves.sessions()
    count = len(descriptors(session))
    assert mallory.send(number, message(REPLY, b""), 200) == 0
    mallory.told(number)
    assert len(descriptors(session)) < count + 5 < 20
    mallory.leave(number)
    for _ in range(10):
        number = mallory.open()
        mallory.send(number, b"x", 250)
        mallory.leave(number)
    own.serves.no_sessions()
    assert held() == before


# Whose account


def test_the_one_who_has_connected_is_the_user_whatever_is_said(own, mallory):
    own.makes("alice", "Phone")
    own.sandbox.run("chpasswd", input="mallory:hers\n").done()
    before = own.json("list", "alice", "--all")
    for words in (
        ("list", "alice"),
        ("revoke", "alice", "--all"),
        ("create", "alice", "--label", "x"),
        ("remove", "alice"),
    ):
        number = mallory.begin(*words)
        code, out, err = mallory.end(number)
        assert code == STORE and out == "" and ("you are mallory" in err or "is for root" in err)
        own.serves.no_sessions()
    number = mallory.begin("create", "--label", "x", "--quiet")
    mallory.answer(number, "hers")
    assert mallory.end(number)[0] == DONE
    assert own.json("list", "alice", "--all") == before
    assert own.states("mallory") == [("x", "active")]


def test_a_configuration_that_the_client_names_is_not_read(own, mallory):
    text = 'store = "/run/elsewhere";\nlimit = 1;\nself_service: { enabled = false; };\n'
    own.sandbox.write("/run/mallory.conf", text)
    for words in (("--config", "/run/mallory.conf", "list"), ("list", "--config", "/no/such/file")):
        number = mallory.begin(*words)
        assert mallory.end(number) == (DONE, "no app passwords\n", "")


def test_who_connects_and_then_becomes_another_stays_who_it_was(own):
    """As a process that connects and then executes su, which keeps its number and its descriptors. The answer of the
    first holds for neither of them there."""
    own.makes("alice", "Phone")
    alices, bobs = own.uid("alice"), own.uid("bob")
    with own.hostile_client() as one:
        first = one.open(bobs, bobs)
        one.ask("become", alices)
        one.send(first, command("create", "--label", "x", "--quiet"))
        one.answer(first, ALICES)
        code, out, _ = one.end(first)
        assert (code, out) == (NO, ""), "bob's password is asked for"
        one.send(first + 1, command("create", "--label", "x", "--quiet"))
        one.answer(first + 1, BOBS)
        code, out, _ = one.end(first + 1)
        assert code == DONE and PASSWORD.match(out)
        number = one.begin("create", "--label", "y")
        assert one.asked(number)[0] == "hidden"
    assert own.states() == [("Phone", "active")]
    assert own.states("bob") == [("x", "active")]


def test_an_answer_is_remembered_for_no_process_that_has_become_another(own):
    """bob connects and becomes root before the broker looks at the process."""
    bobs, listener = own.uid("bob"), own.serves.listener()
    with own.hostile_client() as one:
        for label in ("one", "two"):
            os.kill(listener, signal.SIGSTOP)
            number = one.open(bobs)
            one.send(number, command("create", "--label", label, "--quiet"))
            os.kill(listener, signal.SIGCONT)
            one.answer(number, BOBS)
            assert one.end(number)[0] == DONE
    assert own.states("bob") == [("one", "active"), ("two", "active")]


# What is answered


def test_a_reply_before_the_question_is_the_answer_to_it(own, alice):
    number = alice.open()
    for said in (command("create", "--label", "x", "--quiet"), reply("wrong"), reply(ALICES)):
        assert alice.send(number, said) == 0
    assert fields(alice.receive(number))[0] == ASK
    kind, found = fields(alice.receive(number))
    assert kind == SAY and b"Authentication failure" in found[1]
    assert own.states() == []


def test_each_question_takes_one_answer_and_nothing_else(own, alice):
    none = (message(SAID, b"0\0"), message(REPLY, b"x"), message(REPLY), command("list"), b"x", message(OVER, b"0\0"))
    for said in none:
        number = alice.begin("create", "--label", "x")
        alice.asked(number)
        alice.send(number, said)
        assert alice.end(number)[:2] == (NO, "")
        own.serves.no_sessions()
    serves(own)


def test_an_answer_is_never_cut_to_the_right_one(own, alice):
    """With a NUL behind it, and longer than libpam takes: what is cut would be the password."""
    longest = "x" * 511
    hash = own.sandbox.run("perl", "-e", "print crypt(<STDIN>, q($6$salt))", input=longest).done().out
    for primary, wrong in (
        (ALICES, [ALICES + "\0", ALICES + "\0more", "\0" + ALICES, ALICES + "\n"]),
        (longest, [longest + "x", longest + "xx", longest + "x" * 7400]),
    ):
        if primary == longest:
            own.sandbox.run("usermod", "--password", hash, "alice").done()
        for text in wrong:
            own.again()
            number = alice.begin("create", "--label", "x")
            alice.asked(number)
            alice.send(number, reply(text))
            assert alice.end(number)[:2] == (NO, ""), len(text)
        own.again()
        number = alice.begin("create", "--label", f"of {len(primary)}")
        alice.answer(number, primary)
        assert alice.end(number)[0] == DONE


# Who is kept out


def open_conversations(client, uids, each=SESSIONS_EACH):
    """All of them waiting for an answer."""
    first = client.open(*[uid for uid in uids for _ in range(each)])
    numbers = range(first, first + len(uids) * each)
    for number in numbers:
        client.send(number, command("create", "--label", "x"))
    for number in numbers:
        client.asked(number)
    return numbers


def test_three_conversations_of_one_user_are_the_most_and_keep_out_no_other(own, alice):
    with own.hostile_client("bob") as bob:
        numbers = [alice.begin("create", "--label", "x") for _ in range(SESSIONS_EACH)]
        for number in numbers:
            alice.asked(number)
        number = alice.begin("list")
        assert alice.refused(number) == "you have three commands running: end one first"
        run = own.run("alice", "list")
        assert (run.code, run.err) == (
            STORE,
            "asp-admin: asp-broker refuses: you have three commands running: end one first\n",
        )
        assert bob.end(bob.begin("list"))[0] == DONE
        own.serves.have_sessions(SESSIONS_EACH)
        alice.leave(numbers[0])
        own.serves.have_sessions(SESSIONS_EACH - 1)
        assert own.run("alice", "list").code == DONE


def test_sixty_four_conversations_are_the_most(own):
    with own.hostile_client() as crowd:
        uids = range(3001, 3023)
        open_conversations(crowd, uids[:21])
        open_conversations(crowd, uids[21:], each=1)
        own.serves.have_sessions(SESSIONS)
        run = own.run("alice", "list")
        assert (run.code, run.err) == (
            STORE,
            "asp-admin: asp-broker refuses: too many users are at it: try again in a moment\n",
        )
    own.serves.no_sessions()
    serves(own)


def test_a_user_begins_so_many_commands_in_a_second(own, alice):
    """A machine that is busy may need more than a second for as many, for a while."""

    def is_told():
        number = alice.begin("list")
        kind, found = fields(alice.receive(number))
        alice.leave(number)
        return found[0] == b"too many commands in a second: try again in a moment\0"

    wait_until(is_told, "nobody is told of too many commands", seconds=60, interval=0)
    own.makes("bob", "Phone")


def test_uids_without_an_account_take_no_place_and_make_no_guess_forgotten(own, alice):
    """Such as the 65,536 that newuidmap(1) lends to one person."""
    for _ in range(3):
        number = alice.begin("create", "--label", "x")
        alice.answer(number, "wrong")
        assert alice.end(number)[0] == NO
        own.serves.no_sessions()
    with own.hostile_client() as crowd:
        first = crowd.open(*range(100_000, 100_300))
        serves(own)
        for number in range(first, first + 300):
            assert "the system does not know who you are" in crowd.refused(number)
        code, _, err = alice.end(alice.begin("create", "--label", "x"))
        assert code == NO and "too many wrong answers: wait" in err


@contextlib.contextmanager
def flood(own, user):
    """Three that go on connecting with a command, and do not wait for an answer."""
    words = [*as_user(user), *MORTAL, BIN / "flood_client", SELF, "0", "60", command("list").hex()]
    crowd = [own.sandbox.start(*words, stdout=subprocess.PIPE) for _ in range(3)]
    try:
        assert [process.stdout.readline() for process in crowd] == ["in\n"] * 3
        yield
        assert all(process.poll() is None for process in crowd), "they were gone before"
    finally:
        for process in crowd:
            process.kill()
            process.communicate()


def test_who_goes_on_connecting_keeps_nobody_out_and_does_not_hold_up_the_end(own):
    with flood(own, "mallory"):
        for _ in range(5):
            assert seconds_of(lambda: serves(own)) < 5
        own.serves.stop()
    assert not any("killed" in line.text for line in own.said()), "workers that did not end were killed"


def test_no_conversation_holds_up_a_login(own):
    password = own.create("alice", "Phone", "--app", "calendar")
    host = own.host()

    def login():
        answer = host.login(password)
        assert answer.code == SUCCESS
        return answer.seconds

    def median():
        return statistics.median(login() for _ in range(40))

    login()
    without = median()
    with own.hostile_client() as crowd:
        open_conversations(crowd, range(3001, 3021))
        own.serves.have_sessions(20 * SESSIONS_EACH)
        # The machine may have been busy with something else: then not all tries take long.
        assert comes_true(lambda: median() < 2 * without + 0.002)
        own.serves.have_sessions(20 * SESSIONS_EACH)
    own.said()


# Memory


def test_nothing_of_the_primary_password_stays_in_memory(own, alice):
    """Looked for while the new password waits to be written, which is still there, and when all is over."""
    primary, wrong = "a primary canary", "a wrong canary"
    own.sandbox.run("chpasswd", input=f"alice:{primary}\n").done()
    number = alice.begin("create", "--label", "x", "--quiet")
    alice.answer(number, wrong)
    alice.end(number)
    own.serves.no_sessions()
    assert holders(own.serves, wrong) == set()
    number = alice.begin("create", "--label", "x", "--quiet")
    alice.answer(number, primary)
    _, shown = alice.told(number)
    (session,) = own.serves.sessions()
    assert holders(own.serves, shown.strip()) == {session}, "what is there is found"
    assert holders(own.serves, primary) == set()
    assert holders(own.serves, primary[2:]) == set()
    alice.send(number, message(SAID, b"0\0"))
    assert alice.end(number)[0] == DONE
    own.serves.no_sessions()
    assert holders(own.serves, shown.strip()) == holders(own.serves, primary) == set()


def test_logins_come_before_what_a_user_may_ask_for_without_an_answer(own, alice):
    """A hash of argon2id, say, in as many sessions as she may have."""
    usual = os.getpriority(os.PRIO_PROCESS, own.serves.pid)
    for words, nice in ((("check", "--service", "imap"), 10), (("create", "--label", "x"), usual)):
        number = alice.begin(*words)
        alice.asked(number)
        (session,) = own.serves.sessions()
        assert os.getpriority(os.PRIO_PROCESS, session) == nice
        alice.leave(number)
        own.serves.no_sessions()
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in own.serves.processes()} == {usual}


def test_an_app_password_that_was_checked_does_not_stay_in_memory(own, alice):
    password = own.makes("alice", "Phone")
    number = alice.begin("check", "--service", "imap")
    alice.answer(number, password)
    alice.told(number)
    own.serves.have_sessions(1)
    assert holders(own.serves, password) == set()


def test_no_core_can_be_had_and_nobody_looks_in(own):
    """A broker of alice's own, into which she may not look herself; nor leaves it a core."""
    own.sandbox.shell(
        "install -d -o alice -m 700 /run/alice/asp; install -o alice -m 644 /dev/stdin /run/alice/own.conf",
        input='store = "/run/alice/asp/store";\nbroker: { socket = "/run/alice/asp/broker"; };\n'
        'self_service: { socket = "/run/alice/asp/self"; };\n',
    ).done()
    prefix = ("prlimit", "--core=unlimited", *as_user("alice"))
    broker = own.serve("--config", "/run/alice/own.conf", prefix=prefix, socket="/run/alice/asp/broker")
    try:
        wait_until(lambda: own.listens("/run/alice/asp/self"), "it does not listen")
        with own.hostile_client("alice", path="/run/alice/asp/self") as alice:
            number = alice.begin("create", "--label", "x")
            alice.asked(number)
            found = [*broker.processes(), *broker.sessions()]
            # the keeper, those that answer logins, slow ones and questions, who waits, and the door with a session
            assert len(found) == 1 + 8 + 4 + 2 + 1 + 1 + 1
            for pid in found:
                # Whose the process is, and whose what can be seen of it.
                owners = [os.stat(f"/proc/{pid}{what}").st_uid for what in ("", "/environ", "/mem")]
                assert owners == [own.uid("alice"), 0, 0]
                assert has_no_core(pid)
            other = descendant(alice.process.pid, "hostile_client")
            assert os.stat(f"/proc/{other}/environ").st_uid == own.uid("alice"), "others can be seen"
    finally:
        broker.close()
