"""Who may ask asp-broker for what, and what those get who ask for more, say what is no question, or say nothing:
bounded, refused and logged once, while others are answered."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest
from support.broker import LOGIN, OUTCOME, REFUSED, SOCKET, SOON, connections, message
from support.pam_codes import AUTHINFO_UNAVAIL, AUTH_ERR, SUCCESS
from support.passwords import wrong
from support.processes import child_of, descriptors
from support.run import BIN, MORTAL, as_user, ended
from support.self_service import HostileClient
from support.wait import wait_until

CLIENTS = """
broker: { clients = ( { user = "www-data"; services = [ "nginx", "wiki" ]; },
                      { user = "mallory"; services = [ "nginx" ]; } ); };
"""


@pytest.fixture(scope="module")
def enrolled(broker_machine):
    broker_machine.mail = broker_machine.create("alice", "Mail", "--app", "mail")
    broker_machine.wiki = broker_machine.create("alice", "Wiki", "--app", "wiki", "--new-app")
    return broker_machine


@pytest.fixture
def machine(enrolled):
    """With a broker that has said nothing yet: what it says once, it says once."""
    enrolled.sandbox.shell("rm -rf /run/asp /etc/asp").done()
    enrolled.said()
    with enrolled.serving() as broker:
        enrolled.serves = broker
        yield enrolled


# broker.clients


def refused(machine, host, words, expected):
    answer = machine.host(host).login(*words)
    assert (answer.code, answer.environment) == (AUTHINFO_UNAVAIL, {})
    lines = machine.said()
    by_broker = [line for line in lines if line.by == "asp-broker"]
    (own,) = [line for line in lines if line.by != "asp-broker"]
    assert own.word("verdict") == "unavailable"
    assert f"; asp-broker refuses: {expected}" in own.word("cause")
    return by_broker


def test_without_clients_whoever_is_in_the_group_may_ask_for_every_service(machine):
    for host in ("www-data", "proxied"):
        assert machine.host(host).login(machine.phone, "nginx").code == SUCCESS
        assert machine.host(host).login(machine.mail, "imap").code == SUCCESS
        assert [line.word("via") for line in machine.said()] == [host] * 2


def test_a_client_may_ask_for_its_own_services(machine):
    machine.configure(CLIENTS)
    for words in ((machine.phone, "nginx"), (machine.wiki, "wiki")):
        assert machine.host().login(*words).code == SUCCESS
    assert [line.word("service") for line in machine.said()] == ["nginx", "wiki"]


def test_a_client_may_ask_for_no_other_service_and_that_is_logged_once(machine):
    machine.configure(CLIENTS)
    why = "www-data may not ask for the service imap: see broker.clients in asp.conf(5)"
    before = machine.json("list", "alice")
    login = (machine.mail, "imap", "alice", "203.0.113.9")
    (line,) = refused(machine, "www-data", login, why)
    assert (line.severity, line.text) == (5, f'refused: "{why}"')
    for _ in range(3):
        assert refused(machine, "www-data", login, why) == []
    assert machine.json("list", "alice") == before


def test_an_app_in_place_of_the_services_must_be_the_clients_own(machine):
    """The stack of `blog` has app=calendar."""
    machine.configure(CLIENTS.replace('"wiki"', '"blog"'))
    assert machine.host().login(machine.phone, "blog").code == SUCCESS
    machine.said()
    machine.configure(CLIENTS.replace('"nginx", "wiki"', '"apache", "blog"').replace("{ user", "{ user"))
    why = "www-data may not ask for the app calendar: see broker.clients in asp.conf(5)"
    assert len(refused(machine, "www-data", (machine.phone, "blog"), why)) == 1


def test_who_is_in_the_group_and_no_client_may_not_ask(machine):
    machine.configure(CLIENTS)
    why = "proxied is none of broker.clients: put it there, with the services it may ask for"
    (line,) = refused(machine, "proxied", (machine.phone, "nginx"), why)
    assert line.text == f'refused: "{why}"'
    # Each user has a line of his own.
    assert len(refused(machine, "www-data", (machine.mail, "imap"), "www-data may not ask for the service imap")) == 1


def test_who_is_a_client_and_not_in_the_group_does_not_get_in(machine):
    machine.configure(CLIENTS)
    assert machine.host("mallory").login(machine.phone, "nginx").code == AUTHINFO_UNAVAIL
    (line,) = machine.said()
    assert line.by == "nginx:auth" and "may not ask asp-broker: put its user into the group asp" in line.word("cause")


# What is no question


def flood(machine, count, seconds, *said, user="www-data"):
    said = [text.hex() for text in said]
    words = [*MORTAL, *as_user(user), BIN / "flood_client", SOCKET, str(count), str(seconds), *said]
    process = machine.sandbox.start(*words, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "in\n"
    return process


def stop_flood(process):
    """How many connections it has made."""
    os.kill(child_of(process), signal.SIGTERM)
    out, _ = process.communicate()
    return int(out.split()[0])


def result(process):
    """How many connections are open at the end, the seconds until all were closed, and what came back."""
    left, over, *answers = process.stdout.read().splitlines()
    process.wait()
    return int(left.split()[1]), float(over.split()[1]), [bytes.fromhex(answer) for answer in answers]


def question(*fields, **how):
    return message(LOGIN, *fields, **how)


GOOD = (b"alice\0", b"nginx\0", b"", b"192.0.2.7\0", b"secret")
NO_MESSAGE = b"what www-data says is no message"
NO_QUESTION = b"what www-data says is no question"
WRONG = {
    "a-word": (b"hello", NO_MESSAGE),
    "a-request-of-the-web": (b"GET / HTTP/1.1\r\n\r\n", NO_MESSAGE),
    "half-a-question": (question(*GOOD)[:20], NO_MESSAGE),
    "half-a-question-as-if-whole": (question(*GOOD[:3], count=5), NO_MESSAGE),
    "more-than-a-question": (question(*GOOD) + b"\0", NO_MESSAGE),
    "too-long": (question(*GOOD[:4], b"x" * 9000), NO_MESSAGE),
    "far-too-long": (b"asp\x01\x02\x05" + b"\0" * 60_000, NO_MESSAGE),
    "another-version": (
        question(*GOOD, version=5),
        b"www-data speaks version 5 of the messages and not 4: after an upgrade, restart asp-broker and the services",
    ),
    "an-answer": (message(OUTCOME, b"accepted\0", b"calendar\0", b"7k\0", b"Phone\0"), NO_QUESTION),
    "a-refusal": (message(REFUSED, b"no\0"), NO_QUESTION),
    "a-type-that-is-none": (message(99, *GOOD), NO_QUESTION),
    "a-field-too-few": (question(*GOOD[:4]), NO_QUESTION),
    "sixty-four-fields": (question(*GOOD * 13), NO_QUESTION),
    "no-secret": (question(*GOOD[:4], b""), NO_QUESTION),
    "no-user": (question(b"", *GOOD[1:]), NO_QUESTION),
    "a-user-without-an-end": (question(b"alice", *GOOD[1:]), NO_QUESTION),
    "two-users-in-one": (question(b"alice\0bob\0", *GOOD[1:]), NO_QUESTION),
    "a-service-without-an-end": (question(GOOD[0], b"nginx", *GOOD[2:]), NO_QUESTION),
    "a-host-without-an-end": (question(*GOOD[:3], b"192.0.2.7", GOOD[4]), NO_QUESTION),
}


# Each message on a connection of its own; prints the type of what each is answered, -1 for none.
SAY_EACH = """
import json, socket, sys
for said in json.load(sys.stdin):
    broker = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    broker.settimeout(5)
    broker.connect(sys.argv[1])
    broker.send(bytes.fromhex(said))
    answer = broker.recv(9000)
    print(answer[4] if answer else -1)
"""
# Of logins, of users on their own accounts, of web servers and of the password stack.
FIELDS = {
    "a login": [b"alice\0", b"nginx\0", b"", b"192.0.2.7\0", b"a wrong secret"],
    "a command": [b"", b"", b"asp-admin\0", b"revoke\0", b"alice\0", b"--all\0"],
    "another": [b"80\0", b"", b"create\0", b"alice\0", b"--label\0", b"x\0", b"--quiet\0"],
    "a list": [b"", b"", b"list\0", b"alice\0"],
    "a password was set": [b"alice\0", b"directory\0", b"/etc/asp/asp.conf\0", b"none\0"],
    "an answer": [b"0\0", b"alice\0"],
    "nothing": [],
}


def test_whatever_the_group_says_it_is_answered_a_login_and_nothing_else(machine):
    """No type of message, in no version, has it read or change an account: the store stays as it is, to the byte."""
    every = [(version, type, fields) for version in (1, 2, 3, 4) for type in (*range(16), 255) for fields in FIELDS.values()]
    said = [(type, message(type, *fields, version=version)) for version, type, fields in every]
    store = "cd /var/lib/asp && find . | sort && find . -type f -exec sha256sum {} + | sort"
    before = machine.sandbox.shell(store).done().out
    words = (*as_user("www-data"), "/usr/bin/python3", "-c", SAY_EACH, SOCKET)
    run = machine.sandbox.run(*words, input=json.dumps([one.hex() for _, one in said])).done()
    answers = {}
    for (type, _), answered in zip(said, run.out.split(), strict=True):
        answers.setdefault(type, set()).add(int(answered))
    # A login of that version, and what is none.
    assert answers.pop(LOGIN) == {OUTCOME, REFUSED}
    assert set().union(*answers.values()) == {REFUSED}
    assert machine.sandbox.shell(store).done().out == before
    machine.said()


def test_root_is_no_client_and_may_ask_for_every_service(machine):
    machine.configure(CLIENTS)
    said = question(b"alice\0", b"imap\0", b"", b"", machine.mail.encode())
    _, _, (answer,) = result(flood(machine, 1, 5, said, user="root"))
    assert answer == message(OUTCOME, b"accepted\0", b"mail\0", machine.mail[:2].encode() + b"\0", b"Mail\0")
    assert machine.said_one().word("via") == "root"


def test_what_is_no_question_is_refused_with_a_reason_and_logged_once(machine):
    told = []
    for said, expected in WRONG.values():
        left, seconds, answers = result(flood(machine, 1, 5, said))
        assert left == 0 and seconds < SOON, said
        (answer,) = answers
        # A refusal is the same in all versions, and of one that who asks may know.
        version = 4 if said == WRONG["another-version"][0] else 1
        assert answer[:5] == bytes([*b"asp", version, 1]) and answer[10:].startswith(expected), (said, answer)
        told += machine.said()
    assert [(line.severity, line.text) for line in told] == [(5, NO_MESSAGE.decode())]
    assert machine.host().login(machine.phone).code == SUCCESS


def test_what_is_wrong_is_logged_once_for_each_user(machine):
    for user in ("www-data", "proxied", "www-data", "proxied"):
        result(flood(machine, 1, 5, b"hello", user=user))
    assert [line.text for line in machine.said()] == [
        f"what {user} says is no message" for user in ("www-data", "proxied")
    ]


def test_a_question_in_which_nothing_is_as_it_should_be_is_a_refused_login(machine):
    """What is well-formed as a message is judged as a login."""
    said = question(b"\n\xff\0", b"a b\n\0", b"\x1b\0", b"no address\0", b"\0" * 4000)
    _, _, answers = result(flood(machine, 1, 5, said))
    assert answers == [message(OUTCOME, b"no-account\0", b"\0", b"\0", b"\0")]
    assert machine.said_one().text == (
        r'verdict=no-account rhost=- user="\x0a\xff" service="a b\x0a" app=- id=- label=- via="www-data"'
    )


def test_an_app_password_in_the_place_of_a_name_is_in_no_line(machine):
    phone = machine.phone
    forms = [phone, phone.upper(), phone.replace("-", ""), f"{phone}@example.org", phone.replace("-", "\u00a0")]
    for name in [form.encode() + b"\0" for form in forms]:
        result(flood(machine, 1, 5, question(name, name, b"", name, b"secret")))
        line = machine.said_one()
        assert line.text == 'verdict=no-account rhost=- user=- service=- app=- id=- label=- via="www-data"', line
    machine.configure(CLIENTS)
    result(flood(machine, 1, 5, question(b"alice\0", phone.encode() + b"\0", b"", b"", b"secret")))
    why = "www-data may not ask for the service -: see broker.clients in asp.conf(5)"
    assert machine.said_one().text == f'refused: "{why}"'


def test_only_the_first_of_two_questions_is_answered(machine):
    left, _, answers = result(flood(machine, 1, 5, question(*GOOD), question(b"bob\0", *GOOD[1:])))
    assert left == 0 and len(answers) <= 1
    assert machine.said_one().word("user") == "alice"


def test_who_does_not_wait_for_the_answer_harms_nobody(machine):
    process = flood(machine, 0, 2, question(*GOOD))
    assert int(process.stdout.read().split()[0]) > 100
    # A machine that has much else to do is not through with them at once.
    wait_until(lambda: machine.host().login(machine.phone).code == SUCCESS)
    verdicts = {line.word("verdict") for line in machine.said() if "verdict=" in line.text}
    assert {"not-an-app-password", "accepted"} <= verdicts <= {"not-an-app-password", "accepted", "unavailable"}


# Saying nothing


def test_who_says_nothing_is_dropped_after_half_a_second_and_logged_once(machine):
    for _ in range(2):
        left, seconds, answers = result(flood(machine, 1, 5))
        assert (left, answers) == (0, []) and 0.4 < seconds < 2
    (line,) = machine.said()
    assert (line.severity, line.text.split(" ", 2)[2]) == (5, "has connected and said nothing for 500 ms: dropped")


def test_a_thousand_who_say_nothing_keep_nobody_out(machine):
    silent = flood(machine, 1000, 5)
    host = machine.host()
    for _ in range(30):
        answer = host.login(machine.phone)
        assert answer.code == SUCCESS and answer.seconds < SOON
    left, seconds, _ = result(silent)
    assert left == 0 and seconds < 4
    others = [line.text.split(" ", 2)[2] for line in machine.said() if "verdict=" not in line.text]
    assert sorted(others) == sorted(set(others)) and 1 <= len(others) <= 2
    assert set(others) <= {
        "has connected and said nothing for 500 ms: dropped",
        "has many connections that say nothing: the oldest are dropped",
    }


def test_who_goes_on_connecting_keeps_nobody_out(machine):
    crowd = [flood(machine, 0, 120) for _ in range(2)]
    host = machine.host()
    answers = [host.login(machine.phone) for _ in range(40)]
    assert {answer.code for answer in answers} == {SUCCESS}
    assert all(process.poll() is None for process in crowd), "they were gone before"
    assert max(answer.seconds for answer in answers) < SOON
    time.sleep(1)
    assert min(map(stop_flood, crowd)) > 100
    assert len([line for line in machine.said() if "verdict=" not in line.text]) <= 2


# Saying something late


def late(machine, client, stopped):
    """How many of eight who connect, and speak when that worker stands still, get an answer; -1: it took too long."""
    numbers = [client.open() for _ in range(8)]
    queue = "ss -Hxl src /run/asp/broker.sock"
    wait_until(lambda: machine.sandbox.shell(queue).done().out.split()[2] == "0", "they are not let in")
    os.kill(stopped, signal.SIGSTOP)
    try:
        if any(client.send(number, question(*GOOD)) for number in numbers):
            return -1
        return sum(bool(client.receive(number, 2)) for number in numbers)
    finally:
        os.kill(stopped, signal.SIGCONT)
        client.leave(*numbers)


def test_who_has_not_spoken_yet_is_no_workers_own(machine):
    """So he does not wait for one that is at something, while another is free."""
    machine.configure("broker: { workers = 2; };")
    machine.serves.stop()
    with machine.serving() as broker, contextlib.closing(HostileClient(machine.sandbox, "www-data", SOCKET)) as client:
        for worker in broker.workers()[:2]:
            while (answered := late(machine, client, worker)) < 0:
                pass
            assert answered == 8
    machine.said()


def stopped_at(pid, call, log):
    """strace(1), with which that process stops itself at the first such call, as SIGSTOP does."""
    inject = f"inject={call}:signal=SIGSTOP:when=1"
    words = ["strace", "-qq", "-o", log, "-e", f"trace={call}", "-e", inject, "-p", str(pid)]
    process = subprocess.Popen([*MORTAL, *words], stderr=subprocess.DEVNULL)
    wait_until(lambda: "TracerPid:\t0\n" not in pathlib.Path(f"/proc/{pid}/status").read_text(), "it is not traced")
    return ended(process)


def test_who_speaks_a_moment_after_he_has_come_does_not_go_through_the_waiting_room(machine, tmp_path):
    """Most clients do. Where he speaks, the worker has found nothing said and waits, and nobody else is awake."""
    machine.configure("broker: { workers = 1; };")
    machine.serves.stop()
    log = tmp_path / "calls"
    with machine.serving() as broker, contextlib.closing(HostileClient(machine.sandbox, "www-data", SOCKET)) as client:
        login, *others = broker.workers()
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        with stopped_at(login, "ppoll", log):
            number = client.open()
            wait_until(lambda: log.exists() and "stopped by SIGSTOP" in log.read_text(), "the worker does not wait")
            assert client.send(number, question(*GOOD)) == 0
            os.kill(login, signal.SIGCONT)
            assert client.receive(number, 10)
        for pid in others:
            os.kill(pid, signal.SIGCONT)
    machine.said()


# Many logins


def waiting(machine, broker, count, seconds, words):
    """Logins of proxied's that come at once, each with a slow hash, and behind them one of www-data's."""
    for pid in broker.workers():
        os.kill(pid, signal.SIGSTOP)
    said = question(b"alice\0", b"nginx\0", b"", b"192.0.2.7\0", words[0].encode())
    crowd = flood(machine, count, seconds, said, user="proxied")
    wait_until(lambda: connections(machine.sandbox) == count, "they are not all in the queue")
    time.sleep(0.5)  # from the last connection to the last question it takes a few milliseconds
    machine.host().begin(words)
    wait_until(lambda: connections(machine.sandbox) == count + 1, "the host does not connect")
    time.sleep(0.2)
    for pid in broker.workers():
        os.kill(pid, signal.SIGCONT)
    return crowd


def with_one_slow_worker(machine):
    machine.configure("broker: { workers = 1; };", 'hash: { scheme = "argon2id"; };')
    machine.serves.stop()
    slow = machine.create("alice", "Slow", "--app", "calendar")
    machine.said()
    return slow


def test_who_comes_with_many_slow_logins_holds_up_nobody_else(machine):
    """Counted is whose turn it is, on the one worker that there is."""
    slow = with_one_slow_worker(machine)
    with machine.serving() as broker:
        crowd = waiting(machine, broker, 60, 60, (slow, "nginx"))
        (answer,) = machine.host().answers()
        assert answer.code == SUCCESS
        left, _, answers = result(crowd)
        assert (left, len(answers)) == (0, 60)
    order = [line.word("via") for line in machine.said() if line.word("verdict") == "accepted"]
    assert len(order) == 61 and order.index("www-data") < 5, order
    machine.asp_admin("revoke", "alice", "--label", "Slow").done()


def test_no_login_waits_for_a_hash_that_is_slow(machine):
    """Also where there is one worker."""
    machine.configure("broker: { workers = 1; };", 'hash: { scheme = "argon2id"; memory = 65536; passes = 10; };')
    machine.serves.stop()
    slow = machine.create("alice", "Slow", "--app", "calendar")
    machine.said()
    with machine.serving():
        machine.host("proxied").begin((slow,))
        wait_until(lambda: connections(machine.sandbox) == 1, "the host does not connect")
        time.sleep(0.1)
        assert machine.host().login(machine.phone).code == SUCCESS
        # On a machine that has much else to do, its own client may not wait for it to the end.
        machine.host("proxied").answers()
    assert [line.word("via") for line in machine.said() if line.by == "asp-broker"][0] == "www-data"
    machine.asp_admin("revoke", "alice", "--label", "Slow").done()


def test_who_has_more_logins_waiting_than_can_be_decided_is_refused_some_and_nobody_else(machine):
    slow = with_one_slow_worker(machine)
    with machine.serving() as broker:
        crowd = waiting(machine, broker, 700, 12, (slow, "nginx"))
        (answer,) = machine.host().answers()
        assert answer.code == SUCCESS
        result(crowd)
    told = [line for line in machine.said() if not line.text.startswith("verdict=")]
    assert [line.text.split(" ", 2)[2] for line in told] == [
        "has more logins waiting than can be decided: some are refused"
    ]
    machine.asp_admin("revoke", "alice", "--label", "Slow").done()


def test_bad_clients_neither_end_a_worker_nor_cost_it_descriptors(machine):
    machine.configure("broker: { workers = 1; };")
    machine.serves.stop()
    with machine.serving() as broker:

        def held():
            return {pid: descriptors(pid) for pid in broker.workers()}

        # With what the log takes of each that has a line to say.
        for said in ((question(*GOOD),), ()):
            result(flood(machine, 1, 5, *said))
        before = held()
        for said in ((), (b"hello",), (question(*GOOD),)):
            result(flood(machine, 200, 5, *said))
        wait_until(lambda: held() == before, "descriptors stay open, or the worker is another one")
    machine.said()


def test_a_wrong_secret_is_guessed_as_fast_as_elsewhere_and_locks_nobody_out(machine):
    host = machine.host()
    for _ in range(50):
        assert host.login(wrong(machine.phone)).code == AUTH_ERR
    assert host.login(machine.phone).code == SUCCESS
    machine.said()
